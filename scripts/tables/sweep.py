"""Prints optimisations and walk-forwards."""

from typing import TYPE_CHECKING

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen
from scripts.tables.warnings import print_breaks, print_defects, print_warnings
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_figure, format_figure

if TYPE_CHECKING:
    from skills_lib.optimize.model import OptimizationResult
    from skills_lib.walk_forward.model import WalkForwardResult, WindowResult

_SHOWN = ("return_pct", "sharpe", "max_drawdown_pct", "trades", "profit_factor", "break_even_cost_bps")
_WINDOW_COLUMNS = (
    *(Column(heading) for heading in ("test from", "to", "parameters")),
    *(Column(heading, right=True) for heading in ("train", "test", "return test")),
)


def print_optimization(result: "OptimizationResult") -> None:
    """Print the recommended point and the raw maximum, warnings, and the path of the report."""
    from skills_lib.backtest.figures import METRICS
    from skills_lib.optimize.table import raw_extreme

    screen = _heading(result, f"optimise {METRICS[result.maximize].label} · in-sample")
    of = f" of {result.combinations:,}" if result.combinations is not None else ""
    tried = f"{result.evaluated:,}{of} combinations, {result.method}, engine {result.engine}, {result.seconds:,.1f} s"
    screen.text(tried, "dim")
    names = ("recommended", raw_extreme(result.maximize))
    screen.table([Column(""), *(Column(name, right=True) for name in names)], _points(result))
    _print_end(screen, result)


def print_walk_forward(result: "WalkForwardResult") -> None:
    """Print the windows, the stitched run and the path of the report."""
    from skills_lib.backtest.figures import METRICS
    from skills_lib.walk_forward.report.markdown import describe_drift, describe_efficiency

    screen = _heading(result, f"walk-forward by {METRICS[result.maximize].label} · out-of-sample")
    screen.table(_WINDOW_COLUMNS, [_window(window, result.maximize) for window in result.windows])
    stitched = result.out_of_sample.metrics
    described = ", ".join(f"{METRICS[name].label} {describe_figure(name, stitched)}" for name in _SHOWN[:4])
    screen.text(f"Stitched out of sample: {described}")
    screen.text(f"Efficiency {describe_efficiency(result.efficiency)}")
    screen.text(f"Positive windows {result.positive_share * 100:.0f} % of {len(result.windows)}")
    for name, drift in result.parameter_drift.items():
        screen.text(describe_drift(name, drift), "dim")
    _print_end(screen, result)


def _points(result: "OptimizationResult") -> list[list[Cell]]:
    from skills_lib.backtest.figures import METRICS
    from skills_lib.optimize.report.markdown import describe_parameters

    points = (result.recommended, result.best)
    rows: list[tuple[str, ...]] = [
        ("Parameters", *(describe_parameters(point.parameters) for point in points)),
        ("Stability", *(point.plateau.kind for point in points)),
        (
            "Neighbourhood median",
            *(format_figure(result.maximize, point.plateau.neighbourhood_median) for point in points),
        ),
    ]
    rows += [
        (METRICS[name].label, *(describe_figure(name, point.metrics) for point in points))
        for name in dict.fromkeys((result.maximize, *_SHOWN))
    ]
    return [[Cell(text) for text in row] for row in rows]


def _window(window: "WindowResult", metric: str) -> list[Cell]:
    from skills_lib.optimize.report.markdown import describe_parameters

    chosen = "none eligible" if window.parameters is None else describe_parameters(window.parameters)
    shown = ((window.train, metric), (window.test, metric), (window.test, "return_pct"))
    figures = (describe_figure(name, sample) for sample, name in shown)
    return [Cell(text) for text in (window.test_start[:10], window.test_end[:10], chosen, *figures)]


def _heading(result: "OptimizationResult | WalkForwardResult", what: str) -> Screen:
    screen = Screen()
    print_breaks(screen, result.warnings)
    screen.text(f"{result.strategy} · {result.symbol} {result.timeframe} · {what}", "bold")
    screen.text(f"{result.bars:,} bars {result.start} to {result.end} UTC · {result.source}", "dim")
    if result.synthetic:
        screen.text(SYNTHETIC_NOTE, "bold magenta")
    return screen


def _print_end(screen: Screen, result: "OptimizationResult | WalkForwardResult") -> None:
    print_warnings(screen, result.warnings)
    print_defects(screen, result.quality)
    screen.path("Report", result.artifacts.page)
