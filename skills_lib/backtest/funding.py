"""Funding of perpetual contracts: due at 00:00, 08:00 and 16:00 UTC, at a constant rate.

The price is the open of the bar that contains the funding time; at the end of the last bar, its close. A position
opened exactly at a funding time does not pay; one closed exactly at it does.
"""

from typing import NamedTuple

import numpy as np

from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.costs import BPS

EIGHT_HOURS_NS = 8 * 3_600 * 1_000_000_000


class FundingSchedule(NamedTuple):
    """What one unit of a long position pays, and how many payments were due at which time.

    `paid`: float64[payments + 1], quote currency per unit paid by the first k payments. `bar`: int64[payments], the
    bar that contains each. For every bar, counts of payments, int64[n]: `by_open` due at or before its open time,
    `by_close` due before the next bar's open time; and `paid_by_end`, float64[n], with those due at or before its end,
    for a run whose last bar it is. Empty, all of them, where nothing is charged.
    """

    paid: FloatArray
    bar: IntArray
    by_open: IntArray
    by_close: IntArray
    paid_by_end: FloatArray


def funding_schedule(bars: Bars, bps_per_8h: float) -> FundingSchedule:
    """The payments on `bars`, at `bps_per_8h` of notional each."""
    if not bps_per_8h:
        none, nothing = np.empty(0, dtype=np.int64), np.empty(0)
        return FundingSchedule(nothing, none, none, none, nothing)
    times, ends = funding_times(bars), bars.open_time_ns + bars.interval_ns
    bar = np.searchsorted(bars.open_time_ns, times, side="right") - 1
    paid = np.concatenate(([0.0], np.cumsum(bars.open[bar] * bps_per_8h * BPS)))
    at_end = np.where(ends % EIGHT_HOURS_NS == 0, bars.close * bps_per_8h * BPS, 0.0)
    return FundingSchedule(
        paid=paid,
        bar=bar,
        by_open=np.searchsorted(times, bars.open_time_ns, side="right"),
        by_close=np.append(np.searchsorted(times, bars.open_time_ns[1:], side="left"), len(times)),
        paid_by_end=paid[np.searchsorted(times, ends, side="left")] + at_end,
    )


def funding_times(bars: Bars) -> IntArray:
    """Funding times in UTC nanoseconds, from the first open until before the end of the last bar: int64."""
    start = -(-int(bars.open_time_ns[0]) // EIGHT_HOURS_NS) * EIGHT_HOURS_NS
    return np.arange(start, int(bars.open_time_ns[-1]) + bars.interval_ns, EIGHT_HOURS_NS, dtype=np.int64)
