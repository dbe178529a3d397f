"""Scans blocks of whole lines; symbols keep their number from one block to the next."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skills_lib.market.depth.tape.scanning import layout as at

Table = npt.NDArray[np.int64]


class ScannedBlock(NamedTuple):
    """Lines as bytes, and a row of `table` for each (layout.py). symbols: by number."""

    text: bytes
    table: Table
    symbols: list[str]


class Scanner:
    """Scans the blocks of one tape, in order."""

    def __init__(self) -> None:
        from skills_lib.market.depth.tape.scanning.entries import ENTRIES
        from skills_lib.market.depth.tape.scanning.objects import FIELDS

        self._entries = ENTRIES
        self._symbols: Table = np.zeros(at.TABLE_WORDS, np.int64)
        self._fields: Table = np.zeros(3 * FIELDS, np.int64)
        self._names: list[str] = []

    def scan(self, text: bytes) -> ScannedBlock:
        """The rows of a block of whole lines."""
        table: Table = np.zeros((self._entries.count_lines(text), at.COLUMNS), np.int64)
        self._entries.scan(text, table.ctypes.data, self._symbols.ctypes.data, self._fields.ctypes.data)
        return ScannedBlock(text, table, self._named())

    def _named(self) -> list[str]:
        for number in range(len(self._names), int(self._symbols[0])):
            start = at.SYMBOLS + number * at.SYMBOL_WORDS
            length = int(self._symbols[start])
            letters = self._symbols[start + 1 : start + 1 + length].astype(np.uint8)
            self._names.append(letters.tobytes().decode("ascii"))
        return self._names
