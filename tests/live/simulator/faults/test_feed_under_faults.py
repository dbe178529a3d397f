"""The live feed over real sockets while the local exchange misbehaves: a book that is called usable is the venue's.

The exchange's time is at most ten times as fast as real time, so a fault of seconds is over quickly. Faults begin with
an order that the test places when the book is usable. Nothing depends on how long anything takes: load only slows the
tests.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from live.money import DIGITS
from live.simulator.faults import FaultPlan
from live.simulator.sockets.server import Server
from live.simulator.tape_source import Played
from live.simulator.venue import LocalVenue
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.book.view import BookView
from skills_lib.market.depth.causes import Cause
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import Channel, Endpoints, FeedSettings
from skills_lib.market.depth.feed.streams import IgnoreAll
from skills_lib.market.depth.model import MarketEvent, Venue
from skills_lib.market.depth.sequencer import UpdateDecision
from tests.live.simulator.endless import endless, playing
from tests.live.simulator.http_requests import TIMEOUT_S, HttpClient
from tests.live.simulator.tapes import TapeWriter
from tests.live.simulator.venue_client import BY_HAND

pytest.importorskip("picows", reason="the extra `live` is not installed")

SYMBOL, LEVELS = "BTCUSDT", 1_000
REMEMBERED, CHECKS_AFTERWARDS = 10_000, 20
Fields = dict[str, Any]
QUICK: Fields = {
    "silence_s": 0.5,
    "reconnect_after_s": 1.0,
    "max_age_s": 5.0,
    "max_pause_s": 0.5,
    "backoff_s": 0.02,
    "max_backoff_s": 0.2,
    "clock_every_s": 0.1,
    "trading_every_s": 0.1,
    "weight_per_minute": 100_000,
}
Channels = tuple[Channel, ...]
DEPTH: Channels = (Channel.DEPTH,)
TICKER: Channels = (*DEPTH, Channel.BOOK_TICKER)
PARTIAL: Channels = (*TICKER, Channel.PARTIAL_DEPTH)
Sides = tuple[list[tuple[int, int]], ...]


def sides(book: BookView) -> Sides:
    """Every level of bids and asks, best first, in units of 1e-8."""
    price_unit = 10 ** (DIGITS - book.scale.price_decimals)
    quantity_unit = 10 ** (DIGITS - book.scale.quantity_decimals)
    return tuple([(price * price_unit, amount * quantity_unit) for price, amount in side] for side in book.top(LEVELS))


@dataclass
class VenueBooks:
    """The venue's book after each update, by its id, recorded between two lines of the tape."""

    books: dict[int, Sides] = field(default_factory=dict)
    venue: LocalVenue | None = None

    def follow(self, market: TapeWriter) -> Iterator[Played]:
        """A tape without end; what a line did to the venue is recorded when the venue asks for the next."""
        for line in endless(market):
            yield line
            if self.venue is not None:
                self._record(self.book)

    @property
    def book(self) -> BookView:
        """The venue's book now."""
        assert self.venue is not None
        return self.venue.feed.books[SYMBOL].local.book

    def _record(self, book: BookView) -> None:
        number = book.update_id or 0
        if number not in self.books:
            self.books[number] = sides(book)
            if len(self.books) > REMEMBERED:
                del self.books[next(iter(self.books))]


class Checker(IgnoreAll):
    """Compares the feed's book with the venue's after every message at which the feed calls it usable."""

    def __init__(self, venue: VenueBooks) -> None:
        self.venue, self.checked, self.differences = venue, 0, list[int]()
        self.feed: Feed | None = None

    def on_book(self, book: LocalBook, decision: UpdateDecision, local_ts_ns: int) -> None:
        self._check()

    def on_event(self, symbol: str, event: MarketEvent) -> None:
        self._check()

    def _check(self) -> None:
        if self.feed is None or not self.feed.is_usable(SYMBOL):
            return
        book = self.feed.books[SYMBOL].book
        self.checked += 1
        if sides(book) != self.venue.books.get(book.update_id or 0):
            self.differences.append(book.update_id or 0)


@dataclass
class Followed:
    """A feed that follows the exchange, and what it is compared with."""

    feed: Feed
    checker: Checker
    venue: VenueBooks

    async def until(self, what: str, condition: Callable[[], object]) -> None:
        """Wait for a condition; fail with what was waited for and the state of the feed."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while not condition():
                    await self.feed.wait(0.01)
        except TimeoutError:
            pytest.fail(f"not {what}: {self.feed.status()}")

    async def recovers(self) -> list[int]:
        """Wait until the faults are over and the book is usable and newer; where it is not the venue's from then on."""
        await self.until("over", self._is_over)
        number = self.venue.book.update_id or 0
        await self.until("usable again", lambda: self._is_usable_after(number))
        before, done = len(self.checker.differences), self.checker.checked + CHECKS_AFTERWARDS
        await self.until("used", lambda: self.checker.checked >= done)
        return self.checker.differences[before:]

    def _is_over(self) -> bool:
        assert self.venue.venue is not None
        faults = self.venue.venue.faults
        return faults.begun and not any(faults.is_active(fault) for fault in faults.plan.faults)

    def _is_usable_after(self, number: int) -> bool:
        return self.feed.is_usable(SYMBOL) and (self.feed.books[SYMBOL].book.update_id or 0) > number


