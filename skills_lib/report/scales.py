"""Scales of an axis, linear, logarithmic or of times, and the places of their ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from skills_lib.domain.bars import FloatArray
from skills_lib.domain.time import DAY_NS, HOUR_NS, MINUTE_NS
from skills_lib.report.numbers import tick_texts

Kind = Literal["linear", "logarithmic", "time"]
Tick = tuple[float, str]
_LARGEST = 1e300
"""Larger values lie on the edge: sums and differences of them would be no numbers."""
_DEPTH = 1e-6
"""The lowest value of a logarithmic axis as a share of the highest: what is lower lies on its lower edge."""
_STEPS_NS = tuple(
    [n * MINUTE_NS for n in (1, 2, 5, 10, 15, 30)]
    + [n * HOUR_NS for n in (1, 2, 3, 6, 12)]
    + [n * DAY_NS for n in (1, 2, 5, 10)]
)
_STEPS_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_MONTH_NS = 30.44 * DAY_NS


@dataclass(frozen=True, slots=True)
class AxisScale:
    """Values from `low` to `high`, mapped to 0 to 1."""

    low: float
    high: float
    kind: Kind = "linear"

    def place(self, values: FloatArray | Sequence[float]) -> FloatArray:
        """float64[n]: 0 at `low`, 1 at `high`; values outside lie on the edge, nan stays."""
        given = np.asarray(values, dtype=np.float64)
        low, high = self.low, self.high
        given = np.clip(given, low, high)
        if self.kind == "logarithmic":
            given, low, high = np.log(given), math.log(low), math.log(high)
        return np.asarray((given - low) / (high - low)).clip(0, 1)

    def ticks(self, count: int = 6) -> list[Tick]:
        """About `count` values with their labels."""
        if self.kind == "time":
            return _time_ticks(self.low, self.high, count + count // 2)
        found = _decades(self.low, self.high) if self.kind == "logarithmic" else []
        found = found if len(found) >= 3 else _round_steps(self.low, self.high, count)
        return list(zip(found, tick_texts(found), strict=True))


def scale_of(values: Sequence[FloatArray], kind: Kind, include: Sequence[float] = (), tight: bool = False) -> AxisScale:
    """A scale that shows all finite `values` and `include`; on a logarithmic one, all that are above 0.

    `tight`: a linear scale without a margin.
    """
    finite = np.concatenate([*(array[np.isfinite(array)] for array in values), np.asarray(include, dtype=np.float64)])
    finite = np.clip(finite, -_LARGEST, _LARGEST)
    if kind == "logarithmic":
        finite = finite[finite > 0]
    if not len(finite):
        return AxisScale(1.0, 10.0, kind) if kind == "logarithmic" else AxisScale(0.0, 1.0, kind)
    low, high = float(finite.min()), float(finite.max())
    if kind == "time":
        return AxisScale(low, max(high, low + MINUTE_NS), kind)
    if kind == "logarithmic":
        low = max(low, high * _DEPTH)
        margin = max((high / low) ** 0.03, 1.002)
        return AxisScale(low / margin, high * margin, kind)
    return AxisScale(low, high) if tight and high > low else _widened(low, high)


def _widened(low: float, high: float) -> AxisScale:
    margin = (high / 2 - low / 2) * 0.08 or abs(high) * 0.05 or 1.0
    below, above = low - margin, high + margin
    return AxisScale(0.0 if low >= 0 > below and high > 0 else below, 0.0 if high <= 0 < above and low < 0 else above)


def _round_steps(low: float, high: float, count: int) -> list[float]:
    rough = (high - low) / count
    size = 10.0 ** math.floor(math.log10(rough))
    step = next((size * n for n in (1, 2, 2.5, 5) if size * n >= 0.8 * rough), size * 10)
    first = math.ceil(low / step)
    found = [(first + n) * step for n in range(2 * count + 2)]
    return [value for value in found if low <= value <= high]


def _decades(low: float, high: float) -> list[float]:
    exponents = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    factors = (1, 2, 5) if len(exponents) <= 3 else (1,)
    every = [factor * 10.0**exponent for exponent in exponents for factor in factors]
    return [value for value in every if low <= value <= high][:: max(1, len(exponents) // 6)]


def _time_ticks(low: float, high: float, count: int) -> list[Tick]:
    rough = (high - low) / count
    step = next((step for step in _STEPS_NS if step >= rough), None)
    if step is None:
        return _month_ticks(low, high, rough)
    first = math.ceil(low / step)
    times = [(first + n) * step for n in range(count + 2)]
    return [(time, _time_text(time, step)) for time in times if low <= time <= high]


def _month_ticks(low: float, high: float, rough: float) -> list[Tick]:
    step = next((n for n in _STEPS_MONTHS if n * _MONTH_NS >= rough), _STEPS_MONTHS[-1])
    first, last = (datetime.fromtimestamp(edge / 1e9, UTC) for edge in (low, high))
    months = range(first.year * 12, last.year * 12 + 12, step)
    ticks = [datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in months]
    shown = [(tick.timestamp() * 1e9, f"{tick:%Y}" if step >= 12 else f"{tick:%Y-%m}") for tick in ticks]
    return [tick for tick in shown if low <= tick[0] <= high]


def _time_text(time_ns: float, step_ns: int) -> str:
    time = datetime.fromtimestamp(time_ns / 1e9, UTC)
    return f"{time:%Y-%m-%d}" if step_ns >= DAY_NS else f"{time:%m-%d %H:%M}"
