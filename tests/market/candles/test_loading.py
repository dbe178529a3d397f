"""AUTO uses the first source that has the bars, and reports it and the failures of earlier ones."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError, SourceUnavailableError, TwokeyError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import Source, load, parse_utc
from skills_lib.market.candles import fetch as fetch_candles
from skills_lib.market.candles.cache import Cached, CacheKey, CandleCache
from skills_lib.market.candles.importing import import_file
from skills_lib.market.candles.series import cut
from skills_lib.market.candles.spans import DEFAULT_BARS, requested_span, show, to_ns
from skills_lib.settings import Settings
from tests.market.candles.local_venue import RESTRICTED, Fault, LocalVenue, months, span
from tests.market.conftest import BTC, ask

KEY = CacheKey("binance", BTC, Timeframe.H1)
JANUARY = span("2024-01-01", "2024-02-01")


def store(settings: Settings, bars: Bars, age: timedelta) -> None:
    """Put bars into the cache as if they had been fetched `age` ago."""
    cache = CandleCache(settings.candles_dir)
    known = (span("2024-01-01", show(int(bars.open_time_ns[-1]) + bars.interval_ns)),)
    cache._write(KEY, Cached(bars, known, (datetime.now(UTC) - age).replace(microsecond=0), "binance exchange"))


def write_csv(path: Path, bars: Bars) -> Path:
    """A candle file as downloaded by a user."""
    frame = bars.to_frame().rename(columns=str.lower)
    frame.to_csv(path)
    return path


def test_a_recent_cache_is_used_without_fetching(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    store(settings, year, timedelta(hours=23))
    found = load(ask("2024-01-01", None, Source.AUTO), settings)
    assert venue.requested == []
    assert found.bars.digest() == year.digest()
    assert re.fullmatch(r"cache \(binance exchange, stored .* UTC, 23 hours ago\)", str(found.origin))


def test_an_old_cache_is_brought_up_to_date(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    store(settings, cut(year, JANUARY), timedelta(hours=25))
    found = load(ask("2024-01-01", None, Source.AUTO), settings)
    assert int(venue.kline_requests()[0]["startTime"]) * 1_000_000 == JANUARY.end_ns
    assert found.origin.source == "exchange"
    assert found.bars.digest() == year.digest()


def test_a_recent_cache_that_begins_too_late_is_refreshed(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    store(settings, year, timedelta(hours=1))
    assert load(ask("2023-06-01", None, Source.AUTO), settings).origin.source == "exchange"


def test_a_closed_span_never_grows_old(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    store(settings, year, timedelta(days=400))
    assert load(ask("2024-02-01", "2024-03-01", Source.AUTO), settings).origin.source == "cache"
    assert venue.requested == []


def test_a_refused_country_goes_to_the_archive_and_says_so(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    venue.info_fault = Fault(451, json.dumps(RESTRICTED).encode())
    venue.files = months(year, "spot", "BTCUSDT", Timeframe.H1, ["2024-01"])
    found = load(ask("2024-01-01", "2024-02-01", Source.AUTO), settings)
    assert found.bars.digest() == cut(year, JANUARY).digest()
    assert found.origin.source == "archive"
    assert "data.binance.vision" in found.origin.detail
    assert "the exchange did not answer: it blocks this country (HTTP 451)" in found.origin.detail


def test_a_partial_exchange_download_is_completed_from_the_archive(
    venue: LocalVenue, settings: Settings, year: Bars
) -> None:
    down = Fault(503, b"")
    venue.faults.extend([None, down, down, down])
    venue.files = months(year, "spot", "BTCUSDT", Timeframe.H1, ["2024-02", "2024-03"])
    found = load(ask("2024-01-01", "2024-04-01", Source.AUTO), settings)
    assert found.bars.digest() == cut(year, span("2024-01-01", "2024-04-01")).digest()
    assert found.origin.source == "archive"
    assert not any("2024-01" in path for path in venue.requested if path.startswith("/data"))


def test_offline_an_old_cache_is_used_and_reports_its_age(offline: Settings, year: Bars) -> None:
    store(offline, cut(year, JANUARY), timedelta(days=12))
    found = load(ask("2024-01-10", None, Source.AUTO), offline)
    assert found.origin.source == "cache"
    assert "12 days ago" in found.origin.detail
    assert "stale: last bar 2024-01-31 23:00 UTC" in found.origin.detail
    assert "the exchange did not answer: no network; the archive did not answer: no network" in found.origin.detail


def test_offline_without_a_cache_the_sample_is_used_and_called_synthetic(offline: Settings) -> None:
    found = load(ask(None, None, Source.AUTO), offline)
    assert len(found.bars) == DEFAULT_BARS
    assert found.origin.synthetic
    assert str(found.origin) == (
        "sample (synthetic; the exchange did not answer: no network; the archive did not answer: no network)"
    )


def test_offline_an_unlisted_symbol_is_refused_with_a_suggestion(offline: Settings) -> None:
    with pytest.raises(InputError, match=r"Unknown symbol ETJ/USDT.*Did you mean 'ETH/USDT'\?"):
        load(ask(None, None, Source.AUTO, instrument=Instrument("ETJ")), offline)


def test_offline_dates_outside_the_sample_are_refused_with_all_reasons(offline: Settings) -> None:
    with pytest.raises(SourceUnavailableError, match=r"exchange did not answer.*sample covers 2021-01-01.*data import"):
        load(ask("2025-06-01", "2025-07-01", Source.AUTO), offline)


def test_an_import_is_what_a_later_run_uses_even_offline_and_old(offline: Settings, year: Bars, tmp_path: Path) -> None:
    import_file(write_csv(tmp_path / "mine.csv", year), KEY, CandleCache(offline.candles_dir))
    assert load(ask(None, None, Source.AUTO), offline).bars.digest() == year.digest()
    assert load(ask(None, None, Source.CACHE), offline).bars.digest() == year.digest()
    old = offline.model_copy(update={"cache_fresh_hours": 1e-9})
    found = load(ask(None, None, Source.AUTO), old)
    assert found.bars.digest() == year.digest()
    assert "import of mine.csv" in found.origin.detail


def test_a_missing_cache_says_how_to_fill_it(settings: Settings) -> None:
    with pytest.raises(TwokeyError, match=r"No cached BTCUSDT 1h of binance\. Run `twokey data fetch BTC/USDT 1h`"):
        load(ask(None, None, Source.CACHE), settings)


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("2024-02-01", "2024-01-01", "since 2024-02-01 00:00 is not before until 2024-01-01 00:00"),
        ("2024-02-01", "2024-02-01", "is not before until"),
        ("2199-01-01", None, "lies in the future"),
    ],
)
@pytest.mark.parametrize("source", [Source.AUTO, Source.CACHE, Source.SAMPLE])
def test_a_span_that_cannot_be_is_refused(
    settings: Settings, since: str, until: str | None, message: str, source: Source
) -> None:
    with pytest.raises(InputError, match=message):
        load(ask(since, until, source), settings)


def test_the_default_span_is_17520_bars_capped_at_eight_years() -> None:
    now = to_ns(parse_utc("2026-11-21T03:10"))
    hours = requested_span(ask(None, None), now)
    assert str(hours) == "2024-11-21 03:00 .. 2026-11-21 03:00 UTC"
    assert (hours.end_ns - hours.start_ns) // Timeframe.H1.nanoseconds == DEFAULT_BARS
    assert (
        str(requested_span(ask(None, None, timeframe=Timeframe.D1), now)) == "2018-11-23 00:00 .. 2026-11-21 00:00 UTC"
    )
    assert requested_span(ask(None, None, timeframe=Timeframe.W1), now).end_ns == to_ns(parse_utc("2026-11-16"))


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-01-31", "2024-01-31T00:00:00+00:00"),
        (" 2024-01-31T12:30 ", "2024-01-31T12:30:00+00:00"),
        ("2024-01-31T12:30Z", "2024-01-31T12:30:00+00:00"),
        ("2024-01-31 12:30+02:00", "2024-01-31T10:30:00+00:00"),
    ],
)
def test_dates_are_read_as_utc(text: str, utc: str) -> None:
    assert parse_utc(text).isoformat() == utc


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "31.01.2024", "0001-01-01", "9999-01-01"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a date|outside the years"):
        parse_utc(text)


def test_fetching_never_ends_with_the_sample(offline: Settings) -> None:
    with pytest.raises(SourceUnavailableError, match=r"The exchange did not answer: no network\. The archive did not"):
        fetch_candles(ask("2024-01-01", "2024-02-01", Source.AUTO), offline)
    with pytest.raises(InputError, match="Cannot fetch from sample"):
        fetch_candles(ask("2024-01-01", "2024-02-01", Source.SAMPLE), offline)


def test_yahoo_without_its_extra_says_what_to_install(tmp_path: Path) -> None:
    hidden = tmp_path / "yfinance.py"
    hidden.write_text("raise ImportError('not installed')")
    program = (
        "from tests.market.conftest import ask; from skills_lib.market.candles import Source, load;"
        "from skills_lib.settings import Settings; load(ask('2024-01-01', '2024-02-01', Source.YAHOO), Settings())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}", "TWOKEY_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "InputError: The source yahoo needs an extra. Run: pip install 'twokey[yahoo]'" in done.stderr


@pytest.mark.parametrize(("symbol", "name"), [("BTC/USDT", "BTC-USD"), ("ETH/USDC", "ETH-USD"), ("BTC/EUR", "BTC-EUR")])
def test_yahoo_maps_stablecoins_to_dollars(symbol: str, name: str) -> None:
    from skills_lib.market.candles.yahoo import ticker

    assert ticker(Instrument.parse(symbol)) == name


def test_importing_candles_loads_no_network_library_and_no_database() -> None:
    program = "import sys, skills_lib.market.candles; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "skills_lib.market.candles.loader" in loaded
    assert {"ccxt", "httpx", "duckdb", "requests", "yfinance", "filelock"} & set(loaded) == set()
