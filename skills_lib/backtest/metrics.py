"""Metrics of a run on a 24/7 market: annual figures use 365 days.

A run lasts from the first bar's open to the end of its last bar (open + interval), and a bar's close is known at the
bar's end. Ratios use daily returns: equity of the last bar that has ended by the end of each UTC day, days without one
flat, the first day against the starting cash. Drawdown, exposure and trade figures use every bar and trade. METRICS and
docs/backtesting.md define each figure; the page lists differences from backtesting.py.
"""

import math
from collections.abc import Mapping

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.figures import METRICS, Figures
from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.costs import Costs
from skills_lib.domain.rounding import NO_CHANGE, is_spread
from skills_lib.domain.time import DAY_NS
from skills_lib.domain.time import DAYS_PER_YEAR as DAYS_PER_YEAR


def compute_metrics(execution: Execution, bars: Bars, costs: Costs) -> Figures:
    """All figures of METRICS, in that order; None where there is no number: undefined, perfect or out of range.

    `perfect` tells which of the undefined figures are so because nothing was lost.
    """
    return {name: _defined(value) for name, value in measure(execution, bars, costs).items()}


def measure(execution: Execution, bars: Bars, costs: Costs) -> dict[str, float | int]:
    """All figures of METRICS, in that order: nan where undefined (no trades, too few days), inf where perfect.

    inf is also what is too large for a float, such as the CAGR of a few good hours.
    """
    equity = _daily(bars, execution.equity, execution.cash)
    held = _daily(bars, bars.close, float(bars.close[0]))
    found = (
        _total(execution, bars)
        | _risk_adjusted(daily_returns(equity))
        | _drawdown(execution.equity, bars.open_time_ns)
        | _against_market(daily_returns(equity), daily_returns(held))
        | _per_trade(execution, len(bars))
        | _edge(execution, costs)
    )
    found |= _growth(execution, bars, found)
    return {name: _measured(found[name]) for name in METRICS}


def daily_equity(open_time_ns: IntArray, interval_ns: int, values: FloatArray, start: float) -> FloatArray:
    """`start`, then the value at the end of each UTC day of a run: float64[days + 1].

    `values` are known at the end of their bars, `interval_ns` after they open; a day in which no bar ends repeats the
    value before it. Four weekly bars have 28 days.
    """
    last = last_bars_of_days(open_time_ns, interval_ns)
    return np.concatenate(([start], np.where(last < 0, start, values[last])))


def execution_returns(execution: Execution, bars: Bars) -> FloatArray:
    """Daily returns of a run, net of costs: float64[UTC days]."""
    return daily_returns(_daily(bars, execution.equity, execution.cash))


def count_days(open_time_ns: IntArray, interval_ns: int) -> int:
    """UTC days that bars touch, from the first bar's open to the end of the last."""
    return int(_last_ns(open_time_ns, interval_ns) // DAY_NS - open_time_ns[0] // DAY_NS) + 1


def spanned_days(bars: Bars) -> float:
    """Days from the first bar's open to the end of the last."""
    return (int(bars.open_time_ns[-1]) + bars.interval_ns - int(bars.open_time_ns[0])) / DAY_NS


def last_bars_of_days(open_time_ns: IntArray, interval_ns: int) -> IntArray:
    """Index of the last bar that has ended by the end of each UTC day, -1 before the first has: int64[days]."""
    first, days = open_time_ns[0] // DAY_NS, count_days(open_time_ns, interval_ns)
    midnights = np.arange(first + 1, first + days + 1, dtype=np.int64) * DAY_NS
    return np.searchsorted(open_time_ns, midnights - max(interval_ns, 1), side="right") - 1


def drawdown(equity: FloatArray) -> FloatArray:
    """Decline from the highest equity so far, as a fraction in [0, 1]; rounding is none: float64[n]."""
    with np.errstate(invalid="ignore"):  # nan where equity starts at 0
        declines = 1 - equity / np.maximum.accumulate(equity)
    declines[declines <= NO_CHANGE] = 0
    return declines


def daily_returns(daily: FloatArray) -> FloatArray:
    """Change of each value against the previous one, as a fraction; 0 once equity is 0."""
    before = daily[:-1]
    return np.divide(daily[1:] - before, before, out=np.zeros(len(before)), where=before > 0)


def _daily(bars: Bars, values: FloatArray, start: float) -> FloatArray:
    return daily_equity(bars.open_time_ns, bars.interval_ns, values, start)


def _last_ns(open_time_ns: IntArray, interval_ns: int) -> int:
    """The last nanosecond of the last bar."""
    return int(open_time_ns[-1]) + max(interval_ns, 1) - 1


def _total(execution: Execution, bars: Bars) -> dict[str, float]:
    first = bars.close[execution.first_bar]
    final = float(execution.equity[-1])
    return {
        "final_equity": final,
        "return_pct": (final / execution.cash - 1) * 100,
        "buy_hold_return_pct": float(bars.close[-1] / first - 1) * 100,
    }


def _growth(execution: Execution, bars: Bars, found: Mapping[str, float]) -> dict[str, float]:
    years, multiple = max(spanned_days(bars), 1 / DAY_NS) / DAYS_PER_YEAR, execution.equity[-1] / execution.cash
    with np.errstate(over="ignore"):
        cagr_pct = float((multiple ** (1 / years) - 1) * 100)
    decline_pct = -found["max_drawdown_pct"]
    calmar = cagr_pct / decline_pct if decline_pct else _without_loss(multiple - 1)
    return {"cagr_pct": cagr_pct, "calmar": calmar}


def _risk_adjusted(returns: FloatArray) -> dict[str, float]:
    mean, deviation = float(returns.mean()), _deviation(returns)
    if len(returns) > 1 and not is_spread(deviation, mean):
        deviation = 0.0
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0) ** 2)))
    year = math.sqrt(DAYS_PER_YEAR)
    value_at_risk = np.quantile(returns, 0.05)
    return {
        "volatility_ann_pct": deviation * year * 100,
        "sharpe": _per_risk(mean, deviation) * year,
        "sortino": _per_risk(mean, downside) * year,
        "omega": _per_risk(float(np.maximum(returns, 0).sum()), float(-np.minimum(returns, 0).sum())),
        "var_95_pct": value_at_risk * 100,
        "cvar_95_pct": returns[returns <= value_at_risk].mean() * 100,
    }


