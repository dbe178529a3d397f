"""Market data for the engine straight from the lines of the tape, without subscriptions: fast, and the same books.

A line reaches the client after the delay of a frame; lines never overtake each other. The mark price comes once a
second, as `<symbol>@markPrice@1s` does, and is the one that the exchange marks positions with.
"""

import random
from collections import deque
from collections.abc import Sequence

from live.client.books import FollowedBooks
from live.client.wire import S
from live.engine.events import Connection, MarkChanged, StreamKind
from live.session.virtual_wire import VirtualWire
from live.simulator.schedule import NEVER_NS
from live.simulator.tape_source import Played
from skills_lib.market.depth.model import DepthUpdate, Snapshot

_PARTS = 1_000_000
_BOOK_LINES = frozenset({DepthUpdate, Snapshot})


class TapeMarket:
    """Follows the lines of `symbols`, `depth` levels a side. due_ns: when the next line reaches the client."""

    def __init__(self, wire: VirtualWire, symbols: Sequence[str], depth: int) -> None:
        self._wire, self._books = wire, FollowedBooks(wire, symbols, depth)
        settings = wire.venue.settings
        self._delays = settings.frame_delays
        self._delayed = bool(self._delays.points[-1][1])
        self._rng = random.Random(f"market {settings.seed}")
        self._waiting: deque[tuple[int, Played | MarkChanged]] = deque()
        self._mark_due_ns: dict[str, int] = dict.fromkeys(symbols, 0)
        self.due_ns = NEVER_NS

    def start(self) -> None:
        """The streams are open; snapshots follow."""
        self._wire.emit(Connection(self._wire.now_ns, StreamKind.MARKET, up=True))
        self._books.opened()

    def on_line(self, line: Played) -> None:
        """A line of the tape has been applied."""
        if type(line.message) not in _BOOK_LINES or line.symbol not in self._books.readers:
            return
        self._add(self._arrival(line.time_ns), line)
        if line.time_ns >= self._mark_due_ns[line.symbol]:
            self._add_mark(line.symbol, line.time_ns)

    def deliver(self) -> None:
        """Read what is due."""
        _, found = self._waiting.popleft()
        self.due_ns = self._waiting[0][0] if self._waiting else NEVER_NS
        if isinstance(found, MarkChanged):
            self._wire.emit(found)
            return
        reader = self._books.readers[found.symbol]
        if type(found.message) is Snapshot:
            self._books.on_snapshot(reader, found.raw)
        else:
            self._books.on_frame(reader, found.raw)

    def _add_mark(self, symbol: str, time_ns: int) -> None:
        market = self._wire.venue.state.markets[symbol]
        if market.mark_price:
            self._mark_due_ns[symbol] = time_ns // S * S + S
            arrives_ns = self._arrival(time_ns)
            self._add(arrives_ns, MarkChanged(arrives_ns, symbol, time_ns, market.mark_price))

    def _arrival(self, time_ns: int) -> int:
        if not self._delayed:
            return time_ns
        earliest_ns = self._waiting[-1][0] if self._waiting else 0
        return max(time_ns + self._delays.at(self._rng.randrange(_PARTS)), earliest_ns)

    def _add(self, arrives_ns: int, found: Played | MarkChanged) -> None:
        self._waiting.append((arrives_ns, found))
        self.due_ns = self._waiting[0][0]
