"""Candles in the trade log: filled in by what is missing, given back bit for bit, by range, to every verb."""

from collections.abc import Iterator

import numpy as np
import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import CandleRequest, Source, load, parse_utc
from skills_lib.market.candles.cache import CacheKey, CandleCache
from skills_lib.market.candles.sample import sample_bars
from skills_lib.market.candles.series import COLUMNS, cut
from skills_lib.market.candles.spans import TimeSpan
from skills_lib.settings import Settings
from skills_lib.trades.candles.ingesting import ingest
from skills_lib.trades.store.choosing import open_store, store_address
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.model import TradeStore, Written
from skills_lib.trades.store.rows import StoredCandle
from skills_lib.trades.store.sql_store import SqlStore
from tests.command import Command
from tests.market.candles.local_venue import span

BTC = Instrument("BTC")
KEY = CacheKey("binance", BTC, Timeframe.H1)


@pytest.fixture
def year() -> Bars:
    """Bars of 2024 with volumes of many digits."""
    return sample_bars("BTCUSDT", Timeframe.H1, span("2024-01-01", "2024-04-01"))


@pytest.fixture
def log(workspace: Settings) -> Iterator[TradeStore]:
    """The workspace's store, without rows."""
    address = store_address(workspace)
    with SqlStore(address) as made:
        initialise(made.engine, address)
    store = open_store(address)
    yield store
    store.close()


def cached(settings: Settings, bars: Bars, since: str, until: str) -> None:
    """Bars of a span in the workspace's cache."""
    wanted = span(since, until)
    CandleCache(settings.candles_dir).merge(KEY, [(wanted, cut(bars, wanted))], "binance exchange")


def asked(since: str | None = None, source: Source = Source.CACHE) -> CandleRequest:
    """A request for hours of bitcoin."""
    return CandleRequest(BTC, Timeframe.H1, parse_utc(since) if since else None, source=source)


def test_only_the_missing_tail_is_filled_in(workspace: Settings, log: TradeStore, year: Bars) -> None:
    cached(workspace, year, "2024-01-01", "2024-02-01")
    first = ingest(asked("2024-01-01"), log, workspace)
    assert (first.written, first.complete) == (Written(inserted=744), span("2024-01-01", "2024-02-01"))
    cached(workspace, year, "2024-02-01", "2024-02-03")
    second = ingest(asked(), log, workspace)
    assert (second.written, second.complete) == (Written(inserted=48), span("2024-01-01", "2024-02-03"))
    assert log.count(StoredCandle) == 792


def test_earlier_bars_are_filled_in_where_they_are_asked_for(workspace: Settings, log: TradeStore, year: Bars) -> None:
    cached(workspace, year, "2024-01-01", "2024-03-01")
    ingest(asked("2024-02-01"), log, workspace)
    assert log.count(StoredCandle) == 29 * 24
    cached(workspace, year, "2024-03-01", "2024-03-02")
    both = ingest(asked("2024-01-01"), log, workspace)
    assert (both.written, both.complete) == (Written(inserted=32 * 24), span("2024-01-01", "2024-03-02"))


def test_bars_come_back_bit_for_bit(workspace: Settings, log: TradeStore, year: Bars) -> None:
    cached(workspace, year, "2024-01-01", "2024-02-01")
    ingest(asked("2024-01-01"), log, workspace)
    since, until = parse_utc("2024-01-10"), parse_utc("2024-01-12T07:30")
    found = load(CandleRequest(BTC, Timeframe.H1, since, until, Source.STORE), workspace)
    expected = cut(year, TimeSpan(int(since.timestamp()) * 10**9, int(until.timestamp()) * 10**9))
    assert all(np.array_equal(getattr(found.bars, name), getattr(expected, name)) for name in COLUMNS)
    assert str(found.origin).startswith("store (sqlite:///")
    assert not found.origin.synthetic


def test_synthetic_candles_are_never_stored(workspace: Settings, log: TradeStore) -> None:
    with pytest.raises(InputError, match="Cannot fill the trade log from sample"):
        ingest(asked("2024-01-01", Source.SAMPLE), log, workspace)
    with pytest.raises(SourceUnavailableError, match="No cached BTCUSDT 1h"):
        ingest(asked("2024-01-01"), log, workspace)
    assert log.count(StoredCandle) == 0


def test_what_is_not_in_the_store_says_how_to_fill_it(workspace: Settings, log: TradeStore) -> None:
    with pytest.raises(SourceUnavailableError, match="Run `twokey store ingest BTC/USDT 1h`"):
        load(asked("2024-01-01", Source.STORE), workspace)


def test_a_verb_reads_candles_from_the_store(workspace: Settings, log: TradeStore, year: Bars, twokey: Command) -> None:
    cached(workspace, year, "2024-01-01", "2024-04-01")
    since = ("--since", "2024-01-01")
    filled = twokey("store", "ingest", "BTC", "1h", *since, "--source", "cache", "--json").answer
    assert (filled["inserted"], filled["complete_from"]) == (91 * 24, "2024-01-01T00:00:00")
    command = ("test-strategy", "BTC", "1h", "sma_crossover", *since, "--until", "2024-04-01", "--json")
    answer = twokey(*command, "--source", "store").answer
    assert answer["source"].startswith("store (sqlite:///")
    assert answer["synthetic"] is False
