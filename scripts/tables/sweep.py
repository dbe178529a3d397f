"""Prints optimisations and walk-forwards."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from scripts.tables.warnings import print_breaks, print_defects, print_warnings
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_figure, format_figure

if TYPE_CHECKING:
    from skills_lib.optimize.model import OptimizationResult
    from skills_lib.walk_forward.model import WalkForwardResult

_SHOWN = ("return_pct", "sharpe", "max_drawdown_pct", "trades", "profit_factor", "break_even_cost_bps")


def print_optimization(result: "OptimizationResult") -> None:
    """Print the recommended point and the raw maximum, warnings, and the path of the report."""
    from skills_lib.backtest.figures import METRICS
    from skills_lib.optimize.report.markdown import describe_parameters
    from skills_lib.optimize.table import raw_extreme

    console = _heading(result, f"optimise {METRICS[result.maximize].label} · in-sample")
    of = f" of {result.combinations:,}" if result.combinations is not None else ""
    tried = f"{result.evaluated:,}{of} combinations, {result.method}, engine {result.engine}, {result.seconds:,.1f} s"
    console.print(tried, style="dim")
    points = {"recommended": result.recommended, raw_extreme(result.maximize): result.best}
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in points:
        table.add_column(name, justify="right")
    table.add_row("Parameters", *(describe_parameters(point.parameters) for point in points.values()))
    table.add_row("Stability", *(point.plateau.kind for point in points.values()))
    around = (format_figure(result.maximize, point.plateau.neighbourhood_median) for point in points.values())
    table.add_row("Neighbourhood median", *around)
    for name in dict.fromkeys((result.maximize, *_SHOWN)):
        table.add_row(METRICS[name].label, *(describe_figure(name, point.metrics) for point in points.values()))
    console.print(table)
    _print_end(console, result)


def print_walk_forward(result: "WalkForwardResult") -> None:
    """Print the windows, the stitched run and the path of the report."""
    from skills_lib.backtest.figures import METRICS
    from skills_lib.optimize.report.markdown import describe_parameters
    from skills_lib.walk_forward.report.markdown import describe_drift, describe_efficiency

    console = _heading(result, f"walk-forward by {METRICS[result.maximize].label} · out-of-sample")
    table = Table(box=None, pad_edge=False)
    for heading in ("test from", "to", "parameters", "train", "test", "return test"):
        table.add_column(heading, justify="left" if heading in ("test from", "to", "parameters") else "right")
    for window in result.windows:
        chosen = "none eligible" if window.parameters is None else describe_parameters(window.parameters)
        shown = ((window.train, result.maximize), (window.test, result.maximize), (window.test, "return_pct"))
        figures = (describe_figure(name, sample) for sample, name in shown)
        table.add_row(window.test_start[:10], window.test_end[:10], chosen, *figures)
    console.print(table)
    stitched = result.out_of_sample.metrics
    described = ", ".join(f"{METRICS[name].label} {describe_figure(name, stitched)}" for name in _SHOWN[:4])
    console.print(f"Stitched out of sample: {described}")
    console.print(f"Efficiency {describe_efficiency(result.efficiency)}")
    console.print(f"Positive windows {result.positive_share * 100:.0f} % of {len(result.windows)}")
    for name, drift in result.parameter_drift.items():
        console.print(describe_drift(name, drift), style="dim")
    _print_end(console, result)


def _heading(result: "OptimizationResult | WalkForwardResult", what: str) -> Console:
    console = Console(highlight=False)
    print_breaks(console, result.warnings)
    console.print(f"[bold]{result.strategy}[/] · {result.symbol} {result.timeframe} · {what}")
    console.print(f"{result.bars:,} bars {result.start} to {result.end} UTC · {result.source}", style="dim")
    if result.synthetic:
        console.print(SYNTHETIC_NOTE, style="bold magenta")
    return console


def _print_end(console: Console, result: "OptimizationResult | WalkForwardResult") -> None:
    print_warnings(console, result.warnings)
    print_defects(console, result.quality)
    console.print(f"Report {result.artifacts.page}", soft_wrap=True)
