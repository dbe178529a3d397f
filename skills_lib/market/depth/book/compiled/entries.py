"""Entry points from Python to the compiled functions, cached on disk between processes.

Explicit signatures compile them at import, not on the first message.
"""

import zlib
from pathlib import Path
from typing import Any, NamedTuple

from numba import njit, typeof, types

from skills_lib.market.depth.book.compiled import apply, layout, memory, parse


class Entries(NamedTuple):
    """`address` is that of a block as layout.py defines it."""

    consume: Any
    apply_parsed: Any
    summary: Any
    best_levels: Any
    best_prices: Any
    scaled_top: Any
    named_prices: Any


def _sources() -> int:
    """A checksum of the compiled modules' sources."""
    modules = (apply, memory, parse, layout)
    return zlib.crc32(b"".join(Path(str(module.__file__)).read_bytes() for module in modules))


def _compiled(sources: int) -> Entries:  # noqa: C901 - one branch an entry point
    # numba's cache is keyed by a function's own file and closure, not by the functions it calls: the checksum in the
    # closure invalidates the cache when any of those files changes.
    @njit(types.float64(typeof(b""), types.int64), cache=True)
    def consume(raw, address):
        return apply.GENERAL if sources < 0 else apply.consume(raw, address)

    @njit(types.void(types.int64), cache=True)
    def apply_parsed(address):
        if sources >= 0:
            apply.apply_parsed(address)

    @njit(types.float64(types.int64), cache=True)
    def summary(address):
        return apply.UNSOUND if sources < 0 else apply.summary(address)

    @njit(types.int64(types.int64, types.int64, types.int64, types.int64), cache=True)
    def best_levels(address, side, wanted, out):
        return 0 if sources < 0 else apply.best_levels(address, side, wanted, out)

    @njit(types.void(types.int64, types.int64), cache=True)
    def best_prices(address, out):
        if sources >= 0:
            apply.best_prices(address, out)

    @njit(types.int64(types.int64, types.int64, types.int64, types.int64, types.int64), cache=True)
    def scaled_top(address, wanted, price_unit, quantity_unit, out):
        return -1 if sources < 0 else apply.scaled_top(address, wanted, price_unit, quantity_unit, out)

    @njit(types.int64(types.int64, types.int64, types.int64), cache=True)
    def named_prices(address, side, out):
        return 0 if sources < 0 else apply.named_prices(address, side, out)

    return Entries(consume, apply_parsed, summary, best_levels, best_prices, scaled_top, named_prices)


ENTRIES = _compiled(_sources())
