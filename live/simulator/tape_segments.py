"""A tape as tables of integers, decoded once for every run on it. A message is made only where one is needed."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from live.simulator.latency import MS
from live.simulator.scaled_messages import scaled_line
from live.simulator.segment_books import BookRecorder, SegmentBooks
from live.simulator.tape_source import Played, event_ns, require_named
from skills_lib.market.depth.event_ids import TradesOnce
from skills_lib.market.depth.model import AggTrade, DepthUpdate, Message, Trade
from skills_lib.market.depth.tape.attribution import WINDOW_LINES, Attributed
from skills_lib.market.depth.tape.lines import TapeDamage, TapeLine
from skills_lib.market.depth.tape.scanning import layout as at
from skills_lib.market.depth.tape.scanning.attributed import BLOCK_BYTES, AttributedBlock, attributed_blocks
from skills_lib.market.depth.tape.scanning.scanner import Table
from skills_lib.market.depth.wire import decode

_TRADES: dict[int, type] = {at.TRADE: Trade, at.AGG_TRADE: AggTrade}
_KINDS = frozenset(_TRADES.values())
_Texts = dict[int, tuple[Message, bytes, str]]
"""Messages that compiled code did not read, by row: with their bytes and their symbol."""
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive lines that are played: a row of `table` (scanning/layout.py) and a time in nanoseconds of each.

    symbols: by number. ordinary: the lines that compiled code did not read, by place. books: after each diff.
    """

    text: bytes
    table: Table
    times_ns: Table
    symbols: list[str]
    ordinary: dict[int, Played]
    books: SegmentBooks
    address: int = field(init=False)
    """Where compiled code finds the table."""
    times: list[int] = field(init=False)
    """As `times_ns`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", self.table.ctypes.data)
        object.__setattr__(self, "times", self.times_ns.tolist())

    def __len__(self) -> int:
        return len(self.table)

    def played(self, place: int) -> Played:
        """A line with its message, whose numbers are read."""
        found = self.ordinary.get(place)
        if found is not None:
            return found
        raw, symbol = self.raw(place), self.symbols[self.table.item(place, at.SYMBOL)]
        return scaled_line(Played(decode(raw), raw, symbol, int(self.times_ns[place])))

    def raw(self, place: int) -> bytes:
        """The bytes of a message that compiled code has read."""
        return self.text[self.table.item(place, at.START) : self.table.item(place, at.END)]

    def named(self) -> set[str]:
        """Symbols of which it holds updates."""
        numbers = np.unique(self.table[self.table[:, at.KIND] == at.DEPTH, at.SYMBOL])
        updates = [line.symbol for line in self.ordinary.values() if isinstance(line.message, DepthUpdate)]
        return {*updates, *(self.symbols[number] for number in numbers.tolist())}


def segments_of(lines: Iterable[bytes | TapeDamage], block_bytes: int = BLOCK_BYTES) -> Iterator[Segment]:
    """The lines that `TapeSource` would play, in order, in segments that are not empty.

    lines, block_bytes: as `attributed_blocks`.

    Raises:
        InputError: the tape is from the spot market or of COIN-M futures.
    """
    source = _SegmentSource()
    for block in attributed_blocks(lines, block_bytes):
        segment = source.segment(block)
        if len(segment):
            yield segment
        if source.is_hopeless:
            break
    require_named(source.named, source.refused)


@dataclass(slots=True)
class _SegmentSource:
    """As `TapeSource`, for blocks of lines."""

    named: bool = False
    refused: Counter[str] = field(default_factory=Counter)
    _time_ns: int = 0
    _first_named: int = 0
    _trades: TradesOnce = field(default_factory=TradesOnce)
    _books: BookRecorder = field(default_factory=BookRecorder)

    @property
    def is_hopeless(self) -> bool:
        """Whether so many lines were refused before any update that none is expected any more."""
        return not self.named and self.refused.total() > WINDOW_LINES

    def segment(self, block: AttributedBlock) -> Segment:
        """The lines of a block that are played."""
        table, texts = block.scanned.table, _Texts()
        kept = table[:, at.KIND] != at.ORDINARY
        events_ns = np.where(kept, table[:, at.EVENT_MS] * MS, 0)
        named = np.flatnonzero(table[:, at.KIND] == at.DEPTH)
        self._first_named = int(named[0]) if len(named) else len(table)
        for row, entries in block.entries.items():
            self._read(row, entries, texts)
            if self.is_hopeless:
                kept[row + 1 :] = False
                break
        self.named = self.named or (len(named) > 0 and not self.is_hopeless)
        for row, (message, _, _) in texts.items():
            kept[row], events_ns[row] = True, event_ns(message)
        self._drop_repeats(block, texts, kept)
        return self._joined(block, texts, kept, events_ns)

    def _read(self, row: int, entries: list[Attributed], texts: _Texts) -> None:
        """What a row holds that compiled code did not read, if it may be played."""
        self.named = self.named or row > self._first_named
        for entry in entries:
            if entry.refusal:
                self.refused[entry.refusal] += 1
            elif entry.message is not None and isinstance(entry.line, TapeLine):
                self.named = self.named or isinstance(entry.message, DepthUpdate)
                texts[row] = entry.message, entry.line.raw, entry.symbol

    def _drop_repeats(self, block: AttributedBlock, texts: _Texts, kept: Mask) -> None:
        """Leave out trades that were seen before."""
        table, symbols = block.scanned.table, block.scanned.symbols
        mixed = any(type(message) in _KINDS for message, _, _ in texts.values())
        is_trade = kept & np.isin(table[:, at.KIND], list(_TRADES))
        streams = np.unique(table[is_trade][:, [at.KIND, at.SYMBOL]], axis=0).tolist()
        for kind, number in streams if not mixed else ():
            rows = np.flatnonzero(is_trade & (table[:, at.KIND] == kind) & (table[:, at.SYMBOL] == number))
            found = table[rows, at.ID]
            ids = self._trades.ids_of(symbols[number], _TRADES[kind])
            latest_ms = int(table[rows, at.MATCHED_MS].max())
            if not ((np.diff(found) > 0).all() and ids.all_new(found.tolist(), latest_ms)):
                kept[rows] = [ids.is_new(*one) for one in table[rows][:, [at.ID, at.MATCHED_MS]].tolist()]
        for row in np.flatnonzero(kept).tolist() if mixed else ():
            kind, number = table[row, [at.KIND, at.SYMBOL]].tolist()
            if row in texts:
                kept[row] = self._trades.is_new(texts[row][0])
            elif kind in _TRADES:
                ids = self._trades.ids_of(symbols[number], _TRADES[kind])
                kept[row] = ids.is_new(*table[row, [at.ID, at.MATCHED_MS]].tolist())

    def _joined(self, block: AttributedBlock, texts: _Texts, kept: Mask, events_ns: Table) -> Segment:
        rows = np.flatnonzero(kept)
        times_ns = self._times(events_ns[rows], block.scanned.table[rows, at.LOCAL_NS])
        ordinary = {}
        for row in texts:
            if kept[row]:
                place = int(np.searchsorted(rows, row))
                ordinary[place] = scaled_line(Played(*texts[row], int(times_ns[place])))
        text, table, symbols = block.scanned.text, block.scanned.table[rows], block.scanned.symbols
        books = self._books.record(text, table, symbols, ordinary)
        return Segment(text, table, times_ns, symbols, ordinary, books)

    def _times(self, events_ns: Table, local_ns: Table) -> Table:
        """Times never decrease; before the first event time those of receipt hold."""
        for place in range(len(events_ns)):
            if self._time_ns:
                break
            events_ns[place] = events_ns[place] or max(int(local_ns[place]), 0)
            self._time_ns = int(events_ns[place])
        times_ns = np.maximum(np.maximum.accumulate(events_ns), self._time_ns)
        self._time_ns = int(times_ns[-1]) if len(times_ns) else self._time_ns
        return times_ns