def _drawdown(equity: FloatArray, open_time_ns: IntArray) -> dict[str, float]:
    """Deepest and longest time below a peak: from the end of the peak's bar to that of the bar that is level again."""
    declines = drawdown(equity)
    peaks = np.append(np.flatnonzero(declines == 0), len(declines) - 1)
    spells = np.diff(open_time_ns[peaks])[(np.diff(peaks) > 1) | (declines[peaks[1:]] > 0)]
    return {
        "max_drawdown_pct": 0.0 - float(declines.max()) * 100,
        "max_drawdown_days": float(spells.max()) / DAY_NS if len(spells) else 0.0,
    }


def _against_market(returns: FloatArray, market: FloatArray) -> dict[str, float]:
    if len(returns) < 2:
        return {"beta": np.nan, "alpha_ann_pct": np.nan}
    covariance, mean = np.cov(returns, market), float(market.mean())
    beta = covariance[0, 1] / covariance[1, 1] if is_spread(np.sqrt(covariance[1, 1]), mean) else np.nan
    return {"beta": beta, "alpha_ann_pct": (returns.mean() - beta * mean) * DAYS_PER_YEAR * 100}


def _per_trade(execution: Execution, bars: int) -> dict[str, float]:
    pnl, tolerance = execution.trades["pnl"].to_numpy(dtype=np.float64), NO_CHANGE * execution.cash
    wins, losses = pnl[pnl > tolerance], -pnl[pnl < -tolerance]
    win_rate, mean, deviation = _ratio(len(wins), len(pnl)), _mean(pnl), _deviation(pnl)
    payoff = _ratio(_mean(wins), _mean(losses))
    if len(pnl) > 1 and not is_spread(deviation, mean, tolerance):
        deviation = 0.0
    return {
        "trades": len(pnl),
        "win_rate_pct": win_rate * 100,
        "profit_factor": _per_risk(wins.sum(), losses.sum(), tolerance),
        "expectancy_pct": _mean(execution.trades["return_pct"].to_numpy(dtype=np.float64)),
        "sqn": _per_risk(mean, deviation, tolerance) * np.sqrt(len(pnl)),
        "kelly": win_rate - _ratio(1 - win_rate, payoff) if len(losses) else _without_loss(wins.sum(), tolerance),
        "exposure_pct": _bars_held(execution, bars) / bars * 100,
        "fees_paid": float(execution.trades["commission"].sum()),
        "funding_paid": float(execution.trades["funding"].sum()),
        "net_pnl": float(pnl.sum()),
    }


def _edge(execution: Execution, costs: Costs) -> dict[str, float]:
    """Gross profit against notional; the error is that of a ratio of two sums (Cochran, Sampling Techniques, 1977)."""
    gross, notional = execution.gross_pnl(costs), execution.traded_notional(costs)
    entry = np.abs(execution.trades["size"].to_numpy(dtype=np.float64)) * execution.raw_entry_price(costs)
    edge, trades = _ratio(gross.sum(), entry.sum()), len(gross)
    rest = gross - edge * entry
    error = math.sqrt(trades * float((rest**2).sum()) / (trades - 1)) if trades > 1 else np.nan
    return {
        "spread_paid": float(execution.spread_paid(costs).sum()),
        "gross_pnl": float(gross.sum()),
        "gross_edge_bps": edge * 1e4,
        "gross_edge_error_bps": 1.96 * _ratio(error, entry.sum()) * 1e4,
        "break_even_cost_bps": _ratio(gross.sum(), notional.sum()) * 1e4,
    }


def _bars_held(execution: Execution, bars: int) -> int:
    entry, exit_ = (execution.trades[name].to_numpy(dtype=np.int64) for name in ("entry_bar", "exit_bar"))
    change = np.zeros(bars + 1, dtype=np.int64)
    np.add.at(change, entry, 1)
    np.add.at(change, exit_ + 1, -1)
    return int(np.count_nonzero(np.cumsum(change[:-1])))


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else np.nan


def _deviation(values: FloatArray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else np.nan


def _per_risk(gain: float, risk: float, tolerance: float = NO_CHANGE) -> float:
    """gain / risk; inf for a gain without risk, nan where there is neither. Up to `tolerance` both are rounding."""
    if risk > tolerance:
        return float(gain / risk)
    return np.nan if np.isnan(risk) else _without_loss(gain, tolerance)


def _without_loss(gain: float, tolerance: float = NO_CHANGE) -> float:
    return np.inf if gain > tolerance else np.nan


def _measured(value: float | int) -> float | int:
    if isinstance(value, int):
        return value
    return float(value) if value > -np.inf else np.nan


def _defined(value: float | int) -> float | int | None:
    return value if isinstance(value, int) or math.isfinite(value) else None
