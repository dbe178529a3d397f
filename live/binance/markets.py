"""Frames of the market streams as the engine's events: the library's book, and its one judge of usability."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from live.engine.events import BookChanged, MarkChanged
from live.money import DIGITS, parse
from skills_lib.market.depth.book.compiled_local_book import CompiledLocalBook
from skills_lib.market.depth.causes import Remedy, Unusable, remedy
from skills_lib.market.depth.model import DepthUpdate, MarkPrice, Snapshot, Venue, WireError
from skills_lib.market.depth.scale import Scale
from skills_lib.market.depth.tape.scanning.layout import END, MAX_SYMBOLS, START
from skills_lib.market.depth.tape.scanning.passages import CODE, PASSED_WORDS, WATCH_WORDS
from skills_lib.market.depth.tape.scanning.scanner import Table
from skills_lib.market.depth.usability.clock import ClockOffset
from skills_lib.market.depth.usability.judge import BookJudge
from skills_lib.market.depth.usability.limits import UsabilityLimits
from skills_lib.market.depth.usability.stream_state import FeedStream
from skills_lib.market.depth.wire import decode

LIMITS: Final = UsabilityLimits(silence_s=2.0, max_age_s=1.0, resubscribe_after_s=10.0, max_pause_s=5.0)
"""Stricter than a scanner's: an order rests on this book."""
SNAPSHOT_LEVELS: Final = 1_000
_NS_PER_S: Final = 1e9
_DEPTH: Final = b'"depthUpdate"'
_NOT_WATCHED: Final[Table] = np.zeros(WATCH_WORDS * MAX_SYMBOLS, np.int64)


class MarketReader:
    """The streams `<symbol>@depth` and `<symbol>@markPrice` of one symbol. depth: levels that the engine sees.

    Times are nanoseconds of the clock that also stamps the events; it must not go back.
    """

    def __init__(self, symbol: str, depth: int) -> None:
        self.symbol, self._depth = symbol, depth
        self.book = CompiledLocalBook(symbol, Venue.USDM)
        self.stream = FeedStream(f"{symbol.lower()}@depth", symbol)
        self.clock = ClockOffset()
        self.judge = BookJudge(self.book, self.stream, self.clock, LIMITS)

    def opened(self, now_ns: int) -> None:
        """The connection of the depth stream is open; a snapshot is wanted next."""
        self.stream.open(now_ns / _NS_PER_S)

    def lost(self, now_ns: int) -> BookChanged:
        """The connection is lost: the book is not usable until a snapshot after `opened`."""
        self.stream.connected = False
        self.book.invalidate("its stream is not connected")
        return self._changed(now_ns)

    def unusable(self, now_ns: int) -> Unusable | None:
        """Why the book must not be used; None if it may."""
        return self.judge.why(now_ns / _NS_PER_S)

    @property
    def wants_snapshot(self) -> bool:
        """True while only a snapshot makes the book usable."""
        return self.stream.connected and self.book.cause is not None and remedy(self.book.cause) is not Remedy.WAIT

    def on_snapshot(self, body: bytes, now_ns: int) -> BookChanged | None:
        """The answer of `GET /depth`; None if it cannot be read or does not fit the updates: fetch another."""
        try:
            snapshot = decode(body)
            if not isinstance(snapshot, Snapshot):
                return None
            self.book.load(snapshot)
        except WireError:
            return None
        return self._changed(now_ns) if self.book.in_sync else None

    def on_frame(self, raw: bytes, now_ns: int) -> BookChanged | MarkChanged | None:
        """What a frame changes; None for frames of other streams and symbols."""
        if _DEPTH in raw:
            return self._on_depth(raw, now_ns)
        return self._on_other(raw, now_ns)

    @property
    def update_id(self) -> int:
        """The update at which the book is; 0 without one."""
        return self.book.book.update_id or 0

    @property
    def is_steady(self) -> bool:
        """Whether the book is usable and stays so while its updates come in order and without a pause."""
        return self.judge.is_steady

    def steady_until_s(self, noted_s: float | None = None) -> float:
        """Until when the next update may come, in seconds; after one at some time, or after the last."""
        return self.judge.due_s(noted_s)

    def pass_rows(self, text: bytes, table: Table, rows: tuple[int, int], symbol: int, times_ns: Sequence[int]) -> None:
        """As `on_frame`, of the updates of a symbol's number in scanned lines, at their times; nothing is judged."""
        from skills_lib.market.depth.tape.scanning.entries import ENTRIES

        passed, (place, end) = np.zeros(PASSED_WORDS, np.int64), rows
        address, watched, out = (values.ctypes.data for values in (table, _NOT_WATCHED, passed))
        while place < end:
            place = ENTRIES.pass_rows(text, address, place, end, symbol, watched, self.book.address, out)
            if place < end:
                start, stop = table[place, [START, END]].tolist()
                self.book.receive_found(text[start:stop], float(passed[CODE]))
                place += 1
        self.book.note_passed()
        self.stream.pass_messages([now_ns / _NS_PER_S for now_ns in times_ns], times_ns[-1])
        self.judge.pass_until(times_ns[-1] / _NS_PER_S)

    def _on_depth(self, raw: bytes, now_ns: int) -> BookChanged | None:
        try:
            self.book.receive_raw(raw)
        except WireError:
            if self._is_of_another(raw):
                return None
            self.book.invalidate("a message of its stream cannot be read")
        stream = self.stream
        stream.messages += 1
        stream.local_ts_ns = now_ns
        now_s = now_ns / _NS_PER_S
        stream.update_activity(now_s)
        return self._judged(now_ns, self.judge.note(now_s))

    def _is_of_another(self, raw: bytes) -> bool:
        try:
            message = decode(raw)
        except WireError:
            return False
        return not isinstance(message, DepthUpdate) or message.symbol != self.symbol

    def _on_other(self, raw: bytes, now_ns: int) -> MarkChanged | None:
        try:
            mark = decode(raw)
            if not isinstance(mark, MarkPrice) or mark.symbol != self.symbol:
                return None
            return MarkChanged(now_ns, self.symbol, mark.exch_ts_ns, parse(mark.mark_price))
        except (WireError, ValueError):
            return None  # a later one follows within seconds

    def _changed(self, now_ns: int) -> BookChanged:
        return self._judged(now_ns, self.judge.why(now_ns / _NS_PER_S))

    def _judged(self, now_ns: int, why: Unusable | None) -> BookChanged:
        """The book as it is now; not usable: without levels."""
        usable, book = why is None, self.book.book
        event_ns, update_id = self.book.exch_ts_ns or 0, book.update_id or 0
        if not usable:
            return BookChanged(now_ns, self.symbol, event_ns, update_id, False, (), ())
        bids, asks = book.scaled_top(self._depth, *_units(book.scale))
        return BookChanged(now_ns, self.symbol, event_ns, update_id, True, bids, asks)


@lru_cache
def _units(scale: Scale) -> tuple[int, int]:
    """A unit of price and one of quantity, in units of 1e-8."""
    return 10 ** (DIGITS - scale.price_decimals), 10 ** (DIGITS - scale.quantity_decimals)
