"""Arrays that are written again once nobody holds them.

Memory that the system hands out array by array costs several times the work of filling it, and memory just written
is still in the caches.
"""

import sys
from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

Row = npt.NDArray[Any]

_BLOCK_BYTES = 18_000_000
"""From 4 MB on numpy asks the system for large pages, which begin at multiples of their 2 MB."""
_MAX_ROWS = 128
_LOOKED_AT = 2
"""Rows given back of which one may be free, before a new one is made."""


class RecycledRows:
    """Rows of one length and kind. Two threads may share them."""

    def __init__(self, kind: type[np.generic]) -> None:
        self._kind = np.dtype(kind)
        self._rows: deque[Row] = deque()
        row = np.empty(0)
        self._references_if_free = sys.getrefcount(row)  # differs between versions of Python

    def take(self, n: int) -> Row:
        """A row of `n` values, whatever they are; nobody else holds it, nor a view of it."""
        for _ in range(_LOOKED_AT):
            try:
                row = self._rows.popleft()
            except IndexError:
                break
            if sys.getrefcount(row) > self._references_if_free:
                self._rows.append(row)
            elif len(row) == n:
                if not row.flags.writeable:
                    row.flags.writeable = True
                return row
        return self._made(n)

    def give_back(self, row: Row) -> None:
        """Let the row be taken again, once nobody else holds it."""
        if not isinstance(row.base, np.ndarray):  # whose views would hold that base, not the row: see _made
            self._rows.append(row)

    def _made(self, n: int) -> Row:
        size = n * self._kind.itemsize
        if size == 0:
            return np.empty(0, self._kind)
        count = min(max(1, _BLOCK_BYTES // size), _MAX_ROWS)
        # A view's base is the nearest array that owns its memory or has it from something that is no array: rows made
        # from a buffer are the base of their views, so whoever holds a view holds the row.
        buffer = np.empty(count * size, dtype=np.uint8).data
        rows = [np.frombuffer(buffer, self._kind, n, place * size) for place in range(count)]
        self._rows.extendleft(rows[1:])
        return rows[0]
