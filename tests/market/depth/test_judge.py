"""The judge of a book without sockets: every cause, and that a lie is found before the book is shown."""

import os
import random
import re

import pytest

from skills_lib.market.depth.book.compiled_local_book import CompiledLocalBook
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.causes import Cause, Remedy, remedy
from skills_lib.market.depth.feed.streams import Dispatcher, IgnoreAll
from skills_lib.market.depth.model import Snapshot, Trade, Venue
from skills_lib.market.depth.usability.clock import ClockOffset
from skills_lib.market.depth.usability.cross_check import MAX_MISMATCHES, CrossCheck
from skills_lib.market.depth.usability.judge import QUIET_RESUBSCRIBE_S, BookJudge
from skills_lib.market.depth.usability.limits import UsabilityLimits
from skills_lib.market.depth.usability.stream_state import FeedStream
from skills_lib.market.depth.wire import decode
from tests.market.depth.generated_stream import GeneratedMarket

CASES = int(os.environ.get("TWOKEY_DEPTH_CASES", "1000"))
NS_PER_S = 1_000_000_000
LIMITS = UsabilityLimits(silence_s=0.7, max_age_s=2.0, resubscribe_after_s=3.0, max_pause_s=0.7)
SNAPSHOT = Snapshot(100, [("99.0", "1")], [("101.0", "1")], 1_000, 1_000)


def judge(snapshot: Snapshot = SNAPSHOT) -> BookJudge:
    """The judge of a book that is usable at 10 s."""
    book, depth = LocalBook("BTCUSDT", Venue.USDM), FeedStream("btcusdt@depth@100ms", "BTCUSDT")
    book.load(snapshot)
    depth.open(10.0)
    depth.local_ts_ns = 1_000_000_000
    ticker = FeedStream("btcusdt@bookTicker", "BTCUSDT")
    made = BookJudge(book, depth, ClockOffset(), LIMITS, ticker)
    made.note(10.0)
    return made


def cause(found: BookJudge, now_s: float = 10.1) -> Cause | None:
    """The cause at a time, as counted."""
    unusable = found.note(now_s)
    return unusable.cause if unusable else None


def test_a_book_without_fault_is_usable() -> None:
    assert cause(judge()) is None


def test_every_cause_has_a_remedy() -> None:
    assert {remedy(found) for found in Cause} == set(Remedy)


def test_each_cause_is_named_and_counted_once_while_it_lasts() -> None:
    found = judge()
    found.trading = False
    assert [cause(found, 10.1), cause(found, 10.2)] == [Cause.NOT_TRADING] * 2
    found.trading = True
    assert cause(found, 10.3) is None
    found.book.invalidate("the connection was lost")
    found.depth.connected = False
    assert [cause(found, 10.4), cause(found, 10.5)] == [Cause.DISCONNECTED] * 2
    assert found.losses == {Cause.DISCONNECTED: 1, Cause.NOT_TRADING: 1}


def test_silence_is_subscribed_again_sooner_if_the_ticker_proves_it() -> None:
    quiet, proved = judge(), judge()
    assert proved.ticker is not None
    for n in range(1, 300):
        proved.ticker.exch_ts_ns = 1_000_000_000 + n * NS_PER_S // 10
        for found in (quiet, proved):
            found.note(10.0 + n / 10)
        if quiet.must_resubscribe(10.0 + n / 10):
            assert n / 10 > QUIET_RESUBSCRIBE_S
        if proved.must_resubscribe(10.0 + n / 10):
            assert n / 10 > 3.0
    assert quiet.must_resubscribe(40.0)
    assert proved.losses == {Cause.SILENT: 1}


