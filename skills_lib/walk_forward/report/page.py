"""Builds the page of a walk-forward: the stitched equity, and the windows in-sample beside out-of-sample."""

from collections.abc import Sequence

import numpy as np

from skills_lib.backtest.figures import METRICS, Figures
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_costs, describe_figure
from skills_lib.backtest.report.page import Curve, drawdown_chart, equity_chart
from skills_lib.domain.quality import describe_defects
from skills_lib.optimize.report.markdown import describe_parameters
from skills_lib.optimize.table import optimised
from skills_lib.report.charts import Axis, Chart
from skills_lib.report.layers import Columns, Layer, Limit
from skills_lib.report.page import Grid, Page, Section
from skills_lib.walk_forward.model import StitchedSpan, WalkForwardResult, WindowResult
from skills_lib.walk_forward.report.markdown import LIMITS, SHOWN, describe_drift, describe_efficiency, provenance
from skills_lib.walk_forward.report.series import StitchedSeries

_MAX_TICKS = 12


def walk_forward_page(result: WalkForwardResult, series: StitchedSeries) -> Page:
    """The page of a walk-forward; `series`: of the same one."""
    return Page(
        title=f"Walk-forward of {result.strategy} on {result.symbol} {result.timeframe}",
        about=f"{result.bars:,} bars from {result.start} to {result.end} UTC · {result.source} · out-of-sample",
        lead=_lead(result),
        banner=SYNTHETIC_NOTE if result.synthetic else "",
        warnings=result.warnings,
        sections=[
            _stitched(result, series),
            _windows(result),
            Section("Parameters", points=[describe_drift(name, one) for name, one in result.parameter_drift.items()]),
            _data(result),
            Section("Limits", points=LIMITS),
        ],
        identity=provenance(result),
    )


def _lead(result: WalkForwardResult) -> str:
    found = result.out_of_sample
    kind = "anchored" if result.anchored else "rolling"
    picked = "centre of the best plateau" if result.pick == "plateau" else "raw maximum"
    return (
        f"In {len(result.windows)} {kind} windows the {picked} ({optimised(result.maximize)}) was chosen on "
        f"{result.train_days:g} days and tested on the next {result.test_days:g}. Stitched together, the tests return "
        f"{describe_figure('return_pct', found.metrics)} after costs ({describe_costs(result.settings)}), holding "
        f"{describe_figure('buy_hold_return_pct', found.metrics)} without costs; {result.positive_share * 100:.0f} % "
        f"of the windows earned money. Efficiency: {describe_efficiency(result.efficiency)}."
    )


def _stitched(result: WalkForwardResult, series: StitchedSeries) -> Section:
    cash, times = result.settings.cash, series.open_time_ns
    curves: list[Curve] = [
        (times, series.held(cash), "Buy and hold, no costs", "market"),
        (times, series.equity, "Stitched out-of-sample, after costs", "outside"),
    ]
    halves = {"stitched": result.out_of_sample, "first half": result.halves.first, "second half": result.halves.second}
    shown: dict[str, StitchedSpan] = {name: found for name, found in halves.items() if found is not None}
    rows = [
        ("Bars", *(f"{found.start[:10]} to {found.end[:10]}" for found in shown.values())),
        *((METRICS[name].label, *(describe_figure(name, found.metrics) for found in shown.values())) for name in SHOWN),
    ]
    charts = [equity_chart("Stitched out-of-sample equity", cash, curves), drawdown_chart(times, series.drawdown_pct)]
    how = (
        "The stitched run uses each bar once: every window contributes its test span up to the next window's test, the "
        "last all of it. Each part starts flat with the final equity of the part before and ends flat."
    )
    return Section("Out of sample", charts=charts, grids=[Grid(("", *shown), rows)], limits=[how])


def windows_chart(windows: Sequence[WindowResult], metric: str, mean: float | None = None) -> Chart:
    """The metric of each window, in-sample beside out-of-sample."""
    number, label = np.arange(len(windows), dtype=np.float64), METRICS[metric].label
    inside, outside = (
        np.array([_number(found, metric) for found in samples])
        for samples in ([one.train for one in windows], [one.test for one in windows])
    )
    layers: list[Layer] = [
        Limit(0.0, "y", ""),
        Columns(number - 0.38, number - 0.02, inside, "In-sample (train)", "inside"),
        Columns(number + 0.02, number + 0.38, outside, "Out-of-sample (test)", "outside"),
    ]
    if mean is not None:
        layers.append(Limit(mean, "y", f"Mean of the tests, {mean:.2f}", "bad"))
    step = -(-len(windows) // _MAX_TICKS)
    ticks = [(float(i), one.test_start[:7]) for i, one in enumerate(windows)][::step]
    text = f"{np.isfinite(outside).sum()} of {len(windows)} windows have a figure out of sample."
    x = Axis("linear", "test from", ticks, include=(-0.5, len(windows) - 0.5))
    return Chart(f"{label} by window", text, layers, x, Axis("linear", METRICS[metric].unit), 220)


def _number(found: Figures | None, metric: str) -> float:
    value = None if found is None else found[metric]
    return np.nan if value is None else float(value)


def _windows(result: WalkForwardResult) -> Section:
    metric = METRICS[result.maximize].label
    head = ("train from", "test", "parameters", f"{metric} train", f"{metric} test", "return test")
    rows = [_row(window, result.maximize) for window in result.windows]
    note = "A window without a column has no figure: nothing eligible, no trade, or nothing lost."
    chart = windows_chart(result.windows, result.maximize)
    return Section(
        "Windows, in-sample beside out-of-sample", charts=[chart], grids=[Grid(head, rows, words=(1, 2))], limits=[note]
    )


def _row(window: WindowResult, metric: str) -> tuple[str, ...]:
    chosen = "none eligible" if window.parameters is None else describe_parameters(window.parameters)
    figures = ((window.train, metric), (window.test, metric), (window.test, "return_pct"))
    return (
        window.train_start[:10],
        f"{window.test_start[:10]} to {window.test_end[:10]}",
        chosen,
        *(describe_figure(name, sample) for sample, name in figures),
    )


def _data(result: WalkForwardResult) -> Section:
    defects = describe_defects(result.quality) or "no gap, duplicate, broken bar or spike found"
    return Section("Data quality", [f"{result.bars:,} bars from {result.source}: {defects}."])
