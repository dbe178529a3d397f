"""Binance's public archive over real HTTP: months, days, checksums, and both time units."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import CorruptDataError, SourceUnavailableError
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import Source, load
from skills_lib.market.candles.sample import sample_bars
from skills_lib.market.candles.series import bars_of, cut, fields_of
from skills_lib.settings import Settings
from tests.market.candles.local_venue import LocalVenue, archive_files, archive_zip, months, span
from tests.market.conftest import ask

QUARTER = ["2024-01", "2024-02", "2024-03"]


def paths(venue: LocalVenue) -> list[str]:
    """Requested zips, without their checksums."""
    return [path.rsplit("/", 1)[-1] for path in venue.requested if path.endswith(".zip")]


def test_months_are_joined_and_cut_to_the_span(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    venue.files = months(year, "spot", "BTCUSDT", Timeframe.H1, QUARTER)
    found = load(ask("2024-01-15", "2024-03-10", Source.ARCHIVE), settings)
    assert found.bars.digest() == cut(year, span("2024-01-15", "2024-03-10")).digest()
    assert paths(venue) == [f"BTCUSDT-1h-{month}.zip" for month in QUARTER]
    assert found.origin.source == "archive"


def test_microseconds_of_2025_join_the_milliseconds_of_2024(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    later = year.open_time_ns + len(year) * year.interval_ns
    both = bars_of(
        np.concatenate([year.open_time_ns, later]),
        [np.concatenate([field, field]) for field in fields_of(year)],
        year.interval_ns,
    )
    venue.files = months(both, "spot", "BTCUSDT", Timeframe.H1, ["2024-12", "2025-01"])
    found = load(ask("2024-12-01", "2025-02-01", Source.ARCHIVE), settings)
    assert found.bars.digest() == cut(both, span("2024-12-01", "2025-02-01")).digest()
    assert found.quality.gaps == 0


def test_futures_have_their_own_folder_and_a_header(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    venue.files = months(year, "futures/um", "BTCUSDT", Timeframe.H1, ["2024-01"])
    found = load(ask("2024-01-01", "2024-02-01", Source.ARCHIVE, exchange="binanceusdm"), settings)
    assert found.bars.digest() == cut(year, span("2024-01-01", "2024-02-01")).digest()


def test_the_current_month_is_fetched_by_day_up_to_the_end_of_the_archive(
    venue: LocalVenue, settings: Settings
) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=40)
    generated = sample_bars("BTCUSDT", Timeframe.H1, span("2024-01-01", "2024-03-01"))[: 40 * 24]
    start = int(first.timestamp()) * 1_000_000_000
    recent = bars_of(
        start + np.arange(len(generated), dtype=np.int64) * generated.interval_ns,
        fields_of(generated),
        generated.interval_ns,
    )
    for day in range(39):  # yesterday's file is not there yet
        name = f"BTCUSDT-1h-{first + timedelta(days=day):%Y-%m-%d}.zip"
        content = archive_zip(recent[day * 24 : day * 24 + 24], name, 1_000)
        venue.files |= archive_files(f"/data/spot/daily/klines/BTCUSDT/1h/{name}", content)
    found = load(ask(first.isoformat(), None, Source.ARCHIVE), settings)
    assert found.bars.digest() == recent[: 39 * 24].digest()


def test_months_before_the_listing_are_skipped(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    venue.files = months(year, "spot", "BTCUSDT", Timeframe.H1, ["2024-03"])
    assert len(load(ask("2023-11-01", "2024-04-01", Source.ARCHIVE), settings).bars) == 31 * 24


def test_a_file_that_differs_from_its_checksum_is_fetched_twice_and_refused(
    venue: LocalVenue, settings: Settings, year: Bars
) -> None:
    venue.files = months(year, "spot", "BTCUSDT", Timeframe.H1, QUARTER)
    path = "/data/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip"
    venue.files[path] = venue.files[path][:-1] + b"x"
    with pytest.raises(CorruptDataError, match=r"BTCUSDT-1h-2024-02\.zip of the archive does not match its checksum"):
        load(ask("2024-01-01", "2024-04-01", Source.ARCHIVE), settings)
    assert paths(venue).count("BTCUSDT-1h-2024-02.zip") == 2
    venue.files = months(year, "spot", "BTCUSDT", Timeframe.H1, QUARTER)
    venue.requested.clear()
    assert len(load(ask("2024-01-01", "2024-04-01", Source.ARCHIVE), settings).bars) == 91 * 24
    assert paths(venue) == ["BTCUSDT-1h-2024-02.zip", "BTCUSDT-1h-2024-03.zip"], "January was cached"


def test_a_file_without_a_checksum_is_rejected(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    venue.files = months(year, "spot", "BTCUSDT", Timeframe.H1, ["2024-01"])
    del venue.files["/data/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip.CHECKSUM"]
    with pytest.raises(CorruptDataError, match="checksum"):
        load(ask("2024-01-01", "2024-02-01", Source.ARCHIVE), settings)


def test_an_archive_without_the_instrument_says_so(venue: LocalVenue, settings: Settings) -> None:
    with pytest.raises(SourceUnavailableError, match="it has no BTCUSDT 1h in 2024-01-01"):
        load(ask("2024-01-01", "2024-02-01", Source.ARCHIVE), settings)


def test_an_exchange_that_the_archive_does_not_hold_is_named(settings: Settings) -> None:
    with pytest.raises(SourceUnavailableError, match="it covers binance and binanceusdm, not kraken"):
        load(ask("2024-01-01", "2024-02-01", Source.ARCHIVE, exchange="kraken"), settings)
