"""Draws the picture of a validation: equity, windows, luck and costs; equal results give equal bytes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE
from skills_lib.report.log_axis import set_log_axis
from skills_lib.validate.model import ValidationResult
from skills_lib.validate.report.curves import Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _OUT, _IN, _BAD = "#24292f", "#0969da", "#8c959f", "#cf222e"
_WIPED_OUT = 1e-4


class Shown(NamedTuple):
    """What is drawn."""

    result: ValidationResult
    curves: Curves


def draw_picture(path: Path, result: ValidationResult, curves: Curves) -> None:
    """Write a PNG of 1400 × 1000 pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 10), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 2).flat
    for axes, draw in zip(panels, (_equity, _windows, _monte_carlo, _costs), strict=True):
        draw(axes, Shown(result, curves))
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False, fontsize=9)
    synthetic = f" · {SYNTHETIC_NOTE.split(':')[0]}" if result.synthetic else ""
    label = f"{result.verdict.label} · {result.strategy} · {result.symbol} {result.timeframe}{synthetic}"
    figure.suptitle(label, color=_INK, fontsize=14)
    figure.savefig(path, dpi=100)


def _equity(axes: "Axes", shown: Shown) -> None:
    curves = shown.curves
    for curve, colour, width, label in (
        (curves.market, _IN, 0.8, "buy and hold, no costs"),
        (curves.in_sample, _INK, 1.3, "in-sample, where the parameters were chosen"),
        (curves.out_of_sample, _OUT, 1.3, "out-of-sample, the same parameters"),
    ):
        times = curve.x.astype(np.int64).view("datetime64[ns]")
        axes.plot(times, np.maximum(curve.y, _WIPED_OUT), color=colour, linewidth=width, label=label)
    sealed = shown.result.sealed
    edges: Any = [np.datetime64(edge) for edge in (sealed.start, sealed.end)]
    axes.axvspan(*edges, color=_IN, alpha=0.25, linewidth=0, label="sealed")
    set_log_axis(axes, [curves.market.y, curves.in_sample.y, curves.out_of_sample.y])
    axes.set(title="Equity of the chosen parameters, after costs", ylabel="multiple of the start, log axis")


def _windows(axes: "Axes", shown: Shown) -> None:
    walked = shown.result.walk_forward
    place = np.arange(len(walked.windows))
    for sample, colour, shift in (("train", _IN, -0.2), ("test", _OUT, 0.2)):
        figures = [getattr(window, sample) for window in walked.windows]
        values = [np.nan if one is None or one["sharpe"] is None else one["sharpe"] for one in figures]
        name = "in-sample (train)" if sample == "train" else "out-of-sample (test)"
        axes.bar(place + shift, values, width=0.4, color=colour, label=name)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.axhline(walked.mean_sharpe, color=_BAD, linestyle="--", linewidth=1, label="mean of the tests")
    axes.set_xticks(place, [window.test_start[:7] for window in walked.windows], fontsize=8)
    axes.set(title="Walk-forward, Sharpe by window", xlabel="test from", ylabel="Sharpe")


def _monte_carlo(axes: "Axes", shown: Shown) -> None:
    sampled, observed = shown.result.monte_carlo.days, shown.curves.observed
    axes.set(
        title="Stitched out-of-sample days, block bootstrap", xlabel="days", ylabel="multiple of the start, log axis"
    )
    axes.plot(observed.x, np.maximum(observed.y, _WIPED_OUT), color=_INK, linewidth=1, label="observed")
    if sampled is not None:
        fan = sampled.fan
        for low, high, alpha, label in ((fan.p5, fan.p95, 0.15, "5 to 95 %"), (fan.p25, fan.p75, 0.3, "25 to 75 %")):
            lowest, highest = np.maximum(low, _WIPED_OUT), np.maximum(high, _WIPED_OUT)
            axes.fill_between(fan.steps, lowest, highest, color=_OUT, alpha=alpha, linewidth=0, label=label)
    axes.axhline(1, color=_INK, linewidth=0.6)
    bands = [] if sampled is None else [np.asarray(sampled.fan.p5), np.asarray(sampled.fan.p95)]
    set_log_axis(axes, [observed.y, *bands])


def _costs(axes: "Axes", shown: Shown) -> None:
    costs = shown.result.costs
    for levels, colour, label in (
        (costs.stitched, _OUT, "stitched walk-forward"),
        (costs.fixed.levels, _IN, "out-of-sample, fixed parameters"),
    ):
        returns = [np.nan if (value := level.metrics["return_pct"]) is None else value for level in levels]
        axes.plot([level.multiple for level in levels], returns, color=colour, marker="o", linewidth=1.4, label=label)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.set(title="Return by costs", xlabel="multiple of the assumed costs", ylabel="return [%]")
