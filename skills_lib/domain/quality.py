"""Counts defects in a series of bars; nothing is repaired."""

import numpy as np
import pandas as pd
from pydantic import Field

from skills_lib.domain.bars import Bars, BoolArray, FloatArray, IntArray
from skills_lib.domain.models import FrozenModel

SPIKE_FACTOR = 12.0
SPIKE_WINDOW = 101
_LISTED_GAPS = 10


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
    """

    bars: int
    gaps: int
    missing_bars: int
    duplicates: int
    unordered: int
    ohlc_violations: int
    zero_volume: int
    spikes: int
    largest_gaps: list[Gap] = Field(default_factory=list)


def measure(bars: Bars) -> QualityReport:
    """Count the defects of `bars`, which may be in any order."""
    times = np.unique(bars.open_time_ns)
    steps = np.diff(times)
    holes = np.flatnonzero(steps > bars.interval_ns) if bars.interval_ns else np.empty(0, np.int64)
    lacking = steps[holes] // bars.interval_ns - 1 if len(holes) else holes
    return QualityReport(
        bars=len(bars),
        gaps=len(holes),
        missing_bars=int(lacking.sum()),
        duplicates=len(bars) - len(times),
        unordered=int((np.diff(bars.open_time_ns) < 0).sum()),
        ohlc_violations=int((~valid_ohlc(bars)).sum()),
        zero_volume=int((bars.volume == 0).sum()),
        spikes=int(spikes(bars.close).sum()),
        largest_gaps=_largest(times, holes, lacking),
    )


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
    rolling = pd.Series(size).rolling(SPIKE_WINDOW, center=True, min_periods=2)
    deviation = 1.4826 * rolling.median().to_numpy()[:-1]
    out[1:-1] = reverted & (deviation > 0) & (size[:-1] > SPIKE_FACTOR * deviation)
    return out


def _largest(times: IntArray, holes: IntArray, lacking: IntArray) -> list[Gap]:
    order = np.argsort(-lacking, kind="stable")[:_LISTED_GAPS]
    return [
        Gap(after=_iso(times[holes[i]]), before=_iso(times[holes[i] + 1]), missing_bars=int(lacking[i])) for i in order
    ]


def _iso(time_ns: np.int64) -> str:
    return f"{pd.Timestamp(int(time_ns)):%Y-%m-%dT%H:%M:%SZ}"