@dataclass(frozen=True)
class Outcome:
    """What became of a feed: how often its book became unusable, by cause, and at which ids it was usable and not the
    venue's, in all and after the faults.
    """

    losses: dict[Cause, int]
    differences: list[int]
    lasting: list[int]


async def follow(
    faults: tuple[Fields, ...], cause: Cause | None, channels: Channels, market: TapeWriter, **changes: Any
) -> Outcome:
    """Follow an exchange with these faults until the feed has named the cause and has recovered."""
    books = VenueBooks()
    begun = [{"when": {"condition": "order_accepted"}} | fault for fault in faults]
    settings = replace(BY_HAND, faults=FaultPlan.model_validate({"faults": begun}), weight_limit=1_000_000)
    server = Server(settings, books.follow(market))
    books.venue, checker = server.venue, Checker(books)
    async with playing(server) as host, HttpClient(host) as client:
        chosen = replace(FeedSettings(Endpoints.of(Venue.USDM, host), (SYMBOL,), channels), **QUICK | changes)
        async with Feed(chosen, checker) as feed:
            checker.feed = feed
            followed = Followed(feed, checker, books)
            await followed.until("usable", lambda: checker.checked)
            assert (await client.order(price="50000.0")).status == 200
            if cause:
                await followed.until(cause, lambda: feed.symbol_status(SYMBOL).losses.get(cause))
            lasting = await followed.recovers()
            return Outcome(feed.symbol_status(SYMBOL).losses, checker.differences, lasting)


def case(name: str, cause: Cause, *faults: Fields, only: Channels = TICKER, **changes: Any) -> Any:
    """Faults, the cause that the feed names, its channels, and its settings."""
    return pytest.param(faults, cause, only, changes, id=name)


def lasting(kind: str, seconds: int, **fields: Any) -> Fields:
    """A fault that ends after so much exchange time."""
    return {"kind": kind, "end": {"duration_ms": 1_000 * seconds}} | fields


def counted(kind: str, count: int = 1, **fields: Any) -> Fields:
    """A fault of so many frames or requests."""
    return {"kind": kind, "end": {"count": count}} | fields


DIFFS = "*@depth@*"


@pytest.mark.parametrize(
    ("faults", "cause", "channels", "changes"),
    [
        case("a lost diff", Cause.CHAIN_BREAK, counted("drop", stream=DIFFS)),
        case("a wrong pu", Cause.CHAIN_BREAK, counted("gap_pu", stream=DIFFS)),
        case("swapped", Cause.CHAIN_BREAK, counted("reorder", 4, stream=DIFFS), only=DEPTH),
        case("overtaken", Cause.CHAIN_BREAK, counted("delay", 3, delay_ms=300, stream=DIFFS)),
        case("cut", Cause.DISCONNECTED, counted("cut", stream=DIFFS)),
        case("closed by the venue", Cause.DISCONNECTED, counted("server_close")),
        case("every stream silent", Cause.SILENT, lasting("freeze", 10)),
        case("depth alone silent", Cause.SILENT, lasting("drop", 10, stream=DIFFS)),
        case("an outage", Cause.SILENT, lasting("outage", 10)),
        case("stale snapshots", Cause.CHAIN_BREAK, counted("drop", stream=DIFFS), counted("stale_snapshot", 2)),
        case("late", Cause.LATE, lasting("delay", 16, delay_ms=8_000, stream=DIFFS), silence_s=5.0),
        case("halted", Cause.NOT_TRADING, lasting("symbol_status", 10)),
    ],
)
def test_a_usable_book_is_the_venues_and_is_usable_again_after_the_fault(
    faults: tuple[Fields, ...], cause: Cause, channels: Channels, changes: Fields
) -> None:
    found = asyncio.run(follow(faults, cause, channels, TapeWriter(wanders=True), **changes))
    assert found.differences == []


def test_repeated_diffs_cost_nothing() -> None:
    repeated = (counted("duplicate", 10, stream=DIFFS),)
    found = asyncio.run(follow(repeated, None, TICKER, TapeWriter(wanders=True)))
    assert found.differences == []
    assert Cause.CHAIN_BREAK not in found.losses


CORRUPT = counted("corrupt_level", 5, stream=DIFFS)


def test_a_wrong_best_quantity_is_found_before_the_book_is_used() -> None:
    market = TapeWriter(changed=range(1))
    found = asyncio.run(follow((CORRUPT | {"side": "asks"},), Cause.TICKER_DISAGREES, TICKER, market))
    assert found.differences == []


def test_a_wrong_quantity_within_the_best_five_is_found_by_the_partial_depth_of_its_update() -> None:
    market = TapeWriter(changed=range(1, 4), step_ms=100)  # partial depth then has the ids of diffs
    found = asyncio.run(follow((CORRUPT,), Cause.PARTIAL_DISAGREES, PARTIAL, market))
    assert found.lasting == []


def test_a_wrong_quantity_that_no_other_stream_shows_is_not_found() -> None:
    corrupt = counted("corrupt_level", 100, stream=DIFFS)
    found = asyncio.run(follow((corrupt,), None, TICKER, TapeWriter(changed=range(1, 4))))
    assert found.differences
