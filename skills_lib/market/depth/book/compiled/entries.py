"""The compiled functions that Python calls, kept compiled between processes.

Their types are told, so that they are compiled when a book is made and not when its first message waits.
"""

import zlib
from pathlib import Path
from typing import Any, NamedTuple

from numba import njit, typeof, types

from skills_lib.market.depth.book.compiled import apply, layout, memory, parse


class Entries(NamedTuple):
    """`address` is that of a block as fast_state.py lays it out."""

    consume: Any
    apply_parsed: Any
    summary: Any
    best_levels: Any


def _sources() -> int:
    """A sum of the compiled modules' text."""
    modules = (apply, memory, parse, layout)
    return zlib.crc32(b"".join(Path(str(module.__file__)).read_bytes() for module in modules))


def _compiled(sources: int) -> Entries:
    # numba's cache sees changes of a function's own file and of what it encloses, not of functions it calls:
    # enclosing the sum of their files' text keeps a changed rule from running as it was compiled before.
    @njit(types.float64(typeof(b""), types.int64), cache=True)
    def consume(raw, address):
        return apply.GENERAL if sources < 0 else apply.consume(raw, address)

    @njit(types.void(types.int64), cache=True)
    def apply_parsed(address):
        if sources >= 0:
            apply.apply_parsed(address)

    @njit(types.float64(types.int64), cache=True)
    def summary(address):
        return apply.EMPTY if sources < 0 else apply.summary(address)

    @njit(types.int64(types.int64, types.int64, types.int64, types.int64), cache=True)
    def best_levels(address, side, wanted, out):
        return 0 if sources < 0 else apply.best_levels(address, side, wanted, out)

    return Entries(consume, apply_parsed, summary, best_levels)


ENTRIES = _compiled(_sources())
