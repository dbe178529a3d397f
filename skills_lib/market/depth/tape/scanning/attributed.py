"""Blocks of a tape with their lines attributed to symbols, as `attribution.attributed` does line by line.

Only lines that compiled code does not read are decoded here; of all others the evidence is taken from the table.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from skills_lib.domain.instruments import is_coin_margined
from skills_lib.market.depth.model import (
    DepthUpdate,
    MarkPrice,
    Message,
    Snapshot,
    UnhandledMessage,
    Venue,
    WireError,
)
from skills_lib.market.depth.tape.attribution import (
    WINDOW_LINES,
    Attributed,
    SymbolEvidence,
    TapeEvidence,
    is_nameless,
)
from skills_lib.market.depth.tape.lines import BadLine, TapeDamage, TapeLine, parsed
from skills_lib.market.depth.tape.scanning import layout as at
from skills_lib.market.depth.tape.scanning.scanner import ScannedBlock, Scanner, Table
from skills_lib.market.depth.wire import decode

BLOCK_BYTES = 1 << 22
_PRICES_REMEMBERED = 200
"""As many prices of diffs as `SymbolEvidence` keeps."""


@dataclass(frozen=True, slots=True)
class AttributedBlock:
    """A scanned block. entries: what ORDINARY rows hold, by row. damages: places before it where bytes are lost."""

    scanned: ScannedBlock
    entries: dict[int, list[Attributed]]
    damages: int


@dataclass(slots=True)
class _Nameless:
    """A snapshot of no symbol: it is placed after entry number `due`, by what the tape has told until then."""

    due: int
    block: AttributedBlock
    row: int
    place: int


def attributed_blocks(lines: Iterable[bytes | TapeDamage], block_bytes: int = BLOCK_BYTES) -> Iterator[AttributedBlock]:
    """The blocks of a tape of USD-M futures; as many are held back as the evidence for a snapshot needs.

    lines: blocks of whole lines, as `lines.read_blocks` reads them. block_bytes: they are joined to so many bytes
    or more, unless bytes are lost behind them.
    """
    reader, held = _Reader(), deque[AttributedBlock]()
    for item in _larger(lines, block_bytes):
        if isinstance(item, TapeDamage):
            reader.damage()
            continue
        held.append(reader.read(item))
        while held and not reader.waits_for(held[0]):
            yield held.popleft()
    reader.place_all()
    yield from held


def _larger(items: Iterable[bytes | TapeDamage], size_wanted: int) -> Iterator[bytes | TapeDamage]:
    """The same text in fewer blocks, of so many bytes or more."""
    collected, size = list[bytes](), 0
    for item in items:
        if isinstance(item, bytes):
            collected.append(item)
            size += len(item)
        if collected and (size >= size_wanted or isinstance(item, TapeDamage)):
            yield b"".join(collected)
            collected, size = [], 0
        if isinstance(item, TapeDamage):
            yield item
    if collected:
        yield b"".join(collected)


class _Reader:
    """Reads blocks in order. Entries are numbered as `attributed` counts them; most rows are one."""

    def __init__(self) -> None:
        self._scanner, self._evidence = Scanner(), TapeEvidence(Venue.USDM)
        self._waiting: deque[_Nameless] = deque()
        self._seen = self._damages = 0
        self._row = self._noted = 0

    def damage(self) -> None:
        """Bytes are lost here."""
        self._damages += 1
        self._seen += 1

    def waits_for(self, block: AttributedBlock) -> bool:
        """Whether a snapshot of the block has no symbol yet."""
        return any(one.block is block for one in self._waiting)

    def place_all(self) -> None:
        """The tape has ended."""
        while self._waiting:
            self._place()

    def read(self, text: bytes) -> AttributedBlock:
        """The next block."""
        scanned = self._scanner.scan(text)
        _leave_coin_m(scanned)
        block = AttributedBlock(scanned, {}, self._damages)
        self._damages = self._row = self._noted = 0
        for row in np.flatnonzero(scanned.table[:, at.KIND] == at.ORDINARY).tolist():
            self._pass(block, row)
            block.entries[row] = []
            for line in parsed([_line(scanned, row)]):
                self._read(block, row, line)
            self._row += 1
        self._pass(block, len(scanned.table))
        self._note(block)
        return block

    def _pass(self, block: AttributedBlock, stop: int) -> None:
        """Go on to a row; those before it are not ordinary. Snapshots that fall due on the way are placed."""
        while self._row < stop:
            left = stop - self._row
            count = min(left, max(self._waiting[0].due - self._seen + 1, 1)) if self._waiting else left
            self._row += count
            self._seen += count
            self._place_due(block)

    def _read(self, block: AttributedBlock, row: int, line: TapeLine | BadLine) -> None:
        entry = self._attributed(block, line)
        block.entries[row].append(entry)
        if is_nameless(entry):
            self._waiting.append(_Nameless(self._seen + WINDOW_LINES, block, row, len(block.entries[row]) - 1))
        self._seen += 1
        self._place_due(block)

    def _attributed(self, block: AttributedBlock, line: TapeLine | BadLine) -> Attributed:
        try:
            message = decode(line.raw) if isinstance(line, TapeLine) else None
        except WireError:
            message = None
        if message is None or not isinstance(line, TapeLine):
            return Attributed(line)
        if not isinstance(message, _SAYS_NOTHING):
            self._note(block)
        return self._evidence.note_message(line, message)

    def _place_due(self, block: AttributedBlock) -> None:
        while self._waiting and self._waiting[0].due < self._seen:
            self._note(block)
            self._place()

    def _place(self) -> None:
        found = self._waiting.popleft()
        entries = found.block.entries[found.row]
        entries[found.place] = self._evidence.place(entries[found.place])

    def _note(self, block: AttributedBlock) -> None:
        """Take the evidence of the rows that were passed."""
        scanned, rows = block.scanned, block.scanned.table[self._noted : self._row]
        self._noted = self._row
        if not len(rows):
            return
        for number in np.unique(rows[rows[:, at.KIND] != at.ORDINARY, at.SYMBOL]).tolist():
            own = rows[(rows[:, at.KIND] != at.ORDINARY) & (rows[:, at.SYMBOL] == number)]
            updates = own[own[:, at.KIND] == at.DEPTH]
            known = self._evidence.of_symbol(scanned.symbols[number], bool(len(updates)))
            _note_prices(known, scanned, own[own[:, at.KIND] != at.DEPTH])
            _note_updates(known, scanned, updates)


_SAYS_NOTHING = (Snapshot, MarkPrice, UnhandledMessage)
"""Messages whose evidence is the same before and behind that of the rows around them."""


def _line(scanned: ScannedBlock, row: int) -> bytes:
    start, end = scanned.table[row, [at.LINE_START, at.END]].tolist()
    return scanned.text[start:end]


def _message(scanned: ScannedBlock, row: Table) -> Message:
    return decode(scanned.text[row[at.START] : row[at.END]])


def _leave_coin_m(scanned: ScannedBlock) -> None:
    """Lines of COIN-M's symbols are refused one by one."""
    for number, symbol in enumerate(scanned.symbols):
        if is_coin_margined(symbol):
            scanned.table[scanned.table[:, at.SYMBOL] == number, at.KIND] = at.ORDINARY


def _note_prices(known: SymbolEvidence, scanned: ScannedBlock, rows: Table) -> None:
    """Of tickers and trades the last price counts, and the most decimals."""
    if len(rows):
        known.note(_message(scanned, rows[-1]))
        known.places = max(known.places, int(rows[:, at.PLACES].max()))


def _note_updates(known: SymbolEvidence, scanned: ScannedBlock, rows: Table) -> None:
    """Of diffs the chain counts, and the last prices that they note."""
    if not len(rows):
        return
    for before, final in rows[:, [at.SECOND, at.ID]].tolist():
        known.note_chain(before, final)
    known.places = max(known.places, int(rows[:, at.PLACES].max()))
    enough = np.searchsorted(np.cumsum(rows[::-1, at.THIRD]), _PRICES_REMEMBERED) + 1
    for row in rows[-min(int(enough), len(rows)) :]:
        update = _message(scanned, row)
        assert isinstance(update, DepthUpdate)
        known.note_prices(update)
