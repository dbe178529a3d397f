"""Figures of a run over time: returns by calendar month, and the Sharpe ratio of a moving window of days."""

import numpy as np

from skills_lib.backtest.metrics import DAYS_PER_YEAR, daily_equity, daily_returns
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.rounding import is_spread
from skills_lib.domain.time import DAY_NS


def monthly_returns(
    open_time_ns: IntArray, interval_ns: int, equity: FloatArray, cash: float
) -> dict[tuple[int, int], float]:
    """Return in percent by (year, month), UTC: the change from the end of one month to the end of the next.

    Equity is known at the end of its bar, and a bar that ends at midnight belongs to the month before. A month without
    a bar is left out; its change is in the next one. nan once equity is 0.
    """
    ends = open_time_ns + max(interval_ns, 1) - 1
    months = ends.view("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    last = np.append(np.flatnonzero(np.diff(months)), len(months) - 1)
    after = equity[last]
    before = np.append(cash, after[:-1])
    change = np.divide(after, before, out=np.full(len(after), np.nan), where=before > 0) - 1
    return {
        (1970 + int(month) // 12, int(month) % 12 + 1): float(value) * 100
        for month, value in zip(months[last], change, strict=True)
    }


def yearly_returns(by_month: dict[tuple[int, int], float]) -> dict[int, float]:
    """Return in percent by year, compounded from the months."""
    growth: dict[int, float] = {}
    for (year, _), value in by_month.items():
        growth[year] = growth.get(year, 1.0) * (1 + value / 100)
    return {year: (value - 1) * 100 for year, value in growth.items()}


def rolling_sharpe(
    open_time_ns: IntArray, interval_ns: int, equity: FloatArray, cash: float, days: int
) -> tuple[FloatArray, FloatArray]:
    """Annual Sharpe ratio of the last `days` daily returns: ends of days in UTC ns, and the ratios, float64[n] each.

    nan where the returns do not vary. Both are empty where there are fewer days than that.
    """
    returns = daily_returns(daily_equity(open_time_ns, interval_ns, equity, cash))
    if len(returns) < days:
        return np.empty(0), np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view(returns, days)
    mean, deviation = windows.mean(axis=1), windows.std(axis=1, ddof=1)
    varies = is_spread(deviation, mean)
    ratio = np.divide(mean, deviation, out=np.full(len(mean), np.nan), where=varies) * np.sqrt(DAYS_PER_YEAR)
    first = open_time_ns[0] // DAY_NS
    return (first + days + np.arange(len(ratio))).astype(np.float64) * DAY_NS, ratio
