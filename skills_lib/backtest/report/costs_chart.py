"""The cost slider: what the trades of a run earned at any cost, held fixed."""

import math

import numpy as np

from skills_lib.backtest.model import BacktestResult
from skills_lib.backtest.report.series import RunSeries
from skills_lib.report.charts import Axis, Chart
from skills_lib.report.layers import Layer, Limit, Polyline
from skills_lib.report.page import Slider


def cost_slider(result: BacktestResult, series: RunSeries) -> Slider | None:
    """The slider; None where nothing was traded."""
    notional, entry = float(series.trades.notional.sum()), float(series.trades.entry_notional.sum())
    figures = {name: float(result.metrics[name] or 0.0) for name in _FIGURES}
    if not (math.isfinite(notional) and notional > 0 and entry > 0):
        return None
    gross, funding = figures["gross_pnl"], figures["funding_paid"]
    charged = (figures["fees_paid"] + figures["spread_paid"]) / notional * 1e4
    break_even = (gross - funding) / notional * 1e4
    highest = _rounded_up(max(2.5 * charged, 1.6 * break_even, 5.0))
    costs = np.linspace(0, highest, 51)
    edge = (gross - funding - costs / 1e4 * notional) / entry * 1e4
    chart = _chart(costs, edge, charged, break_even)
    return Slider(
        gross, funding, notional, entry, result.settings.cash, len(series.trades), max(charged, 0.0), highest, chart
    )


_FIGURES = ("gross_pnl", "funding_paid", "fees_paid", "spread_paid")


def _chart(
    costs: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    edge: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    charged: float,
    break_even: float,
) -> Chart:
    layers: list[Layer] = [
        Limit(0.0, "y", "", "plain"),
        Polyline(costs, edge, "Net edge per trade", "strategy"),
        Limit(charged, "x", f"Charged in this run, {charged:,.1f} bps", "market"),
        Limit(charged, "x", "Slider", "outside", "cost-line"),
    ]
    text = f"It falls from {edge[0]:,.1f} bps without costs to {edge[-1]:,.1f} bps at {costs[-1]:g} bps per side."
    if break_even > 0:
        layers.append(Limit(break_even, "x", f"Break-even, {break_even:,.1f} bps", "bad"))
        text += f" It is 0 at {break_even:,.1f} bps."
    x = Axis("linear", "cost per side, bps", [(value, f"{value:g}") for value in np.linspace(0, costs[-1], 6).tolist()])
    return Chart("Net edge per trade by cost", text, layers, x, Axis("linear", "bps of the entry", include=[0.0]), 200)


def _rounded_up(value: float) -> float:
    size = 10.0 ** math.floor(math.log10(value))
    return next(size * step for step in (1, 2, 5, 10) if size * step >= value)
