"""The candle cache: atomic writes, checksums on every read, concurrent processes."""

import multiprocessing
import signal
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache as cache_once
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import CorruptDataError, TwokeyError
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import Source, load
from skills_lib.market.candles.cache import CacheKey, CandleCache, Merged
from skills_lib.market.candles.pages import Page, PageLog
from skills_lib.market.candles.sample import sample_bars
from skills_lib.market.candles.series import COLUMNS, cut, union
from skills_lib.market.candles.spans import TimeSpan, missing
from skills_lib.settings import Settings
from tests.market.candles.local_venue import Fault, LocalVenue, span
from tests.market.conftest import BTC, ask

KEY = CacheKey("binance", BTC, Timeframe.H1)
JANUARY, FEBRUARY = span("2024-01-01", "2024-02-01"), span("2024-02-01", "2024-03-01")


@pytest.fixture
def cache(tmp_path: Path) -> CandleCache:
    """An empty cache."""
    return CandleCache(tmp_path)


def same(left: Bars, right: Bars) -> bool:
    """True if all columns are equal, bit for bit."""
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in COLUMNS)


def test_what_was_stored_is_read_back_bit_for_bit(cache: CandleCache, year: Bars) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert cache.read(KEY) is None
    assert cache.merge(KEY, [(JANUARY, cut(year, JANUARY))], "binance exchange") == Merged(744, 0, 0)
    found = cache.read(KEY)
    assert found is not None
    assert same(found.bars, cut(year, JANUARY))
    assert found.known == (JANUARY,)
    assert before <= found.fetched_at <= datetime.now(UTC)
    assert found.origin == "binance exchange"


def test_a_merge_counts_what_it_added_replaced_and_left(cache: CandleCache, year: Bars) -> None:
    cache.merge(KEY, [(JANUARY, cut(year, JANUARY))], "first")
    later = cut(year, span("2024-01-31", "2024-02-02"))
    close = later.close.copy()
    close[:3] *= 1.01
    changed = Bars(later.open_time_ns, later.open, later.high, later.low, close, later.volume, later.interval_ns)
    assert cache.merge(KEY, [(span("2024-01-31", "2024-02-02"), changed)], "second") == Merged(24, 3, 21)
    found = cache.read(KEY)
    assert found is not None
    assert found.bars.close[-48:].tolist() == close.tolist()