@pytest.mark.parametrize(("trip_s", "age_s", "late"), [(0.0, 30, True), (0.0, 1, False), (60.0, 30, False)])
def test_age_counts_beyond_the_error_of_the_clocks(trip_s: float, age_s: int, late: bool) -> None:
    found = judge()
    trip_ns = int(trip_s * NS_PER_S)
    found.clock.add(1_000_000_000 - trip_ns // 2, 1_000_000_000 + trip_ns // 2, 1_000 + 1_000 * age_s)
    assert (cause(found) is Cause.LATE) is late


def test_a_set_clock_is_not_used_until_it_is_measured_again() -> None:
    found = judge()
    assert not found.clock.watch(5 * NS_PER_S, NS_PER_S)
    assert not found.clock.watch(6 * NS_PER_S, 2 * NS_PER_S)
    assert found.clock.watch(9 * NS_PER_S, 3 * NS_PER_S)
    assert cause(found) is Cause.CLOCK_JUMP
    found.clock.add(NS_PER_S, NS_PER_S, 1_000)
    assert cause(found, 10.2) is None


def test_a_blocked_program_is_not_trusted_until_it_has_read_on() -> None:
    found = judge()
    found.depth.messages = 1
    found.depth.update_activity(10.9)
    unusable = found.why(10.9)
    assert unusable is not None
    assert unusable.cause is Cause.BACKLOG
    assert cause(found, 10.9) is Cause.BACKLOG
    assert cause(found, 11.0) is None


def test_an_empty_side_of_the_venue_is_no_price() -> None:
    assert cause(judge(Snapshot(100, [("99.0", "1")], [], 1_000, 1_000))) is Cause.EMPTY_SIDE


def test_trades_that_stay_outside_the_best_prices_refute_the_book() -> None:
    check, book = CrossCheck(Venue.USDM), LocalBook("BTCUSDT", Venue.USDM)
    book.load(SNAPSHOT)
    found = []
    for n in range(1, 60):
        time_ms = 1_000 + 200 * n
        check.on_trade(Trade("BTCUSDT", time_ms, time_ms, n, "66000.0" if n > 20 else "100.0", "1", False))
        found.append(check.on_update(book.book, time_ms * 1_000_000))
    assert next(n for n, unusable in enumerate(found, 1) if unusable) == 40
    assert found[39] is not None
    assert found[39].cause is Cause.TRADES_DISAGREE


class Lies:
    """A true stream with lies in it; each ticker comes before the update of its id, as on Binance."""

    def __init__(self, seed: int, opener: type[LocalBook]) -> None:
        self.rng, self.market = random.Random(seed), GeneratedMarket(seed, Venue.USDM)
        self.book = opener("BTCUSDT", Venue.USDM)
        self.tops: dict[int, object] = {}
        self.dispatcher = Dispatcher({"BTCUSDT": self.book}, IgnoreAll())
        for channel in ("depth@100ms", "bookTicker"):
            self.dispatcher.add(f"btcusdt@{channel}", "BTCUSDT")
        self.lost = 0

    def step(self) -> None:
        """The next update, or a lie in its place."""
        diff, ticker = self.market.frames(1)
        true = decode(self.market.snapshot())
        assert isinstance(true, Snapshot)
        self.tops[true.last_update_id] = (true.bids[0], true.asks[0])
        self.dispatcher.receive(1, ticker)
        for raw in self._lines_of(diff):
            self.dispatcher.receive(1, raw)
            self._check()
        if not self.book.in_sync and self.rng.random() < 0.3:
            self.lost += 1
            self.dispatcher.load("BTCUSDT", true)
            self._check()

    def _lines_of(self, diff: bytes) -> list[bytes]:
        lies = (
            [],
            [diff, diff],
            [re.sub(rb'","[1-9][0-9.]*"', b'","7.777"', diff)],
            [re.sub(rb'"(U|u|pu)":(\d+)', lambda found: b'"%s":%d' % (found[1], int(found[2]) // 2), diff)],
            [diff.replace(b'"b":[', b'"b":[["900000.00","1.000"],')],
            [re.sub(rb'"a":\[.*\]', b'"a":[]', diff)],
        )
        return self.rng.choice((*lies, *([diff],) * 6))

    def _check(self) -> None:
        view = self.book.book
        if self.book.in_sync and view.update_id in self.tops:
            bids, asks = view.top_text(1)
            assert ((bids[0]), (asks[0])) == self.tops[view.update_id]
        assert not (self.book.in_sync and view.crossed)


@pytest.mark.parametrize("opener", [LocalBook, CompiledLocalBook])
def test_a_book_in_sync_never_shows_other_best_prices_than_the_venue(opener: type[LocalBook]) -> None:
    lost, seeds = 0, max(2, CASES // 100)
    for seed in range(seeds):
        lies = Lies(seed, opener)
        for _ in range(60):
            lies.step()
        lost += lies.lost
    assert lost > seeds


def test_a_ticker_between_two_updates_counts_only_in_a_row() -> None:
    check, book = CrossCheck(Venue.USDM), LocalBook("BTCUSDT", Venue.USDM)
    book.load(SNAPSHOT)
    ticker = '{"e":"bookTicker","u":%d,"s":"BTCUSDT","b":"98.0","B":"1","a":"101.0","A":"1","T":1,"E":1}'
    found = []
    for n in range(100, 100 + 2 * MAX_MISMATCHES, 2):
        message = decode((ticker % (n - 1)).encode())
        found.append(check.on_ticker(message))  # type: ignore[arg-type]
        book.book._update_id = n  # type: ignore[attr-defined]
        found.append(check.on_update(book.book, None))
    assert [bool(unusable) for unusable in found[:-1]] == [False] * (len(found) - 1)
