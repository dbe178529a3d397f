"""Metrics of a run on a 24/7 market: annual figures use 365 days.

Ratios use daily returns: equity at the last bar of each UTC day, days without bars flat, the first day against the
starting cash. Drawdown, exposure and trade figures use every bar and trade. METRICS and docs/backtesting.md define
each figure; the page lists differences from backtesting.py.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.costs import Costs
from skills_lib.domain.time import DAY_NS

DAYS_PER_YEAR = 365

Figures = dict[str, float | int | None]


class Metric(NamedTuple):
    """Label, unit and definition of a figure."""

    label: str
    unit: str
    definition: str


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "return_pct": Metric("Return", "%", "final equity against starting cash"),
        "buy_hold_return_pct": Metric("Buy and hold", "%", "close to close from the end of the warm-up, no costs"),
        "cagr_pct": Metric("CAGR", "%", "return compounded to 365 days"),
        "volatility_ann_pct": Metric("Volatility (ann.)", "%", "deviation of daily returns × √365"),
        "sharpe": Metric("Sharpe", "", "mean / deviation of daily returns × √365, no risk-free rate"),
        "sortino": Metric("Sortino", "", "mean / downside deviation of daily returns × √365"),
        "calmar": Metric("Calmar", "", "CAGR / max drawdown"),
        "omega": Metric("Omega", "", "sum of daily gains / sum of daily losses"),
        "sqn": Metric("SQN", "", "√trades × mean / deviation of trade profit"),
        "kelly": Metric("Kelly", "", "win rate - loss rate / (mean win / mean loss)"),
        "max_drawdown_pct": Metric("Max drawdown", "%", "largest decline of equity from its peak, on bar closes"),
        "max_drawdown_days": Metric("Longest drawdown", "days", "longest time below an earlier peak"),
        "win_rate_pct": Metric("Win rate", "%", "trades with profit after costs"),
        "profit_factor": Metric("Profit factor", "", "sum of winning / sum of losing trades, in quote currency"),
        "expectancy_pct": Metric("Expectancy", "%", "mean return of a trade after costs"),
        "exposure_pct": Metric("Exposure", "%", "bars with an open position"),
        "alpha_ann_pct": Metric("Alpha (ann.)", "%", "daily return not explained by beta × 365"),
        "beta": Metric("Beta", "", "slope of daily returns on the instrument's own"),
        "var_95_pct": Metric("VaR 95 % (1 day)", "%", "5th percentile of daily returns"),
        "cvar_95_pct": Metric("CVaR 95 % (1 day)", "%", "mean of the daily returns at or below VaR"),
        "trades": Metric("Trades", "", "closed trades; the last is closed with the data"),
        "fees_paid": Metric("Fees paid", "quote", "commission of both sides"),
        "spread_paid": Metric("Spread and slippage", "quote", "charged at entry for the round trip"),
        "funding_paid": Metric("Funding paid", "quote", "negative: received"),
        "gross_pnl": Metric("Gross profit", "quote", "before commission, spread, slippage and funding"),
        "net_pnl": Metric("Net profit", "quote", "sum of trades after all costs"),
        "final_equity": Metric("Final equity", "quote", "at the last close"),
        "gross_edge_bps": Metric("Gross edge per trade", "bps", "mean price move in the trade's favour, before costs"),
        "gross_edge_error_bps": Metric("± (95 %)", "bps", "1.96 standard errors of the gross edge"),
        "break_even_cost_bps": Metric(
            "Break-even cost per side", "bps", "gross profit / traded notional, trades held fixed"
        ),
    }
)


def compute_metrics(execution: Execution, bars: Bars, costs: Costs) -> Figures:
    """All figures of METRICS, in that order; None where undefined (no trades, no variance) or out of range."""
    equity = daily_equity(bars.open_time_ns, execution.equity, execution.cash)
    held = daily_equity(bars.open_time_ns, bars.close, float(bars.close[0]))
    found = (
        _total(execution, bars)
        | _risk_adjusted(daily_returns(equity))
        | _drawdown(execution.equity, bars.open_time_ns)
        | _against_market(daily_returns(equity), daily_returns(held))
        | _per_trade(execution, len(bars))
        | _edge(execution, costs)
    )
    found |= _growth(equity, found)
    return {name: _defined(found[name]) for name in METRICS}


def daily_equity(open_time_ns: IntArray, values: FloatArray, start: float) -> FloatArray:
    """`start`, then the last value of each UTC day; days without bars repeat the previous value: float64[days + 1]."""
    return np.concatenate(([start], values[last_bars_of_days(open_time_ns)]))


def execution_returns(execution: Execution, bars: Bars) -> FloatArray:
    """Daily returns of a run, net of costs: float64[UTC days]."""
    return daily_returns(daily_equity(bars.open_time_ns, execution.equity, execution.cash))


def last_bars_of_days(open_time_ns: IntArray) -> IntArray:
    """Index of the last bar of each UTC day; on a day without bars, of the previous day: int64[days]."""
    first, last = open_time_ns[0] // DAY_NS, open_time_ns[-1] // DAY_NS
    midnights = np.arange(first + 1, last + 2, dtype=np.int64) * DAY_NS
    return np.searchsorted(open_time_ns, midnights, side="left") - 1


def drawdown(equity: FloatArray) -> FloatArray:
    """Decline from the highest equity so far, as a fraction in [0, 1]: float64[n]."""
    with np.errstate(invalid="ignore"):  # nan where equity starts at 0
        return 1 - equity / np.maximum.accumulate(equity)


def daily_returns(daily: FloatArray) -> FloatArray:
    """Change of each value against the previous one, as a fraction; 0 once equity is 0."""
    before = daily[:-1]
    return np.divide(daily[1:] - before, before, out=np.zeros(len(before)), where=before > 0)


def _total(execution: Execution, bars: Bars) -> dict[str, float]:
    first = bars.close[execution.first_bar]
    final = float(execution.equity[-1])
    return {
        "final_equity": final,
        "return_pct": (final / execution.cash - 1) * 100,
        "buy_hold_return_pct": float(bars.close[-1] / first - 1) * 100,
    }


def _growth(daily: FloatArray, found: Mapping[str, float]) -> dict[str, float]:
    years = (len(daily) - 1) / DAYS_PER_YEAR
    with np.errstate(over="ignore"):
        cagr_pct = ((daily[-1] / daily[0]) ** (1 / years) - 1) * 100
    return {"cagr_pct": cagr_pct, "calmar": _ratio(cagr_pct, -found["max_drawdown_pct"])}


def _risk_adjusted(returns: FloatArray) -> dict[str, float]:
    mean, deviation = returns.mean(), _deviation(returns)
    downside = np.sqrt(np.mean(np.minimum(returns, 0) ** 2))
    year = np.sqrt(DAYS_PER_YEAR)
    value_at_risk = np.quantile(returns, 0.05)
    return {
        "volatility_ann_pct": deviation * year * 100,
        "sharpe": _ratio(mean, deviation) * year,
        "sortino": _ratio(mean, downside) * year,
        "omega": _ratio(np.maximum(returns, 0).sum(), -np.minimum(returns, 0).sum()),
        "var_95_pct": value_at_risk * 100,
        "cvar_95_pct": returns[returns <= value_at_risk].mean() * 100,
    }


def _drawdown(equity: FloatArray, open_time_ns: IntArray) -> dict[str, float]:
    declines = drawdown(equity)
    peaks = np.unique(np.append(np.flatnonzero(declines == 0), len(declines) - 1))
    spells = np.diff(open_time_ns[peaks])[np.diff(peaks) > 1]
    return {
        "max_drawdown_pct": -float(declines.max()) * 100,
        "max_drawdown_days": float(spells.max()) / DAY_NS if len(spells) else 0.0,
    }


def _against_market(returns: FloatArray, market: FloatArray) -> dict[str, float]:
    if len(returns) < 2:
        return {"beta": np.nan, "alpha_ann_pct": np.nan}
    covariance = np.cov(returns, market)
    beta = _ratio(covariance[0, 1], covariance[1, 1])
    return {"beta": beta, "alpha_ann_pct": (returns.mean() - beta * market.mean()) * DAYS_PER_YEAR * 100}


def _per_trade(execution: Execution, bars: int) -> dict[str, float]:
    pnl = execution.trades["pnl"].to_numpy(dtype=np.float64)
    wins, losses = pnl[pnl > 0], -pnl[pnl < 0]
    win_rate = _ratio(len(wins), len(pnl))
    payoff = _ratio(_mean(wins), _mean(losses))
    return {
        "trades": len(pnl),
        "win_rate_pct": win_rate * 100,
        "profit_factor": _ratio(wins.sum(), losses.sum()),
        "expectancy_pct": _mean(execution.trades["return_pct"].to_numpy(dtype=np.float64)),
        "sqn": _ratio(_mean(pnl), _deviation(pnl)) * np.sqrt(len(pnl)),
        "kelly": win_rate - _ratio(1 - win_rate, payoff),
        "exposure_pct": _bars_held(execution, bars) / bars * 100,
        "fees_paid": float(execution.trades["commission"].sum()),
        "funding_paid": float(execution.trades["funding"].sum()),
        "net_pnl": float(pnl.sum()),
    }


def _edge(execution: Execution, costs: Costs) -> dict[str, float]:
    gross, notional = execution.gross_pnl(costs), execution.traded_notional(costs)
    entry = np.abs(execution.trades["size"].to_numpy(dtype=np.float64)) * execution.raw_entry_price(costs)
    edge_bps = gross / entry * 1e4
    return {
        "spread_paid": float(execution.spread_paid(costs).sum()),
        "gross_pnl": float(gross.sum()),
        "gross_edge_bps": _mean(edge_bps),
        "gross_edge_error_bps": 1.96 * _ratio(_deviation(edge_bps), np.sqrt(len(edge_bps))),
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


def _defined(value: float) -> float | int | None:
    if isinstance(value, int):
        return value
    return float(value) if np.isfinite(value) else None