def test_a_cache_file_cut_in_half_is_set_aside_and_fetched_again(
    venue: LocalVenue, settings: Settings, year: Bars
) -> None:
    load(ask("2024-01-01", "2024-02-01"), settings)
    path = CandleCache(settings.candles_dir).path(KEY)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = load(ask("2024-01-01", "2024-02-01"), settings)
    assert same(found.bars, cut(year, JANUARY))
    assert "was damaged" in found.origin.detail
    (aside,) = path.parent.glob("*.corrupt-*")
    assert aside.read_bytes() == whole[: len(whole) // 2]
    assert aside.name in found.origin.detail


def test_a_requested_cache_that_is_damaged_is_an_error(venue: LocalVenue, settings: Settings) -> None:
    load(ask("2024-01-01", "2024-02-01"), settings)
    path = CandleCache(settings.candles_dir).path(KEY)
    path.write_bytes(b"")
    with pytest.raises(TwokeyError, match=r"was damaged.*set aside.*twokey data fetch"):
        load(ask("2024-01-01", "2024-02-01", Source.CACHE), settings)


def test_no_flipped_bit_goes_unnoticed(cache: CandleCache, year: Bars) -> None:
    cache.merge(KEY, [(JANUARY, cut(year, JANUARY))], "binance exchange")
    whole = cache.path(KEY).read_bytes()
    noticed = 0
    for place in np.random.default_rng(7).integers(0, len(whole), 60).tolist():
        corrupted = bytearray(whole)
        corrupted[place] ^= 1 << (place % 8)
        cache.path(KEY).write_bytes(corrupted)
        try:
            found = cache.read(KEY)
        except CorruptDataError:
            noticed += 1
            continue
        assert found is not None
        assert same(found.bars, cut(year, JANUARY))
        assert (found.known, found.origin) == ((JANUARY,), "binance exchange")
    assert noticed > 40


def test_metadata_that_was_edited_is_noticed(cache: CandleCache, year: Bars) -> None:
    cache.merge(KEY, [(JANUARY, cut(year, JANUARY))], "binance exchange")
    path = cache.path(KEY)
    path.write_bytes(path.read_bytes().replace(b"binance exchange", b"binance exchangE"))
    with pytest.raises(CorruptDataError, match="does not match its checksum"):
        cache.read(KEY)


def test_a_foreign_parquet_file_is_not_read_as_a_cache(cache: CandleCache) -> None:
    import duckdb

    cache.path(KEY).parent.mkdir(parents=True)
    duckdb.connect().execute(f"COPY (SELECT 1 AS a) TO '{cache.path(KEY)}' (FORMAT parquet)")
    with pytest.raises(CorruptDataError, match="it lacks"):
        cache.read(KEY)


_FULL_DISK = """
import resource, sys
from pathlib import Path
from skills_lib.domain.errors import TwokeyError
from skills_lib.market.candles.cache import CacheKey, CandleCache
from skills_lib.market.candles.sample import sample_bars, SAMPLE_SPAN
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
key = CacheKey("binance", Instrument("BTC"), Timeframe.H1)
bars = sample_bars("BTCUSDT", Timeframe.H1)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
cache = CandleCache(Path(sys.argv[1]))
page = (SAMPLE_SPAN, bars)
for write in (lambda: cache.merge(key, [page], "x"), lambda: cache.pages(key).append(page)):
    try:
        write()
    except TwokeyError as error:
        print(error)
"""


def test_a_full_disk_leaves_the_old_cache_and_one_clear_line(cache: CandleCache, year: Bars) -> None:
    cache.merge(KEY, [(JANUARY, cut(year, JANUARY))], "binance exchange")
    whole = cache.path(KEY).read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(cache.folder)], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all("Cannot write BTC-USDT-1h." in line and "Free disk space" in line for line in lines)
    assert cache.path(KEY).read_bytes() == whole
    assert list(cache.folder.rglob("*.tmp")) == []


def fetch_year(home: str, url: str) -> str:
    """Load 2024 in a separate process and return the digest."""
    settings = Settings(home=Path(home), exchange_url=url)
    return load(ask("2024-01-01", "2025-01-01"), settings).bars.digest()


def test_two_processes_that_fetch_at_once_leave_one_good_file(
    venue: LocalVenue, settings: Settings, year: Bars
) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        digests = pool.starmap(fetch_year, [(str(settings.home), venue.url)] * 2)
    assert digests == [year.digest()] * 2
    assert len(venue.kline_requests()) == 9, "the second process waits and finds what the first one fetched"
    folder = CandleCache(settings.candles_dir).path(KEY).parent
    assert [p.name for p in folder.iterdir() if p.suffix != ".lock"] == ["BTC-USDT-1h.parquet"]
    found = CandleCache(settings.candles_dir).read(KEY)
    assert found is not None
    assert same(found.bars, year)


def test_a_killed_download_resumes_from_its_last_page(venue: LocalVenue, settings: Settings, year: Bars) -> None:
    program = (
        f"from tests.market.candles.test_cache import fetch_year; fetch_year({str(settings.home)!r}, {venue.url!r})"
    )
    venue.faults.extend([None, None, None, Fault(hang=True)])
    child = subprocess.Popen([sys.executable, "-c", program])
    for _ in range(4):
        assert venue.klines_arrived.acquire(timeout=60)
    child.send_signal(signal.SIGKILL)
    child.wait()
    venue.released.set()
    requested = len(venue.kline_requests())
    assert same(load(ask("2024-01-01", "2025-01-01"), settings).bars, year)
    assert int(venue.kline_requests()[requested]["startTime"]) * 1_000_000 == year.open_time_ns[3_000]
    assert not CandleCache(settings.candles_dir).pages(KEY).read()


