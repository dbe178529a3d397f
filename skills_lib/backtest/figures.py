"""The figures of a run by name: label, unit, definition and better direction, and which are undefined without a loss.

A list without arrays: what only shows stored figures imports this module, what computes them imports `metrics`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from skills_lib.domain.rounding import NO_CHANGE

Figures = dict[str, float | int | None]
Better = Literal["higher", "lower"]
HIGHER: Better = "higher"
LOWER: Better = "lower"


class Metric(NamedTuple):
    """Label, unit and definition of a figure. `better`: which way is better; None where neither is."""

    label: str
    unit: str
    definition: str
    better: Better | None = None


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "return_pct": Metric("Return", "%", "final equity against starting cash", HIGHER),
        "buy_hold_return_pct": Metric("Buy and hold", "%", "close to close from the end of the warm-up, no costs"),
        "cagr_pct": Metric("CAGR", "%", "return compounded to 365 days, first open to last bar's end", HIGHER),
        "volatility_ann_pct": Metric("Volatility (ann.)", "%", "deviation of daily returns × √365", LOWER),
        "sharpe": Metric("Sharpe", "", "mean / deviation of daily returns × √365, no risk-free rate", HIGHER),
        "sortino": Metric("Sortino", "", "mean / downside deviation of daily returns × √365", HIGHER),
        "calmar": Metric("Calmar", "", "CAGR / max drawdown", HIGHER),
        "omega": Metric("Omega", "", "sum of daily gains / sum of daily losses", HIGHER),
        "sqn": Metric("SQN", "", "√trades × mean / deviation of trade profit", HIGHER),
        "kelly": Metric("Kelly", "", "win rate - loss rate / (mean win / mean loss)", HIGHER),
        "max_drawdown_pct": Metric(
            "Max drawdown", "%", "largest decline of equity from its peak, on bar closes", HIGHER
        ),
        "max_drawdown_days": Metric(
            "Longest drawdown", "days", "longest time below an earlier peak, or to the end of the last bar", LOWER
        ),
        "win_rate_pct": Metric("Win rate", "%", "trades with profit after costs", HIGHER),
        "profit_factor": Metric(
            "Profit factor", "", "sum of winning / sum of losing trades, in quote currency", HIGHER
        ),
        "expectancy_pct": Metric("Expectancy", "%", "mean return of a trade after costs", HIGHER),
        "exposure_pct": Metric("Exposure", "%", "bars with an open position"),
        "alpha_ann_pct": Metric("Alpha (ann.)", "%", "daily return not explained by beta × 365", HIGHER),
        "beta": Metric("Beta", "", "slope of daily returns on the instrument's own"),
        "var_95_pct": Metric("VaR 95 % (1 day)", "%", "5th percentile of daily returns", HIGHER),
        "cvar_95_pct": Metric("CVaR 95 % (1 day)", "%", "mean of the daily returns at or below VaR", HIGHER),
        "trades": Metric("Trades", "", "closed trades; the last is closed with the data"),
        "fees_paid": Metric("Fees paid", "quote", "commission of both sides", LOWER),
        "spread_paid": Metric("Spread and slippage", "quote", "charged at entry for the round trip", LOWER),
        "funding_paid": Metric("Funding paid", "quote", "negative: received", LOWER),
        "gross_pnl": Metric("Gross profit", "quote", "before commission, spread, slippage and funding", HIGHER),
        "net_pnl": Metric("Net profit", "quote", "sum of trades after all costs", HIGHER),
        "final_equity": Metric("Final equity", "quote", "at the last close", HIGHER),
        "gross_edge_bps": Metric(
            "Gross edge per trade", "bps", "gross profit / notional at entry: each trade counts by its size", HIGHER
        ),
        "gross_edge_error_bps": Metric("± (95 %)", "bps", "1.96 standard errors of the gross edge", LOWER),
        "break_even_cost_bps": Metric(
            "Break-even cost per side", "bps", "gross profit / traded notional, trades held fixed", HIGHER
        ),
    }
)


PERFECT: Mapping[str, str] = MappingProxyType(
    {
        "sharpe": "no variance",
        "sortino": "no down day",
        "calmar": "no drawdown",
        "omega": "no down day",
        "sqn": "no variance",
        "kelly": "no loss",
        "profit_factor": "no loss",
    }
)
"""Ratios that have no number where what they divide by did not occur in a run that earned money, and what that is."""


def perfect(figures: Mapping[str, float | int | None]) -> dict[str, str]:
    """The figures that are None because nothing was lost, and what did not occur: {"profit_factor": "no loss"}."""
    earned = (figures.get("return_pct") or 0.0) > 100 * NO_CHANGE
    return {
        name: reason
        for name, reason in PERFECT.items()
        if earned and name in figures and figures[name] is None and _is_perfect(name, figures)
    }


def _is_perfect(name: str, figures: Mapping[str, float | int | None]) -> bool:
    trades, net = figures.get("trades") or 0, figures.get("net_pnl") or 0.0
    if name == "calmar":
        return figures.get("max_drawdown_pct") == 0
    if name == "sharpe":
        return figures.get("volatility_ann_pct") == 0
    if name == "sqn":
        return trades > 1 and net > 0
    return net > 0 if name in ("profit_factor", "kelly") else True
