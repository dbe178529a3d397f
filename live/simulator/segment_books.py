"""The order books of a tape after each of its diffs, computed once for every run on it."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from live.simulator.tape_book import TapeLocalBook
from live.simulator.tape_source import Played
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Venue, WireError
from skills_lib.market.depth.tape.scanning import layout as at
from skills_lib.market.depth.tape.scanning.entries import ENTRIES
from skills_lib.market.depth.tape.scanning.passages import BEST_WORDS, TOP_WORDS, UNSOUND
from skills_lib.market.depth.tape.scanning.scanner import Table


@dataclass(frozen=True, slots=True)
class SegmentBooks:
    """Of each diff of a segment, by its number: rows, states (passages.py), best bid and ask, and the best levels.

    Prices and quantities in units of 1e-8; bids before asks, price and quantity of each level.
    """

    rows: list[int]
    states: Table
    bests: Table
    tops: Table
    states_address: int
    bests_address: int
    kept: dict[object, list[int]] = field(default_factory=dict)
    """What runs compute from the books, for other runs of the same settings."""


class _Rows(NamedTuple):
    """Rows of a table that hold diffs of a symbol, by its number."""

    text: bytes
    table: Table
    place: int
    end: int
    symbol: int


class BookRecorder:
    """Follows the books of a tape, segment by segment, as an exchange that plays it does."""

    def __init__(self) -> None:
        self._books: dict[str, TapeLocalBook] = {}

    def record(self, text: bytes, table: Table, symbols: list[str], ordinary: dict[int, Played]) -> SegmentBooks:
        """The books of a segment. ordinary: its lines that compiled code has not read, by row."""
        rows = np.flatnonzero(table[:, at.KIND] == at.DEPTH)
        count = len(rows)
        shapes = (count + 1, (count, BEST_WORDS), (count, TOP_WORDS))
        states, bests, tops = (np.zeros(shape, np.int64) for shape in shapes)
        books = SegmentBooks(rows.tolist(), states, bests, tops, states.ctypes.data, bests.ctypes.data)
        place = 0
        for row in [*sorted(ordinary), len(table)]:
            for number in np.unique(table[place:row][table[place:row, at.KIND] == at.DEPTH, at.SYMBOL]).tolist():
                self._follow(_Rows(text, table, place, row, number), self._book(symbols[number]), books)
            if row in ordinary:
                self._take(ordinary[row])
            place = row
        return books

    def _book(self, symbol: str) -> TapeLocalBook:
        return self._books.setdefault(symbol, TapeLocalBook(symbol, Venue.USDM))

    def _take(self, line: Played) -> None:
        """As `MarketFeed.take`; a message that cannot be applied changes nothing."""
        try:
            if isinstance(line.message, DepthUpdate):
                self._book(line.symbol).receive_raw(line.raw)
            elif isinstance(line.message, Snapshot):
                self._book(line.symbol).load(line.message)
        except WireError:
            return

    def _follow(self, found: _Rows, book: TapeLocalBook, books: SegmentBooks) -> None:
        text, table, place, end, symbol = found
        addresses = [values.ctypes.data for values in (books.states, books.bests, books.tops)]
        rows = np.array(books.rows, np.int64)
        while place < end:
            number = int(np.searchsorted(rows, place))
            place = ENTRIES.record(
                text, table.ctypes.data, place, end, symbol, book.address, number, *addresses, *book.units
            )
            if place < end:
                self._finish(book, text[table[place, at.START] : table[place, at.END]], books, place)
                place += 1

    def _finish(self, book: TapeLocalBook, raw: bytes, books: SegmentBooks, row: int) -> None:
        number = int(np.searchsorted(books.rows, row))
        found, books.states[number] = -float(books.states[number]), UNSOUND
        try:
            book.receive_found(raw, found)
        except WireError:
            return
