"""Market data for the engine straight from the lines of the tape, without subscriptions: fast, and the same books.

A line reaches the client after the delay of a frame; lines never overtake each other. The mark price comes once a
second, as `<symbol>@markPrice@1s` does, and is the one that the exchange marks positions with.
"""

import random
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence

from live.binance.markets import MarketReader
from live.client.books import FollowedBooks
from live.client.wire import S
from live.engine.events import Connection, MarkChanged, StreamKind
from live.session.book_rows import BookRow, PassesBooks
from live.session.virtual_wire import VirtualWire
from live.simulator.quiet.quiet_lines import QuietLines
from live.simulator.schedule import NEVER_NS
from live.simulator.tape_lines import SegmentedLines
from live.simulator.tape_segments import Segment
from live.simulator.tape_source import Played
from skills_lib.market.depth.model import DepthUpdate, Snapshot
from skills_lib.market.depth.tape.scanning import layout as at

_PARTS = 1_000_000
_BOOK_LINES = frozenset({DepthUpdate, Snapshot})


class TapeMarket:
    """Follows the lines of `symbols`, `depth` levels a side.

    due_ns: when the next line reaches the client. passes: who takes the books on which the client does nothing; without
    it, the client is given each.
    """

    @property
    def readers(self) -> dict[str, MarketReader]:
        """The readers of the books, by symbol."""
        return self._books.readers

    def __init__(self, wire: VirtualWire, symbols: Sequence[str], depth: int) -> None:
        self._wire, self._books = wire, FollowedBooks(wire, symbols, depth)
        settings = wire.venue.settings
        self._delays = settings.frame_delays
        self._delayed = bool(self._delays.points[-1][1])
        self._rng = random.Random(f"market {settings.seed}")
        self._waiting: deque[tuple[int, Played | BookRow | MarkChanged]] = deque()
        self._mark_due_ns: dict[str, int] = dict.fromkeys(symbols, 0)
        self.due_ns = NEVER_NS
        self.passes: PassesBooks | None = None
        self._quiet = QuietLines(wire.venue)

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
            self._add_mark(line.symbol, line.time_ns, self._wire.venue.state.markets[line.symbol].mark_price)

    def pass_quiet(self, due_ns: int, until_ns: int) -> bool:
        """Play the lines and take the books of which nothing follows; False if there is none.

        due_ns: when something else happens, at the exchange or at the client; until_ns: how far the time moves.
        """
        tape = self._wire.venue.lines
        if self.passes is None or not isinstance(tape, SegmentedLines) or tape.segment is None:
            return False
        end = self._quiet.end(tape, min(due_ns, until_ns + 1))
        before_ns = min(due_ns, until_ns, tape.time_ns(end))
        may_pass = self.passes.begin(tape.segment)
        place, delivered_ns = self._pass_until(
            tape.segment, tape.place, end, before_ns, self.passes if may_pass else None
        )
        played = place > tape.place
        if played:
            self._quiet.play(tape, place)
        if delivered_ns:
            self.passes.end()
            self._wire.venue.time.advance(delivered_ns)
        return played or bool(delivered_ns)

    def _pass_until(
        self, segment: Segment, place: int, end: int, before_ns: int, passes: PassesBooks | None
    ) -> tuple[int, int]:
        """Up to which line nothing follows, and when the last book came that was passed; 0 if none was."""
        rows, times_ns, delivered_ns = segment.books.rows, segment.times, 0
        number, last = bisect_left(rows, place), bisect_left(rows, end)
        played = place  # where the lines end whose books are under way
        while True:
            line_ns = times_ns[rows[number]] if number < last else before_ns
            due_ns = self.due_ns
            if due_ns <= line_ns and due_ns <= before_ns and played < len(times_ns):  # a tape ends with its last line
                _, found = self._waiting[0]
                if passes is None or not isinstance(found, BookRow) or not passes.passes(found, due_ns):
                    return max(played, bisect_left(times_ns, due_ns, place, end)), delivered_ns
                self._waiting.popleft()
                self.due_ns = self._waiting[0][0] if self._waiting else NEVER_NS
                delivered_ns = due_ns
            elif number < last:
                self._on_row(segment, rows[number], number, line_ns)
                played, number = rows[number] + 1, number + 1
            else:
                return end, delivered_ns

    def _on_row(self, segment: Segment, row: int, number: int, time_ns: int) -> None:
        """As `on_line`, of a diff that is played later in the same step."""
        symbol_number = segment.table.item(row, at.SYMBOL)
        symbol = segment.symbols[symbol_number]
        if symbol not in self._books.readers:
            return
        self._add(self._arrival(time_ns), BookRow(segment, row, number, symbol_number))
        if time_ns >= self._mark_due_ns[symbol]:
            market = self._wire.venue.state.markets[symbol]
            middle = sum(segment.books.bests[number].tolist()) // 2
            self._add_mark(symbol, time_ns, market.mark_price if market.marked else middle)

    def deliver(self) -> None:
        """Read what is due."""
        _, found = self._waiting.popleft()
        self.due_ns = self._waiting[0][0] if self._waiting else NEVER_NS
        if isinstance(found, MarkChanged):
            self._wire.emit(found)
            return
        if isinstance(found, BookRow):
            symbol = found.segment.symbols[found.symbol]
            self._books.on_frame(self._books.readers[symbol], found.raw)
            return
        reader = self._books.readers[found.symbol]
        if type(found.message) is Snapshot:
            self._books.on_snapshot(reader, found.raw)
        else:
            self._books.on_frame(reader, found.raw)

    def _add_mark(self, symbol: str, time_ns: int, price: int) -> None:
        if price:
            self._mark_due_ns[symbol] = time_ns // S * S + S
            arrives_ns = self._arrival(time_ns)
            self._add(arrives_ns, MarkChanged(arrives_ns, symbol, time_ns, price))

    def _arrival(self, time_ns: int) -> int:
        if not self._delayed:
            return time_ns
        earliest_ns = self._waiting[-1][0] if self._waiting else 0
        return max(time_ns + self._delays.at(self._rng.randrange(_PARTS)), earliest_ns)

    def _add(self, arrives_ns: int, found: Played | BookRow | MarkChanged) -> None:
        self._waiting.append((arrives_ns, found))
        self.due_ns = self._waiting[0][0]
