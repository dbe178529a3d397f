"""Compiled indicators that sweeps ask for most; equal to `domain.indicators` and `domain.signals` bit for bit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.kernel.arrays import brief, compiled, part
from skills_lib.backtest.kernel.buffer_pool import RecycledRows
from skills_lib.domain import indicators
from skills_lib.domain.bars import BoolArray, FloatArray
from skills_lib.domain.whole_numbers import REST, binary_units, decimal_units

_FLOAT = np.dtype(np.float64)
_NO_REST = np.empty(0)
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
        if not (isinstance(period, int) and 1 <= period <= len(values)):
            return indicators.sma(values, period)
        units = decimal_units(values)
        if period <= units.longest:
            return self._averaged(units.whole, _NO_REST, values, period, units.per_one)
        binary = binary_units(values)
        if period <= binary.longest:
            return self._averaged(binary.whole, binary.rest, values, period, binary.per_one)
        return indicators.sma(values, period)

    def _averaged(
        self, whole: FloatArray, rest: FloatArray, values: FloatArray, period: int, per_one: float
    ) -> FloatArray:
        out: FloatArray = self._rows.take(len(values))
        average = _average if len(values) > _WORTH_THE_GIL else _average_of_few
        average(view(whole), view(rest), view(values), period, period * per_one, out)
        return out

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
def _average(whole, rest, values, period, divisor, out):
    _fill_average(whole, rest, values, period, divisor, out)


@brief
def _average_of_few(whole, rest, values, period, divisor, out):
    """`_average` without giving up the GIL: to get it back may take longer."""
    _fill_average(whole, rest, values, period, divisor, out)


@part
def _fill_average(whole, rest, values, period, divisor, out):
    """Fill `out`; `rest` is empty for decimals."""
    if len(rest):
        _fill_binary(whole, rest, values, period, divisor, out)
    else:
        _fill_decimal(whole, period, divisor, out)


@part
def _fill_decimal(whole, period, divisor, out):
    total = 0.0
    for i in range(period):
        total += whole[i]
        out[i] = np.nan
    out[period - 1] = total / divisor
    new, old, averages = whole[period:], whole[: len(whole) - period], out[period:]
    for i in range(len(new)):
        total += new[i] - old[i]
        averages[i] = total / divisor


@part
def _fill_binary(whole, rest, values, period, divisor, out):
    total, remainder, unchanged, before = 0.0, 0.0, 0, np.nan
    for i in range(period):
        total += whole[i]
        remainder += rest[i]
        unchanged = unchanged + 1 if values[i] == before else 1
        before = values[i]
        out[i] = np.nan
    out[period - 1] = before if unchanged >= period else (total + remainder * REST) / divisor
    gone = len(whole) - period
    new, old, new_rest, old_rest = whole[period:], whole[:gone], rest[period:], rest[:gone]
    shown, averages = values[period:], out[period:]
    for i in range(gone):
        total += new[i] - old[i]
        remainder += new_rest[i] - old_rest[i]
        unchanged = unchanged + 1 if shown[i] == before else 1
        before = shown[i]
        averages[i] = before if unchanged >= period else (total + remainder * REST) / divisor


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
