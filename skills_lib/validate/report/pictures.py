"""Draws the pictures of a validation; equal results give equal bytes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE
from skills_lib.validate.model import Examination
from skills_lib.validate.runs import Run, Runs
from skills_lib.validate.stages.monte_carlo import ResampledDistribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _OUT, _IN, _MARKET, _BAD = "#24292f", "#0969da", "#8c959f", "#bf8700", "#cf222e"
_WIDTH, _HEIGHT, _DPI = 10.0, 4.2, 90
_MAX_POINTS = 1500
_WIPED_OUT = 1e-4


class Shown(NamedTuple):
    """What is drawn: runs for curves, the examination for figures."""

    runs: Runs
    found: Examination


Draw = Callable[["Axes", Shown], None]


def draw_picture(path: Path, name: str, runs: Runs, found: Examination) -> None:
    """Write the picture called `name` in PICTURES as a PNG, 900 pixels wide."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    PICTURES[name](axes, Shown(runs, found))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if runs.candles.origin.synthetic:
        figure.suptitle(SYNTHETIC_NOTE.split(":")[0], color=_BAD, fontsize=9)
    figure.savefig(path, dpi=_DPI)


def _equity(axes: "Axes", shown: Shown) -> None:
    runs = shown.runs
    money = 1.0
    for run, colour, label in (
        (runs.in_sample, _IN, "in-sample, where the parameters were chosen"),
        (runs.out_of_sample, _OUT, "out-of-sample, the same parameters"),
    ):
        times, growth = _curve(run)
        axes.plot(times, money * growth, color=colour, linewidth=1.3, label=label)
        money *= float(growth[-1])
    places = _thin(len(runs.bars))
    times, market = runs.bars.open_time_ns.view("datetime64[ns]"), runs.bars.close / runs.bars.close[0]
    axes.plot(times[places], market[places], color=_MARKET, linewidth=0.8, label="buy and hold, no costs")
    sealed = runs.candles.bars.open_time_ns[runs.split.sealed.start :].view("datetime64[ns]")
    axes.axvspan(sealed[0], sealed[-1], color=_IN, alpha=0.25, linewidth=0, label="sealed")
    _logarithmic(axes)
    axes.set(title="Equity of the chosen parameters, after costs", ylabel="multiple of the start")
    axes.legend(frameon=False, fontsize=8, loc="lower right")


def _windows(axes: "Axes", shown: Shown) -> None:
    found = shown.found
    windows = found.walk_forward.windows
    place = np.arange(len(windows))
    for sample, colour, shift in (("train", _IN, -0.2), ("test", _OUT, 0.2)):
        figures = [getattr(window, sample) for window in windows]
        values = [np.nan if one is None or one["sharpe"] is None else one["sharpe"] for one in figures]
        axes.bar(place + shift, values, width=0.4, color=colour, label=f"Sharpe in {sample}")
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.axhline(found.walk_forward.mean_sharpe, color=_OUT, linestyle="--", linewidth=1, label="mean of the tests")
    axes.set_xticks(place, [window.test_start[:7] for window in windows], fontsize=8)
    axes.set(title="Walk-forward, window by window", xlabel="test from", ylabel="Sharpe")
    axes.legend(frameon=False, fontsize=8, ncols=3)


def _monte_carlo(axes: "Axes", shown: Shown) -> None:
    runs, found = shown
    sampled: ResampledDistribution | None = found.monte_carlo.days
    if sampled is None:
        _write_text(axes, "Too few days to resample")
        return
    fan = sampled.fan
    for low, high, alpha, label in ((fan.p5, fan.p95, 0.15, "5 to 95 %"), (fan.p25, fan.p75, 0.3, "25 to 75 %")):
        axes.fill_between(fan.steps, _positive(low), _positive(high), color=_OUT, alpha=alpha, linewidth=0, label=label)
    axes.plot(fan.steps, _positive(fan.p50), color=_OUT, linewidth=1.2, label="median")
    observed = np.concatenate(([1.0], np.cumprod(1 + runs.stitched.daily())))
    places = _thin(len(observed))
    axes.plot(places, _positive(observed[places]), color=_INK, linewidth=1, label="observed")
    axes.axhline(1, color=_INK, linewidth=0.6)
    _logarithmic(axes)
    axes.set(title="Stitched out-of-sample days, block bootstrap", xlabel="days", ylabel="multiple of the start")
    axes.legend(frameon=False, fontsize=8)


