"""Counts defects in a series of bars; nothing is repaired."""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from skills_lib.domain.bars import Bars, BoolArray, FloatArray, IntArray
from skills_lib.domain.continuity import BREAK_WORDS, PriceBreak, iso, price_breaks
from skills_lib.domain.models import FrozenModel

SPIKE_FACTOR = 12.0
SPIKE_WINDOW = 101
_HALF_WINDOW = SPIKE_WINDOW // 2
_WINDOWS_AT_ONCE = 10_000
_LISTED_GAPS = 10
_LISTED_BREAKS = 3


class Gap(FrozenModel):
    """A gap between two neighbouring bars; `after` and `before` are their open times in UTC."""

    after: str
    before: str
    missing_bars: int


class QualityReport(FrozenModel):
    """Counts of defects; gaps are reported, never filled.

    gaps: gaps between neighbouring bars; missing_bars: bars missing in them; largest_gaps: the ten longest.
    duplicates: bars whose open time occurred before; unordered: bars older than the previous one.
    ohlc_violations: bars where low <= open, close <= high does not hold, or a price is not a positive number.
    zero_volume: bars without trades.
    spikes: closes that jump by more than 12 robust standard deviations, more than half of which the next bar
    reverses. The deviation is 1.4826 times the median absolute log return of the surrounding 101 bars.
    breaks: places where the price does not continue, see `continuity.price_breaks`; first_breaks: the first three.
    """

    bars: int
    gaps: int
    missing_bars: int
    duplicates: int
    unordered: int
    ohlc_violations: int
    zero_volume: int
    spikes: int
    breaks: int = 0
    largest_gaps: list[Gap] = Field(default_factory=list)
    first_breaks: list[PriceBreak] = Field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {name: value for name, value in self.model_dump().items() if isinstance(value, int)}

    def break_lines(self) -> list[str]:
        """A line for each of the first breaks, which invalidate any result across them."""
        lines = [found.line() for found in self.first_breaks]
        more = self.breaks - len(lines)
        return [*lines, f"{BREAK_WORDS} at {more:,} more places."] if more else lines


def describe_defects(counts: Mapping[str, int]) -> str:
    """The defects in one line, such as `gaps 4, missing bars 9, spikes 2`; empty for none."""
    return ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in counts.items() if n and name != "bars")


def measure(bars: Bars) -> QualityReport:
    """Count the defects of `bars`, which may be in any order."""
    times = _distinct(bars.open_time_ns)
    steps = np.diff(times)
    holes = np.flatnonzero(steps > bars.interval_ns) if bars.interval_ns else np.empty(0, np.int64)
    lacking = steps[holes] // bars.interval_ns - 1 if len(holes) else holes
    breaks = price_breaks(bars)
    return QualityReport(
        bars=len(bars),
        gaps=len(holes),
        missing_bars=int(lacking.sum()),
        duplicates=len(bars) - len(times),
        unordered=int((np.diff(bars.open_time_ns) < 0).sum()),
        ohlc_violations=int((~valid_ohlc(bars)).sum()),
        zero_volume=int((bars.volume == 0).sum()),
        spikes=int(spikes(bars.close).sum()),
        breaks=len(breaks),
        largest_gaps=_largest(times, holes, lacking),
        first_breaks=breaks[:_LISTED_BREAKS],
    )


def _distinct(times: IntArray) -> IntArray:
    """The times in order, each once; the array itself if it is so already."""
    return times if (np.diff(times) > 0).all() else np.unique(times)


def valid_ohlc(bars: Bars) -> BoolArray:
    """True for each bar with finite positive prices, open and close between low and high; nan is not valid."""
    body_low, body_high = np.minimum(bars.open, bars.close), np.maximum(bars.open, bars.close)
    inside: BoolArray = (bars.low > 0) & (bars.low <= body_low) & (body_high <= bars.high) & np.isfinite(bars.high)
    return inside


def spikes(close: FloatArray) -> BoolArray:
    """True for each close that jumps beyond the robust bound and is more than half reversed by the next one."""
    out = np.zeros(len(close), dtype=np.bool_)
    if len(close) < 3:
        return out
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.diff(np.log(close))
    size = np.abs(returns)
    reverted = np.abs(returns[:-1] + returns[1:]) < 0.5 * size[:-1]
    places = np.flatnonzero(reverted)
    deviation = 1.4826 * _median_around(size, places)
    out[1 + places[(deviation > 0) & (size[places] > SPIKE_FACTOR * deviation)]] = True
    return out


def _median_around(values: FloatArray, places: IntArray) -> FloatArray:
    """The median of the finite values in the window around each place, nan where there is at most one."""
    beside = np.full(_HALF_WINDOW, np.nan)
    padded = np.concatenate((beside, np.where(np.isfinite(values), values, np.nan), beside))
    windows = np.lib.stride_tricks.sliding_window_view(padded, SPIKE_WINDOW)
    parts = [places[i : i + _WINDOWS_AT_ONCE] for i in range(0, len(places), _WINDOWS_AT_ONCE)]
    return np.concatenate([np.empty(0), *(_row_medians(windows[part]) for part in parts)])


def _row_medians(rows: FloatArray) -> FloatArray:
    ordered, count = np.sort(rows, axis=1), np.isfinite(rows).sum(axis=1)  # nan comes last
    row, last = np.arange(len(rows)), np.maximum(count - 1, 0)
    middle: FloatArray = (ordered[row, last // 2] + ordered[row, count // 2]) / 2
    return np.where(count > 1, middle, np.nan)


def _largest(times: IntArray, holes: IntArray, lacking: IntArray) -> list[Gap]:
    order = np.argsort(-lacking, kind="stable")[:_LISTED_GAPS]
    return [
        Gap(after=iso(times[holes[i]]), before=iso(times[holes[i] + 1]), missing_bars=int(lacking[i])) for i in order
    ]
