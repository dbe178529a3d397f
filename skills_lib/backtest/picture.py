"""The static picture of a run: equity beside buy and hold, and drawdown below."""

import itertools
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.metrics import drawdown
from skills_lib.domain.bars import Bars, FloatArray, IntArray

_MOST_POINTS = 4_000
_INK, _STRATEGY, _MARKET, _FALL = "#24292f", "#0969da", "#8c959f", "#cf222e"


def draw_equity(path: Path, title: str, execution: Execution, bars: Bars) -> None:
    """Write a PNG of 1200 × 675 pixels."""
    figure = Figure(figsize=(12, 6.75), layout="constrained")
    FigureCanvasAgg(figure)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    shown = _thin(len(bars), execution.equity)
    times = bars.open_time_ns[shown].view("datetime64[ns]")
    held = execution.cash * bars.close / bars.close[execution.first_bar]
    top.plot(times, held[shown], color=_MARKET, linewidth=1, label="Buy and hold, no costs")
    top.plot(times, execution.equity[shown], color=_STRATEGY, linewidth=1.4, label="Strategy, after costs")
    bottom.fill_between(times, -drawdown(execution.equity)[shown] * 100, color=_FALL, alpha=0.35, linewidth=0)
    top.set_title(title, loc="left", color=_INK, fontsize=12)
    top.set_ylabel("Equity [quote]")
    top.legend(loc="upper left", frameon=False)
    bottom.set_ylabel("Drawdown [%]")
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    bottom.xaxis.set_major_locator(locator)
    bottom.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    for axes in (top, bottom):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)


def _thin(n: int, equity: FloatArray) -> IntArray:
    """At most a few thousand bars that keep the first, the last, and each stretch's lowest and highest equity."""
    if n <= _MOST_POINTS:
        return np.arange(n)
    edges = np.linspace(0, n, _MOST_POINTS // 2 + 1).astype(np.int64)
    kept = [[a + np.argmin(equity[a:b]), a + np.argmax(equity[a:b])] for a, b in itertools.pairwise(edges)]
    return np.unique(np.concatenate([[0, n - 1], np.ravel(kept)]))
