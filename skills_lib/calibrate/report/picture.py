"""Draws a calibration: power, rejections by rule, and the trade-off between false passes and power."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skills_lib.calibrate.intervals import PassRate
from skills_lib.calibrate.model import Calibration, PlantedShare

_INK, _VERDICT, _COLOURS = "#24292f", "#0969da", {"in_sample_sharpe": "#cf222e", "walk_forward": "#bf8700"}
_WANTED_POWER, _ALLOWED_RATE = 0.8, 0.01
_NAMED = (0.0, 0.5, 1.5)  # strictnesses labelled in the chart
REFERENCE_SHARPE = 2.5
"""The planted Sharpe of the trade-off chart; the largest one if it was not requested."""


def draw_calibration(path: Path, result: Calibration) -> None:
    """Write a PNG of 1200 × 1300 pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 13), layout="constrained")
    FigureCanvasAgg(figure)
    top, middle, bottom = figure.subplots(3, 1, height_ratios=(5, 4, 4))
    _draw_power(top, result)
    _draw_rejections(middle, result)
    _draw_trade_off(bottom, result)
    for axes in (top, middle, bottom):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)


def _draw_power(axes: Any, result: Calibration) -> None:
    _curve(axes, result.null, result.planted, _VERDICT, "PASS of Twokey's verdict")
    for name, naive in result.naive.items():
        _curve(axes, naive.null, naive.planted, _COLOURS[name], f"naive: {naive.rule}")
    axes.axhline(_WANTED_POWER, color=_INK, linewidth=0.8, linestyle=":")
    title = f"Share of markets that pass · {result.null.markets:,} without an edge, and planted edges"
    axes.set_title(title, loc="left", color=_INK, fontsize=12)
    axes.set(xlabel="planted annual Sharpe after costs (0: no edge)", ylabel="share that passes", ylim=(-0.25, 1.04))
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.legend(loc="lower right", framealpha=0.9, fontsize=9, borderaxespad=0.2)


def _curve(axes: Any, null: PassRate, planted: Sequence[PlantedShare], colour: str, label: str) -> None:
    points = [(0.0, null.rate, null.ci95), *((found.sharpe, found.power, found.ci95) for found in planted)]
    sharpes, rates = [point[0] for point in points], [point[1] for point in points]
    below = [max(0.0, rate - low) for _, rate, (low, _) in points]
    above = [max(0.0, high - rate) for _, rate, (_, high) in points]
    axes.errorbar(sharpes, rates, yerr=[below, above], color=colour, marker="o", capsize=3, linewidth=1.4, label=label)


def _draw_rejections(axes: Any, result: Calibration) -> None:
    reference, rules = _reference(result.planted), [found.rule for found in result.without]
    shown = [(result.null.rejected_by, result.null.markets, "no edge", "#8c959f", -0.2)]
    shown.append((reference.rejected_by, reference.markets, f"planted Sharpe {reference.sharpe:g}", _VERDICT, 0.2))
    for rejected, markets, label, colour, shift in shown:
        shares = [rejected.get(rule, 0) / markets for rule in rules]
        axes.barh([place + shift for place in range(len(rules))], shares, height=0.4, color=colour, label=label)
    axes.set_yticks(range(len(rules)), rules)
    axes.invert_yaxis()
    axes.set_title("Rejections by rule", loc="left", color=_INK, fontsize=12)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("share of markets rejected")
    axes.legend(loc="upper right", frameon=False)


def _draw_trade_off(axes: Any, result: Calibration) -> None:
    floor = 0.3 / result.null.markets
    points = [(max(t.null.rate, floor), _reference(t.planted).power, t.strictness) for t in result.trade_off]
    rates, powers = [point[0] for point in points], [point[1] for point in points]
    axes.plot(rates, powers, color=_VERDICT, marker=".", linewidth=1, label="all thresholds, from lax to strict")
    for rate, power, strictness in points:
        if strictness in _NAMED:
            axes.annotate(f"{strictness:g}", (rate, power), textcoords="offset points", xytext=(5, -12), fontsize=9)
    usual = next(point for point in points if point[2] == 1)
    axes.plot(usual[0], usual[1], "o", color=_VERDICT, markersize=9, label="the verdict (strictness 1)")
    for name, naive in result.naive.items():
        power = _reference(naive.planted).power
        axes.plot(max(naive.null.rate, floor), power, "s", color=_COLOURS[name], label=f"naive: {naive.rule}")
    axes.axvline(_ALLOWED_RATE, color=_INK, linewidth=0.8, linestyle=":")
    axes.axhline(_WANTED_POWER, color=_INK, linewidth=0.8, linestyle=":")
    axes.set_title("Trade-off as all thresholds change together", loc="left", color=_INK, fontsize=12)
    axes.set(xscale="log", xlabel="false passes (log scale; zero is drawn at the left edge)", ylim=(-0.03, 1.06))
    axes.set_ylabel(f"power at Sharpe {_reference(result.planted).sharpe:g}")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value * 100:.3g} %")
    axes.legend(loc="lower right", framealpha=0.9)


def _reference(planted: Sequence[Any]) -> Any:
    return next((found for found in planted if found.sharpe == REFERENCE_SHARPE), planted[-1])
