"""Draws a walk-forward: stitched equity, train against test figures, and the windows over time."""

from pathlib import Path
from typing import Any

import numpy as np

from skills_lib.backtest.figures import METRICS
from skills_lib.report.log_axis import set_log_axis
from skills_lib.report.thinning import thin
from skills_lib.walk_forward.model import WalkForwardResult
from skills_lib.walk_forward.report.series import StitchedSeries

_INK, _OUT, _IN, _MARKET = "#24292f", "#0969da", "#8c959f", "#8c959f"
_INTERVALS = 2_000


def draw_walk_forward(path: Path, result: WalkForwardResult, series: StitchedSeries) -> None:
    """Write a PNG of 1200 × 1000 pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 10), layout="constrained")
    FigureCanvasAgg(figure)
    top, middle, bottom = figure.subplots(3, 1, height_ratios=(3, 2, 2))
    _draw_equity(top, result, series)
    _draw_samples(middle, result)
    _draw_windows(bottom, result)
    for axes in (top, middle, bottom):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)


def _draw_equity(axes: Any, result: WalkForwardResult, series: StitchedSeries) -> None:
    times, held = series.open_time_ns.view("datetime64[ns]"), series.held(result.settings.cash)
    for values, colour, width, label in (
        (held, _MARKET, 1.0, "Buy and hold, no costs"),
        (series.equity, _OUT, 1.4, "Stitched out-of-sample, after costs"),
    ):
        places = thin(values, _INTERVALS)
        axes.plot(times[places], values[places], color=colour, linewidth=width, label=label)
    synthetic = " · SYNTHETIC DATA" if result.synthetic else ""
    title = f"{result.strategy} · {result.symbol} {result.timeframe} · walk-forward{synthetic}"
    axes.set_title(title, loc="left", color=_INK, fontsize=12, pad=26)
    axes.set_ylabel("Equity [quote], log axis")
    set_log_axis(axes, [held, series.equity])
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)


def _draw_samples(axes: Any, result: WalkForwardResult) -> None:
    number, label = np.arange(len(result.windows)), METRICS[result.maximize].label
    for sample, colour, shift in (("train", _IN, -0.2), ("test", _OUT, 0.2)):
        figures = [getattr(window, sample) for window in result.windows]
        values = [found[result.maximize] if found else None for found in figures]
        name = "in-sample (train)" if sample == "train" else "out-of-sample (test)"
        axes.bar(number + shift, [np.nan if v is None else v for v in values], width=0.4, color=colour, label=name)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.set(xlabel="window", ylabel=label)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)


def _draw_windows(axes: Any, result: WalkForwardResult) -> None:
    for number, window in enumerate(result.windows):
        for sample, colour in (("train", _IN), ("test", _OUT)):
            start, end = (np.datetime64(getattr(window, f"{sample}_{edge}")) for edge in ("start", "end"))
            axes.plot([start, end], [number, number], color=colour, linewidth=4, solid_capstyle="butt")
    axes.invert_yaxis()
    axes.set_ylabel("window")
    axes.yaxis.get_major_locator().set_params(integer=True)
