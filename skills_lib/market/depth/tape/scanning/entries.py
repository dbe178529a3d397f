"""Entry points from Python to the compiled scanner, cached on disk between processes."""

import zlib
from pathlib import Path
from typing import Any, NamedTuple

from numba import njit, typeof, types

from skills_lib.market.depth.book.compiled import apply, memory, parse
from skills_lib.market.depth.book.compiled import layout as book_layout
from skills_lib.market.depth.tape.scanning import layout, objects, passages, rules


class ScanEntries(NamedTuple):
    """Texts and blocks are bytes; `table`, `symbols`, `book` and the like are addresses."""

    count_lines: Any
    scan: Any
    record: Any
    quiet_end: Any
    pass_rows: Any
    evidence_start: Any


def _sources() -> int:
    """A checksum of the compiled modules' sources."""
    modules = (rules, objects, layout, passages, memory, apply, parse, book_layout)
    return zlib.crc32(b"".join(Path(str(module.__file__)).read_bytes() for module in modules))


def _compiled(sources: int) -> ScanEntries:
    # As in market/depth/book/compiled/entries.py: the checksum in the closure invalidates numba's cache.
    @njit(types.int64(typeof(b"")), cache=True)
    def count_lines(block):
        return 0 if sources < 0 else rules.count_lines(block)

    @njit(types.int64(typeof(b""), types.int64, types.int64, types.int64), cache=True)
    def scan(block, table, symbols, fields):
        return 0 if sources < 0 else rules.scan(block, table, symbols, fields)

    @njit(types.int64(typeof(b""), *_words(11)), cache=True)
    def record(text, table, place, end, symbol, book, number, states, bests, tops, price_unit, quantity_unit):
        if sources < 0:
            return 0
        return passages.record(
            text, table, place, end, symbol, book, number, states, bests, tops, price_unit, quantity_unit
        )

    @njit(types.int64(*_words(7)), cache=True)
    def quiet_end(table, place, end, number, states, bests, watched):
        return 0 if sources < 0 else passages.quiet_end(table, place, end, number, states, bests, watched)

    @njit(types.int64(typeof(b""), *_words(7)), cache=True)
    def pass_rows(text, table, place, end, symbol, watched, book, out):
        return 0 if sources < 0 else passages.pass_rows(text, table, place, end, symbol, watched, book, out)

    @njit(types.int64(*_words(5)), cache=True)
    def evidence_start(table, place, end, symbol, pending):
        return 0 if sources < 0 else passages.evidence_start(table, place, end, symbol, pending)

    return ScanEntries(count_lines, scan, record, quiet_end, pass_rows, evidence_start)


def _words(count: int) -> list[Any]:
    return [types.int64] * count


ENTRIES = _compiled(_sources())