def _drawdowns(axes: "Axes", shown: Shown) -> None:
    runs, found = shown
    sampled = [one for one in (found.monte_carlo.trades, found.monte_carlo.order) if one is not None]
    if not sampled:
        _write_text(axes, "Too few trades to resample")
        return
    for one, colour in zip(sampled, (_OUT, _IN), strict=False):
        _histogram(axes, one.drawdown_histogram, colour, one.method)
    axes.axvline(sampled[0].observed_max_drawdown_pct, color=_INK, linewidth=1.2, label="observed, at trade ends")
    axes.axvline(-runs.plan.rules.max_drawdown_pct, color=_BAD, linestyle="--", linewidth=1, label="the rule's limit")
    axes.set(title="Deepest drawdown of resampled trades", xlabel="max drawdown [%]", ylabel="samples")
    axes.legend(frameon=False, fontsize=8)


def _random_entries(axes: "Axes", shown: Shown) -> None:
    found = shown.found
    null = found.monte_carlo.random_entries
    if null is None or null.null_histogram is None:
        _write_text(axes, "No trades to place at random")
        return
    _histogram(axes, null.null_histogram, _IN, "the same trades at random times")
    axes.axvline(null.observed_return_pct, color=_OUT, linewidth=1.4, label=f"observed, p = {null.p:.3f}")
    axes.set(title="Returns of random entries", xlabel="total return [%]", ylabel="samples")
    axes.legend(frameon=False, fontsize=8)


def _regimes(axes: "Axes", shown: Shown) -> None:
    found = shown.found
    cells = found.regimes.cells
    place = np.arange(len(cells))
    values = [np.nan if cell.sharpe is None else cell.sharpe for cell in cells]
    errors = [0.0 if cell.error is None else cell.error for cell in cells]
    colours = [_IN if cell.too_few_days else _OUT for cell in cells]
    axes.bar(place, values, yerr=errors, color=colours, ecolor=_INK, capsize=3)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.set_xticks(place, [f"{cell.trend}\n{cell.volatility}\n{cell.days} days" for cell in cells], fontsize=8)
    axes.set(title="Sharpe ratio by regime, ± one standard error (grey: too few days)", ylabel="Sharpe")


def _costs(axes: "Axes", shown: Shown) -> None:
    found = shown.found
    stitched, fixed = found.costs.stitched, found.costs.fixed.levels
    for levels, colour, label in ((stitched, _OUT, "stitched walk-forward"), (fixed, _IN, "out-of-sample, fixed")):
        multiples = [level.multiple for level in levels]
        returns = [np.nan if (value := level.metrics["return_pct"]) is None else value for level in levels]
        axes.plot(multiples, returns, color=colour, marker="o", linewidth=1.4, label=label)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.set(title="Return by costs", xlabel="multiple of the assumed costs", ylabel="return [%]")
    axes.legend(frameon=False, fontsize=8)


PICTURES: Mapping[str, Draw] = MappingProxyType(
    {
        "equity": _equity,
        "windows": _windows,
        "monte_carlo": _monte_carlo,
        "drawdowns": _drawdowns,
        "random_entries": _random_entries,
        "regimes": _regimes,
        "costs": _costs,
    }
)


def picture_file(name: str) -> str:
    """The file of one picture."""
    return f"{name.replace('_', '-')}.png"


def _histogram(axes: "Axes", found: Any, colour: str, label: str) -> None:
    axes.stairs(found.counts, found.edges, color=colour, fill=True, alpha=0.5, label=label)


def _curve(run: Run) -> tuple[Any, Any]:
    places = _thin(len(run.bars))
    return run.bars.open_time_ns.view("datetime64[ns]")[places], _positive(
        run.execution.equity[places] / run.execution.cash
    )


def _thin(count: int) -> Any:
    """Indices of at most _MAX_POINTS of `count` points, including the last."""
    return np.unique(np.linspace(0, count - 1, min(count, _MAX_POINTS)).astype(np.int64))


def _logarithmic(axes: "Axes") -> None:
    axes.set_yscale("log")
    for formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        formatter(lambda value, _: f"{value:g}")


def _positive(multiples: Any) -> Any:
    """Multiples clipped to a positive minimum for a logarithmic axis."""
    return np.maximum(multiples, _WIPED_OUT)


def _write_text(axes: "Axes", text: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes, color=_INK)
