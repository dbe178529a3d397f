"""Funding of perpetual contracts, charged after the run at 00:00, 08:00 and 16:00 UTC.

backtesting.py has no funding, so it is deducted from equity and trades after the run and does not affect position
sizes. The rate is constant; the price is the open of the bar that contains the funding time. A position opened
exactly at a funding time does not pay; one closed exactly at it does.
"""

from dataclasses import replace

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.costs import BPS

EIGHT_HOURS_NS = 8 * 3_600 * 1_000_000_000


def charge_funding(execution: Execution, bars: Bars, bps_per_8h: float, fractional_unit: float) -> Execution:
    """The execution with funding paid (positive) or received (negative) by every trade.

    Sizes are counted as whole numbers of `fractional_unit`, so that a flat account is charged exactly zero.
    """
    if not bps_per_8h or execution.trades.empty:
        return execution
    boundaries = funding_boundaries(bars)
    bar_of = np.searchsorted(bars.open_time_ns, boundaries, side="right") - 1
    unit_cost = bars.open[bar_of] * bps_per_8h * BPS
    first = np.searchsorted(boundaries, _times(execution, "entry_time"), side="right")
    end = np.searchsorted(boundaries, _times(execution, "exit_time"), side="right")
    size = execution.trades["size"].to_numpy(dtype=np.float64)
    running = np.concatenate(([0.0], np.cumsum(unit_cost)))
    paid = size * (running[end] - running[first])
    held = _units_held(np.rint(size / fractional_unit), first, end, len(unit_cost))
    charged = np.concatenate(([0.0], np.cumsum(held * fractional_unit * unit_cost)))
    until = np.searchsorted(bar_of, np.arange(len(bars)), side="right")
    trades = execution.trades.assign(pnl=execution.trades["pnl"] - paid, funding=paid)
    return replace(execution, trades=trades, equity=np.maximum(execution.equity - charged[until], 0.0))


def _units_held(units: FloatArray, first: IntArray, end: IntArray, boundaries: int) -> FloatArray:
    change = np.zeros(boundaries + 1)
    np.add.at(change, first, units)
    np.subtract.at(change, end, units)
    return np.cumsum(change)[:-1]


def funding_boundaries(bars: Bars) -> IntArray:
    """Funding times in UTC nanoseconds, from the first open to the end of the last bar: int64."""
    start = -(-int(bars.open_time_ns[0]) // EIGHT_HOURS_NS) * EIGHT_HOURS_NS
    return np.arange(start, int(bars.open_time_ns[-1]) + bars.interval_ns, EIGHT_HOURS_NS, dtype=np.int64)


def _times(execution: Execution, column: str) -> IntArray:
    return execution.trades[column].to_numpy(dtype="datetime64[ns]").view(np.int64)