@cache_once
def generated_pages() -> list[Page]:
    """Daily bars of January and February, one page each."""
    return [(s, sample_bars("BTCUSDT", Timeframe.D1, s)) for s in (JANUARY, FEBRUARY)]


@given(cut_off=st.integers(0, 3_100))
def test_a_page_log_cut_anywhere_gives_back_whole_pages_only(
    tmp_path_factory: pytest.TempPathFactory, cut_off: int
) -> None:
    path = tmp_path_factory.mktemp("pages") / "a.pages"
    log = PageLog(path, Timeframe.H1)
    pages = generated_pages()
    for page in pages:
        log.append(page)
    data = path.read_bytes()
    path.write_bytes(data[: max(0, len(data) - cut_off)])
    found = log.read()
    whole = [
        page
        for page, end in zip(pages, (len(data) - 32 - 29 * 48, len(data)), strict=True)
        if end <= len(data) - cut_off
    ]
    assert [s for s, _ in found] == [s for s, _ in whole]
    assert all(same(a, b) for (_, a), (_, b) in zip(found, whole, strict=True))


def test_an_altered_page_on_disk_is_ignored(tmp_path: Path) -> None:
    log = PageLog(tmp_path / "a.pages", Timeframe.H1)
    for page in generated_pages():
        log.append(page)
    data = bytearray((tmp_path / "a.pages").read_bytes())
    data[-100] ^= 1
    (tmp_path / "a.pages").write_bytes(data)
    assert [stored for stored, _ in log.read()] == [JANUARY]


def test_listing_ignores_files_it_did_not_make(cache: CandleCache, year: Bars) -> None:
    cache.merge(KEY, [(JANUARY, cut(year, JANUARY))], "x")
    (cache.folder / "binance" / "my-own-file-here.parquet").write_bytes(b"")
    (cache.folder / "binance" / "a-b-c.parquet").write_bytes(b"")
    assert cache.entries() == [KEY]


spans = st.builds(lambda start, length: TimeSpan(start, start + length), st.integers(0, 60), st.integers(0, 20))


@given(wanted=spans, known=st.lists(spans, max_size=6))
def test_missing_parts_and_known_parts_make_up_the_wanted_span(wanted: TimeSpan, known: list[TimeSpan]) -> None:
    def points(of: list[TimeSpan]) -> set[int]:
        return {point for s in of for point in range(s.start_ns, s.end_ns)}

    lacking = missing(wanted, known)
    assert points(lacking) == points([wanted]) - points(known)
    assert all(lacking)
    assert lacking == sorted(lacking)


moments = st.lists(st.integers(0, 30), max_size=20)


@given(old=moments, new=moments)
def test_a_union_is_ordered_and_the_later_part_wins(old: list[int], new: list[int]) -> None:
    def bars(times: list[int], value: float) -> Bars:
        column = np.full(len(times), value)
        return Bars(np.array(times, dtype=np.int64), column, column, column, column, column, 1)

    joined = union([bars(old, 1.0), bars(new, 2.0)])
    assert joined.open_time_ns.tolist() == sorted({*old, *new})
    assert joined.close.tolist() == [2.0 if t in new else 1.0 for t in sorted({*old, *new})]


@pytest.mark.parametrize("name", ["a[b] c", "it's", "100 % *?"])
def test_a_workspace_may_have_any_name(tmp_path: Path, year: Bars, name: str) -> None:
    odd = CandleCache(tmp_path / name)
    odd.merge(KEY, [(JANUARY, cut(year, JANUARY))], "it's mine")
    found = odd.read(KEY)
    assert found is not None
    assert (len(found.bars), found.origin) == (744, "it's mine")
