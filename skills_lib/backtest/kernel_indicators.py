"""Compiled indicators that sweeps ask for most; equal to `domain.indicators` and `domain.signals` bit for bit."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.kernel_model import brief, compiled
from skills_lib.domain import indicators
from skills_lib.domain.bars import BoolArray, FloatArray

_FLOAT = np.dtype(np.float64)
_COMPARED_AT_ONCE = 8_192
_BLOCK_BYTES = 4_500_000
"""From 4 MB on numpy asks the system for large pages."""
_ONLY_RETIRED = 3
"""References to an array that is only in the list of retired ones: the list's, the loop's and the question's."""


class CompiledIndicators:
    """The compiled indicators of one sweep.

    Results are written where others were that a memory has forgotten, or into large blocks: memory that the system
    hands out array by array costs several times the work.
    """

    def __init__(self) -> None:
        self._free: list[FloatArray] = []
        self._retired: list[FloatArray] = []

    def functions(self) -> dict[str, Callable[..., FloatArray]]:
        """By name. Not kept here: a cycle of references would keep all memory until a collection."""
        return {"sma": self.sma}

    def sma(self, values: FloatArray, period: int) -> FloatArray:
        """`indicators.sma`."""
        if 1 <= period <= len(values) and isinstance(period, int):
            out = self._row(len(values))
            if _average(view(values), period, out):
                return out
        return indicators.sma(values, period)

    def retire(self, result: FloatArray) -> None:
        """Take back what is no longer remembered; it is written over once nobody else holds it."""
        self._retired.append(result)

    def _row(self, n: int) -> FloatArray:
        for place in range(len(self._retired)):
            old = self._retired[place]
            if len(old) == n and sys.getrefcount(old) == _ONLY_RETIRED:
                del self._retired[place]
                old.flags.writeable = True
                return old
        try:
            row = self._free.pop()
        except IndexError:
            block = np.empty((max(1, _BLOCK_BYTES // (8 * n)), n))
            self._free = [*block[1:]]
            row = block[0]
        return row if len(row) == n else np.empty(n)


def crosses(series: FloatArray, level: FloatArray) -> tuple[BoolArray, BoolArray]:
    """`signals.crosses` of two arrays."""
    above, below = _crosses(view(series), view(level))
    return above, below


def view(values: FloatArray) -> FloatArray:
    """The values as the compiled functions want them: one kind of argument, one compilation."""
    array: FloatArray = plain(values, _FLOAT)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def plain(array: npt.NDArray[Any], kind: "np.dtype[Any]") -> npt.NDArray[Any]:
    """The array itself where it is contiguous and of this kind, else a copy that is."""
    if array.dtype == kind and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(array, dtype=kind)


@compiled
def _average(values, period, out):
    """Fill `out`; False where a value is not a finite number."""
    total = 0.0
    unchanged = 0
    before = np.nan
    for i in range(period):
        total += values[i]
        unchanged = unchanged + 1 if values[i] == before else 1
        before = values[i]
        out[i] = np.nan
    out[period - 1] = before if unchanged >= period else total / period
    new, old, averages = values[period:], values[: len(values) - period], out[period:]
    for i in range(len(new)):
        total += new[i] - old[i]
        unchanged = unchanged + 1 if new[i] == before else 1
        before = new[i]
        averages[i] = before if unchanged >= period else total / period
    return np.isfinite(total)


@brief
def _crosses(series, level):
    """`signals.crosses_above` and `crosses_below` in one pass."""
    n = len(series)
    above, below = np.empty(n, dtype=np.bool_), np.empty(n, dtype=np.bool_)
    side = np.empty(min(n, _COMPARED_AT_ONCE) + 1, dtype=np.uint8)
    side[0] = 0  # before the first bar nothing is below or above
    for start in range(0, n, _COMPARED_AT_ONCE):
        one, other = series[start : start + _COMPARED_AT_ONCE], level[start : start + _COMPARED_AT_ONCE]
        up, down = above[start : start + _COMPARED_AT_ONCE], below[start : start + _COMPARED_AT_ONCE]
        now, before = side[1 : len(one) + 1], side[: len(one)]
        for i in range(len(now)):
            now[i] = (one[i] >= other[i]) + 2 * (one[i] <= other[i])  # 1 above, 2 below, 3 equal, 0 undefined
        for i in range(len(now)):
            up[i] = (now[i] == 1) & ((before[i] & 2) != 0)
            down[i] = (now[i] == 2) & ((before[i] & 1) != 0)
        side[0] = now[-1]
    return above, below
