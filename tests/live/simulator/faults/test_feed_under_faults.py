"""The live feed over real sockets while the local exchange misbehaves: a book that is called usable is the venue's.

The exchange plays a generated market without end at ten times real time, so that a fault of seconds of exchange time
is over quickly; tests wait for conditions alone, and load only makes them slower.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from live.simulator.faults import FaultPlan
from live.simulator.settings import Start
from live.simulator.sockets.server import Server, serving
from live.simulator.tape_source import Played, TapeSource
from live.simulator.venue import LocalVenue
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.book.view import BookView
from skills_lib.market.depth.causes import Cause
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import Channel, Endpoints, FeedSettings
from skills_lib.market.depth.feed.streams import IgnoreAll
from skills_lib.market.depth.model import MarketEvent, Venue
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.wire import decode
from tests.live.simulator.http_requests import TIMEOUT_S
from tests.live.simulator.tapes import TapeWriter
from tests.live.simulator.venue_client import BY_HAND

pytest.importorskip("picows", reason="the extra `live` is not installed")

SYMBOL, SPEED, MANY = "BTCUSDT", 10, 10**9
REMEMBERED, CHECKS_AFTERWARDS = 10_000, 20
DIFFS = {"stream": "*@depth@*"}
AT_3_S: dict[str, Any] = {"when": {"at_ms": 3_000}}
FOR_6_S: dict[str, Any] = AT_3_S | {"end": {"duration_ms": 6_000}}
FOR_12_S: dict[str, Any] = AT_3_S | {"end": {"duration_ms": 12_000}}
STALE_SNAPSHOTS: dict[str, Any] = AT_3_S | {"kind": "stale_snapshot", "end": {"count": 2}}
QUICK: dict[str, Any] = {
    "silence_s": 0.3,
    "reconnect_after_s": 0.3,
    "max_age_s": 5.0,
    "max_pause_s": 0.5,
    "backoff_s": 0.02,
    "max_backoff_s": 0.2,
    "clock_every_s": 0.1,
    "trading_every_s": 0.1,
    "weight_per_minute": 100_000,
}
TICKER, PARTIAL, ALONE = (
    (Channel.DEPTH, Channel.BOOK_TICKER),
    (Channel.DEPTH, Channel.BOOK_TICKER, Channel.PARTIAL_DEPTH),
    (Channel.DEPTH,),
)
Levels = list[list[tuple[Decimal, Decimal]]]


def levels(book: BookView) -> Levels:
    """Every level of both sides, best first."""
    return [[(Decimal(price), Decimal(quantity)) for price, quantity in side] for side in book.top_text(1_000)]


@dataclass
class VenueBooks:
    """The venue's book after each update, by its id, recorded between two lines of the tape."""

    books: dict[int, Levels] = field(default_factory=dict)
    venue: LocalVenue | None = None

    def follow(self, writer: TapeWriter) -> Iterator[Played]:
        """A tape without end; what a line did to the venue is recorded when the venue asks for the next."""
        source = TapeSource()
        for line in writer.lines(MANY):
            time_ns, _, text = line.partition(" ")
            raw = text.encode()
            yield source.played(decode(raw), raw, SYMBOL, int(time_ns))
            if self.venue is not None:
                self._record(self.venue.feed.books[SYMBOL].local.book)

    def _record(self, book: BookView) -> None:
        number = book.update_id or 0
        if number not in self.books:
            self.books[number] = levels(book)
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
        if levels(book) != self.venue.books.get(book.update_id or 0):
            self.differences.append(book.update_id or 0)


@dataclass
class Followed:
    """A feed that follows the exchange, and what it is compared with."""

    feed: Feed
    checker: Checker
    venue: LocalVenue

    async def until(self, what: str, condition: Any) -> None:
        """Wait for a condition; fail with what was waited for and the state of the feed."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while not condition():
                    await self.feed.wait(0.01)
        except TimeoutError:
            pytest.fail(f"not {what}: {self.feed.status()}")

    @property
    def is_over(self) -> bool:
        """Whether every fault has begun and ended."""
        faults = self.venue.faults
        return faults.begun and not any(faults.is_active(fault) for fault in faults.plan.faults)

    async def recovers(self) -> list[int]:
        """Wait until the faults are over and the book is usable and newer; where it is not the venue's from then on."""
        await self.until("over", lambda: self.is_over)
        number, book = self.venue.feed.books[SYMBOL].local.book.update_id or 0, self.feed.books[SYMBOL]

        def is_newer() -> bool:
            return self.feed.is_usable(SYMBOL) and (book.book.update_id or 0) > number

        await self.until("usable again", is_newer)
        before, done = len(self.checker.differences), self.checker.checked + CHECKS_AFTERWARDS
        await self.until("used", lambda: self.checker.checked >= done)
        return self.checker.differences[before:]


