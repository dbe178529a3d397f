"""Draws the static picture of a run: equity against buy and hold, and drawdown below."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skills_lib.report.log_axis import set_log_axis
from skills_lib.report.thinning import thin

_INTERVALS = 2_000
_INK, _STRATEGY, _MARKET, _DRAWDOWN = "#24292f", "#0969da", "#8c959f", "#cf222e"


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """The plotted series by bar: int64[n] times, float64[n] quote currency, float64[n] drawdown in percent."""

    title: str
    open_time_ns: npt.NDArray[np.int64]
    equity: npt.NDArray[np.float64]
    buy_and_hold: npt.NDArray[np.float64]
    drawdown_pct: npt.NDArray[np.float64]


def draw_equity(path: Path, curve: EquityCurve) -> None:
    """Write a PNG of 1200 × 675 pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6.75), layout="constrained")
    FigureCanvasAgg(figure)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    shown, held = thin(curve.equity, _INTERVALS), thin(curve.buy_and_hold, _INTERVALS)
    times, held_times = (curve.open_time_ns[places].view("datetime64[ns]") for places in (shown, held))
    top.plot(held_times, curve.buy_and_hold[held], color=_MARKET, linewidth=1, label="Buy and hold, no costs")
    top.plot(times, curve.equity[shown], color=_STRATEGY, linewidth=1.4, label="Strategy, after costs")
    bottom.fill_between(times, -curve.drawdown_pct[shown], color=_DRAWDOWN, alpha=0.35, linewidth=0)
    top.set_title(curve.title, loc="left", color=_INK, fontsize=12, pad=26)
    top.set_ylabel("Equity [quote], log axis")
    set_log_axis(top, [curve.equity, curve.buy_and_hold])
    top.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)
    bottom.set_ylabel("Drawdown [%]")
    for axes in (top, bottom):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)
