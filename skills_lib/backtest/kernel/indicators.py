"""Compiled indicators that sweeps ask for most; equal to `domain.indicators` and `domain.signals` bit for bit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.kernel.arrays import brief, compiled, part
from skills_lib.backtest.kernel.buffer_pool import RecycledRows
from skills_lib.domain import indicators
from skills_lib.domain.bars import BoolArray, FloatArray

_FLOAT = np.dtype(np.float64)
_COMPARED_AT_ONCE = 8_192
_WORTH_THE_GIL = 100_000


class CompiledIndicators:
    """The compiled indicators of one sweep, averages written into rows that it recycles."""

    def __init__(self) -> None:
        self._rows = RecycledRows(np.float64)

    def functions(self) -> dict[str, Callable[..., FloatArray]]:
        """By name. Not kept here: a cycle of references would keep all memory until a collection."""
        return {"sma": self.sma}

    def sma(self, values: FloatArray, period: int) -> FloatArray:
        """`indicators.sma`."""
        if 1 <= period <= len(values) and isinstance(period, int):
            out: FloatArray = self._rows.take(len(values))
            average = _average if len(values) > _WORTH_THE_GIL else _average_of_few
            if average(view(values), period, out):
                return out
        return indicators.sma(values, period)

    def retire(self, result: FloatArray) -> None:
        """Take back what is no longer remembered; it is written over once nobody else holds it."""
        self._rows.give_back(result)


def crosses(series: FloatArray, level: FloatArray) -> tuple[BoolArray, BoolArray]:
    """`signals.crosses` of two arrays of one length."""
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
    return _fill_average(values, period, out)


@brief
def _average_of_few(values, period, out):
    """`_average` without giving up the GIL: to get it back may take longer."""
    return _fill_average(values, period, out)


@part
def _fill_average(values, period, out):
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
