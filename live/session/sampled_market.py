"""Market data for the engine, sampled from the exchange's own book instead of read from frames: fast, and the same.

A book is sampled after each line of the tape that changes it and reaches the engine after the delay of a frame; frames
of one stream never overtake each other. The mark price comes once a second, as `<symbol>@markPrice@1s` does.
"""

import random
from collections import deque
from collections.abc import Sequence

from live.engine.events import BookChanged, Connection, MarkChanged, StreamKind
from live.session.wire import S, Wire
from live.simulator.latency import Distribution
from live.simulator.scaled_messages import ScaledUpdate
from live.simulator.schedule import NEVER_NS
from live.simulator.tape_book import TapeBook
from live.simulator.tape_source import Played
from skills_lib.market.depth.model import DepthUpdate, Snapshot

_PARTS = 1_000_000
_BOOK_CHANGES = frozenset({ScaledUpdate, DepthUpdate, Snapshot})


class SampledMarket:
    """Samples the books of `symbols`, `depth` levels a side. due_ns: when the next event reaches the engine."""

    def __init__(self, wire: Wire, symbols: Sequence[str], depth: int) -> None:
        self._wire, self._symbols, self._depth = wire, frozenset(symbols), depth
        settings = wire.venue.settings
        self._delays: Distribution = settings.frame_delays
        self._delayed = bool(self._delays.points[-1][1])
        self._rng = random.Random(f"books {settings.seed}")
        self._waiting: deque[tuple[int, BookChanged | MarkChanged]] = deque()
        self._mark_due_ns: dict[str, int] = dict.fromkeys(symbols, 0)
        self._last: dict[str, tuple[int, bool]] = {}
        self.due_ns = NEVER_NS
        self.books = 0

    def start(self) -> None:
        """The stream is open; the books are as they are now."""
        self._wire.emit(Connection(self._wire.now_ns, StreamKind.MARKET, up=True))
        for symbol in sorted(self._symbols):
            self._sample(symbol, self._wire.now_ns)

    def on_line(self, line: Played) -> None:
        """A line of the tape has been applied."""
        if type(line.message) in _BOOK_CHANGES and line.symbol in self._symbols:
            self._sample(line.symbol, line.time_ns)

    def deliver(self) -> None:
        """Hand on the event that is due."""
        _, event = self._waiting.popleft()
        self.due_ns = self._waiting[0][0] if self._waiting else NEVER_NS
        self._wire.emit(event)

    def _sample(self, symbol: str, time_ns: int) -> None:
        book = self._wire.venue.feed.books.get(symbol)
        if book is None:
            return
        local = book.local
        update_id, in_sync = local.book.update_id or 0, local.in_sync
        if self._last.get(symbol) != (update_id, in_sync):
            self._last[symbol] = update_id, in_sync
            self.books += 1
            arrives_ns = self._arrival(time_ns)
            self._add(arrives_ns, self._book(symbol, book, arrives_ns, update_id))
        if time_ns >= self._mark_due_ns[symbol]:
            self._sample_mark(symbol, time_ns)

    def _book(self, symbol: str, book: TapeBook, arrives_ns: int, update_id: int) -> BookChanged:
        local = book.local
        event_ns = local.exch_ts_ns or 0
        bids, asks = local.book.top(self._depth)
        if not (local.in_sync and bids and asks):
            return BookChanged(arrives_ns, symbol, event_ns, update_id, False, (), ())
        flat_bids = tuple([number for level in bids for number in level])
        flat_asks = tuple([number for level in asks for number in level])
        return BookChanged(arrives_ns, symbol, event_ns, update_id, True, flat_bids, flat_asks)

    def _sample_mark(self, symbol: str, time_ns: int) -> None:
        market = self._wire.venue.state.markets.get(symbol)
        if market is None or not market.mark_price:
            return
        self._mark_due_ns[symbol] = time_ns // S * S + S
        arrives_ns = self._arrival(time_ns)
        self._add(arrives_ns, MarkChanged(arrives_ns, symbol, time_ns, market.mark_price))

    def _arrival(self, time_ns: int) -> int:
        if not self._delayed:
            return time_ns
        earliest_ns = self._waiting[-1][0] if self._waiting else 0
        return max(time_ns + self._delays.at(self._rng.randrange(_PARTS)), earliest_ns)

    def _add(self, arrives_ns: int, event: BookChanged | MarkChanged) -> None:
        if self._delayed or self._waiting:
            self._waiting.append((arrives_ns, event))
            self.due_ns = self._waiting[0][0]
        else:
            self._wire.emit(event)
