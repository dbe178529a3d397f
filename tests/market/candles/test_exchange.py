"""Bars from an exchange through the real ccxt, over real HTTP, including failures."""

import json
from email.utils import format_datetime
from pathlib import Path

import numpy as np
import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import Source, load, parse_utc
from skills_lib.market.candles.cache import CacheKey, CandleCache
from skills_lib.market.candles.series import cut
from skills_lib.market.candles.spans import to_ns
from skills_lib.settings import Settings
from tests.market.candles.local_venue import RESTRICTED, Fault, LocalVenue, span
from tests.market.conftest import BTC, ask

KEY = CacheKey("binance", BTC, Timeframe.H1)


def starts(venue: LocalVenue) -> list[int]:
    """Start of each requested page, in milliseconds."""
    return [int(query["startTime"]) for query in venue.kline_requests()]


def test_a_year_arrives_page_by_page_and_equals_the_venue(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    message: list[tuple[int, int, str]] = []
    found = load(ask("2024-01-01", "2025-01-01"), settings, lambda *news: message.append(news))
    assert found.bars.digest() == year.digest()
    assert found.origin.source == "exchange"
    assert found.origin.detail.startswith("binance, fetched ")
    assert not found.origin.synthetic
    assert len(starts(venue)) == 9
    assert [done for done, _, _ in message] == [*range(1_000, 9_000, 1_000), 8_784]
    assert {total for _, total, _ in message} == {8_784}


def test_what_is_cached_is_not_fetched_again(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    load(ask("2024-03-01", "2024-04-01"), settings)
    venue.requested.clear()
    again = load(ask("2024-03-05", "2024-03-20"), settings)
    assert venue.requested == []
    assert again.origin.source == "cache"
    assert again.bars.digest() == cut(year, span("2024-03-05", "2024-03-20")).digest()


def test_only_the_missing_head_and_tail_are_fetched(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    load(ask("2024-03-01", "2024-04-01"), settings)
    venue.requested.clear()
    found = load(ask("2024-02-20", "2024-04-10"), settings)
    assert starts(venue) == [to_ns(parse_utc(day)) // 1_000_000 for day in ("2024-02-20", "2024-04-01")]
    assert found.bars.digest() == cut(year, span("2024-02-20", "2024-04-10")).digest()
    assert "456 new bars, 744 from the cache" in found.origin.detail


def test_the_bar_that_is_still_open_is_not_stored(venue: LocalVenue, settings: Settings) -> None:
    venue.date = format_datetime(parse_utc("2024-01-02T10:30"), usegmt=True)
    venue.bars = cut(venue.bars, span("2024-01-01", "2024-01-02T11:00"))
    found = load(ask("2024-01-01", None), settings)
    assert found.bars.open_time_ns[-1] == to_ns(parse_utc("2024-01-02T09:00"))
    cached = CandleCache(settings.candles_dir).read(KEY)
    assert cached is not None
    assert cached.known[-1].end_ns == to_ns(parse_utc("2024-01-02T10:00"))


def test_a_late_bar_is_requested_again(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    venue.date = format_datetime(parse_utc("2024-01-02T10:30"), usegmt=True)
    venue.bars = cut(year, span("2024-01-01", "2024-01-02T08:00"))
    assert len(load(ask("2024-01-01", "2024-01-02T10:00"), settings).bars) == 32
    venue.bars = year
    assert len(load(ask("2024-01-01", "2024-01-02T10:00"), settings).bars) == 34


def test_an_hour_without_bars_stays_a_gap_and_is_reported(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    stored = np.delete(np.arange(len(year)), np.arange(100, 104))
    venue.bars = Bars(
        *(getattr(year, c)[stored] for c in ("open_time_ns", "open", "high", "low", "close", "volume")),
        year.interval_ns,
    )
    found = load(ask("2024-01-01", "2024-02-01"), settings)
    assert (found.quality.gaps, found.quality.missing_bars, len(found.bars)) == (1, 4, 31 * 24 - 4)
    venue.requested.clear()
    load(ask("2024-01-01", "2024-02-01"), settings)
    assert venue.requested == []


def test_a_span_that_begins_before_the_listing_begins_with_the_listing(venue: LocalVenue, settings: Settings) -> None:
    found = load(ask("2019-01-01", "2024-01-03"), settings)
    assert len(found.bars) == 48
    venue.requested.clear()
    load(ask("2020-01-01", "2024-01-03"), settings)
    assert venue.requested == []


def test_a_delisted_instrument_ends_without_paging(venue: LocalVenue, settings: Settings) -> None:
    found = load(ask("2024-12-01", "2026-06-01"), settings)
    assert len(found.bars) == 31 * 24
    assert len(starts(venue)) <= 4


def test_a_span_without_a_single_bar_is_an_input_error(venue: LocalVenue, settings: Settings) -> None:
    with pytest.raises(InputError, match=r"has no BTCUSDT 1h .* Change `since` or `until`"):
        load(ask("2025-03-01", "2025-04-01"), settings)


def test_overlapping_pages_give_each_bar_once(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    venue.overlap_bars = 7
    assert (
        load(ask("2024-01-01", "2024-06-01"), settings).bars.digest()
        == cut(year, span("2024-01-01", "2024-06-01")).digest()
    )


def test_an_empty_page_in_the_middle_is_requested_again(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    venue.faults.extend([None, Fault(body=b"[]")])
    assert len(load(ask("2024-01-01", "2025-01-01"), settings).bars) == len(year)


PASSING = {
    "429 with Retry-After": Fault(429, b'{"code":-1003,"msg":"Too many requests."}', {"Retry-After": "0"}),
    "503 with HTML": Fault(503, b"<html><body><h1>Service Unavailable</h1></body></html>"),
    "502 with nothing": Fault(502, b""),
    "connection cut in mid-body": Fault(200, b"[" + b"[1704067200000]" * 50 + b"]", cut=True),
    "HTML where JSON belongs": Fault(200, b"<html>maintenance</html>"),
    "an object where a list belongs": Fault(200, b'{"hello": "world"}'),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_transient_faults_are_retried_and_no_bar_is_missing(
    venue: LocalVenue, settings: Settings, year: Bars, fault: Fault
) -> None:
    venue.faults.extend([None, fault, None, fault])
    found = load(ask("2024-01-01", "2025-01-01"), settings)
    assert found.bars.digest() == year.digest()
    assert len(starts(venue)) == 9 + 2


def test_a_request_without_a_response_times_out_and_is_retried(venue: LocalVenue, settings: Settings) -> None:
    impatient = settings.model_copy(update={"http_timeout_s": 0.2})
    venue.faults.append(Fault(hang=True))
    assert len(load(ask("2024-01-01", "2024-01-05"), impatient).bars) == 96
    assert len(starts(venue)) == 2


def test_a_permanent_fault_is_one_line_and_downloaded_pages_stay(venue: LocalVenue, settings: Settings) -> None:
    down = Fault(503, b"<html><body><h1>Service Unavailable</h1></body></html>")
    venue.faults.extend([None, None, down, down, down])
    with pytest.raises(SourceUnavailableError, match="Try again later") as refused:
        load(ask("2024-01-01", "2025-01-01"), settings)
    assert "<" not in str(refused.value)
    assert "\n" not in str(refused.value)
    requested = len(starts(venue))
    assert len(load(ask("2024-01-01", "2025-01-01"), settings).bars) == 8_784
    assert starts(venue)[requested] == to_ns(parse_utc("2024-01-01")) // 1_000_000 + 2_000 * 3_600_000


def test_a_blocked_country_names_alternatives_and_is_not_retried(venue: LocalVenue, settings: Settings) -> None:
    venue.info_fault = Fault(451, json.dumps(RESTRICTED).encode())
    with pytest.raises(SourceUnavailableError, match=r"451.*`source=archive`.*kraken.*data import"):
        load(ask("2024-01-01", "2024-02-01"), settings)
    assert len(venue.requested) == 1


def test_a_ban_is_not_answered_with_more_requests(venue: LocalVenue, settings: Settings) -> None:
    venue.faults.append(Fault(418, b'{"code":-1003,"msg":"Way too many requests; IP banned."}', {"Retry-After": "180"}))
    with pytest.raises(SourceUnavailableError, match=r"banned this address for 180 s"):
        load(ask("2024-01-01", "2024-02-01"), settings)
    assert len(starts(venue)) == 1


def test_an_unknown_symbol_suggests_one_that_is_listed(venue: LocalVenue, settings: Settings) -> None:
    with pytest.raises(InputError, match=r"does not list ETJ/USDT\. Did you mean 'ETH/USDT'\?"):
        load(ask("2024-01-01", "2024-02-01", instrument=Instrument("ETJ")), settings)


def test_an_unknown_exchange_suggests_one_of_ccxt(settings: Settings) -> None:
    with pytest.raises(InputError, match=r"Unknown exchange 'krakn'\. Did you mean 'kraken'\?"):
        load(ask("2024-01-01", "2024-02-01", exchange="krakn"), settings)


def test_a_timeframe_the_exchange_lacks_names_those_it_has(venue: LocalVenue, settings: Settings) -> None:
    from skills_lib.market.candles.exchange_client import ExchangeClient

    kraken = ExchangeClient("kraken", settings)
    with pytest.raises(InputError, match=r"kraken has no 3m bars\. It offers 1m, 5m"):
        kraken._require_timeframe(Timeframe.M3)


def test_without_a_network_the_answer_comes_after_one_try(offline: Settings) -> None:
    with pytest.raises(SourceUnavailableError, match="no network"):
        load(ask("2024-01-01", "2024-02-01"), offline)


def test_a_closed_port_counts_as_no_network(tmp_path: Path, venue: LocalVenue, settings: Settings) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SourceUnavailableError, match="no network"):
            load(ask("2024-01-01", "2024-02-01"), settings.model_copy(update={"exchange_url": nobody}))


@pytest.mark.parametrize("source", [Source.EXCHANGE, Source.ARCHIVE])
def test_a_requested_source_has_no_fallback(offline: Settings, source: Source) -> None:
    with pytest.raises(SourceUnavailableError, match="did not answer"):
        load(ask("2024-01-01", "2024-02-01", source), offline)