@dataclass(frozen=True)
class Outcome:
    """What became of a feed: how often its book became unusable, by cause, and at which ids it was usable and not the
    venue's, in all and after the faults.
    """

    losses: dict[Cause, int]
    differences: list[int]
    lasting: list[int]


async def outcome(
    faults: list[dict[str, Any]], cause: Cause | None, channels: tuple[Channel, ...], writer: TapeWriter, **changes: Any
) -> Outcome:
    """Follow an exchange with these faults until the feed has named the cause and has recovered."""
    books = VenueBooks()
    plan = FaultPlan.model_validate({"faults": faults})
    settings = replace(BY_HAND, speed=SPEED, start=Start.FIRST_STREAM, faults=plan, weight_limit=1_000_000)
    server = Server(settings, books.follow(writer))
    books.venue, checker = server.venue, Checker(books)
    async with serving(server) as host:
        chosen = replace(FeedSettings(Endpoints.of(Venue.USDM, host), (SYMBOL,), channels), **QUICK | changes)
        async with Feed(chosen, checker) as feed:
            checker.feed = feed
            followed = Followed(feed, checker, server.venue)
            await followed.until("usable", lambda: checker.checked)
            if cause:
                await followed.until(cause, lambda: feed.symbol_status(SYMBOL).losses.get(cause))
            lasting = await followed.recovers()
            return Outcome(feed.symbol_status(SYMBOL).losses, checker.differences, lasting)


def case(name: str, cause: Cause, *faults: dict[str, Any], only: tuple[Channel, ...] = TICKER, **changes: Any) -> Any:
    """Faults, the cause that the feed names, its channels, and its settings."""
    return pytest.param(list(faults), cause, only, changes, id=name)


@pytest.mark.parametrize(
    ("faults", "cause", "channels", "changes"),
    [
        case("a lost diff", Cause.CHAIN_BREAK, {"kind": "drop"} | DIFFS | AT_3_S),
        case("a wrong pu", Cause.CHAIN_BREAK, {"kind": "gap_pu"} | DIFFS | AT_3_S),
        case("swapped", Cause.CHAIN_BREAK, {"kind": "reorder", "end": {"count": 4}} | DIFFS | AT_3_S, only=ALONE),
        case("overtaken", Cause.CHAIN_BREAK, {"kind": "delay", "delay_ms": 300, "end": {"count": 3}} | DIFFS | AT_3_S),
        case("cut", Cause.DISCONNECTED, {"kind": "cut"} | DIFFS | AT_3_S),
        case("closed by the venue", Cause.DISCONNECTED, {"kind": "server_close"} | AT_3_S),
        case("every stream silent", Cause.SILENT, {"kind": "freeze"} | FOR_6_S),
        case("depth alone silent", Cause.SILENT, {"kind": "drop"} | DIFFS | FOR_6_S),
        case("an outage", Cause.SILENT, {"kind": "outage"} | FOR_6_S),
        case("stale snapshots", Cause.CHAIN_BREAK, {"kind": "drop"} | DIFFS | AT_3_S, STALE_SNAPSHOTS),
        case("late", Cause.LATE, {"kind": "delay", "delay_ms": 8_000} | DIFFS | FOR_12_S, silence_s=5.0),
        case("halted", Cause.NOT_TRADING, {"kind": "symbol_status"} | FOR_6_S),
    ],
)
def test_a_usable_book_is_the_venues_and_is_usable_again_after_the_fault(
    faults: list[dict[str, Any]], cause: Cause, channels: tuple[Channel, ...], changes: dict[str, Any]
) -> None:
    found = asyncio.run(outcome(faults, cause, channels, TapeWriter(wanders=True), **changes))
    assert found.differences == []


def test_repeated_diffs_cost_nothing() -> None:
    repeated = {"kind": "duplicate", "end": {"count": 10}} | DIFFS | AT_3_S
    found = asyncio.run(outcome([repeated], None, TICKER, TapeWriter(wanders=True)))
    assert found.differences == []
    assert Cause.CHAIN_BREAK not in found.losses


CORRUPT = {"kind": "corrupt_level", "end": {"count": 5}} | DIFFS | AT_3_S


def test_a_wrong_best_quantity_is_found_before_the_book_is_used() -> None:
    market = TapeWriter(changed=range(1))
    found = asyncio.run(outcome([CORRUPT | {"side": "asks"}], Cause.TICKER_DISAGREES, TICKER, market))
    assert found.differences == []


def test_a_wrong_quantity_within_the_best_five_is_found_by_the_partial_depth_of_its_update() -> None:
    market = TapeWriter(changed=range(1, 4), step_ms=100)  # partial depth then has the ids of diffs
    found = asyncio.run(outcome([CORRUPT], Cause.PARTIAL_DISAGREES, PARTIAL, market))
    assert found.lasting == []


def test_a_wrong_quantity_that_no_other_stream_shows_is_not_found() -> None:
    found = asyncio.run(outcome([CORRUPT], None, TICKER, TapeWriter(changed=range(1, 4))))
    assert found.differences
