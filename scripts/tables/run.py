"""Prints backtests, lists of runs and comparisons."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen
from scripts.tables.warnings import print_breaks, print_defects, print_warnings
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_costs, describe_figure

if TYPE_CHECKING:
    from skills_lib.backtest.model import BacktestResult
    from skills_lib.backtest.report.comparison import Comparison
    from skills_lib.market.benchmark import Benchmark

_COLOURS = {"SOLID": "green", "MIXED": "yellow", "WEAK": "red"}
_SHOWN = (
    ("return_pct", "trades"),
    ("buy_hold_return_pct", "win_rate_pct"),
    ("cagr_pct", "profit_factor"),
    ("sharpe", "expectancy_pct"),
    ("sortino", "exposure_pct"),
    ("max_drawdown_pct", "gross_edge_bps"),
    ("max_drawdown_days", "break_even_cost_bps"),
    ("fees_paid", "funding_paid"),
)
_RUN_COLUMNS = (
    *(Column(heading) for heading in ("run", "strategy", "market", "from", "to")),
    *(Column(heading, right=True) for heading in ("return", "sharpe", "drawdown", "trades")),
    Column("verdict"),
)


def print_result(result: "BacktestResult", benchmark: "Benchmark | None" = None) -> None:
    """Print one backtest: inputs, figures, verdict and the path of the report."""
    from skills_lib.backtest.figures import METRICS

    screen = Screen()
    print_breaks(screen, result.warnings)
    parameters = _parameters(result)
    screen.text(f"{result.strategy} {parameters} · {result.symbol} {result.timeframe} · in-sample", "bold")
    screen.text(f"{result.bars:,} bars {result.start} to {result.end} UTC · {result.source}", "dim")
    if result.synthetic:
        screen.text(SYNTHETIC_NOTE, "bold magenta")
    screen.pairs([[(METRICS[name].label, _figure(result, name)) for name in row] for row in _SHOWN])
    if benchmark is not None:
        screen.text(benchmark.line())
    _print_verdict(screen, result)


def print_runs(runs: Sequence["BacktestResult"], stored: int) -> None:
    """Print stored runs, one per line or, on a narrow terminal, per paragraph."""
    screen = Screen()
    screen.table(_RUN_COLUMNS, [_run(run) for run in runs])
    screen.text(f"{len(runs)} of {stored} stored runs; all figures are in-sample.", "dim")


def print_comparison(comparison: "Comparison") -> None:
    """Print a comparison: the runs by number, then figures as rows and runs as columns."""
    screen = Screen()
    for number, run in enumerate(comparison.runs, 1):
        parts = (f"{number}", run.strategy, f"{run.symbol} {run.timeframe}", _parameters(run), run.run_id)
        screen.flow(parts)
    columns = [Column(""), *(Column(f"{number}", right=True) for number, _ in enumerate(comparison.runs, 1))]
    rows = [[Cell("Verdict"), *(_label(run) for run in comparison.runs)]]
    rows += [
        [Cell(row.label), *(Cell(describe_figure(row.name, run.metrics)) for run in comparison.runs)]
        for row in comparison.metrics
    ]
    screen.table(columns, rows)
    for warning in comparison.warnings:
        screen.note(warning)


def _run(run: "BacktestResult") -> list[Cell]:
    synthetic = " (synthetic)" if run.synthetic else ""
    figures = (describe_figure(name, run.metrics) for name in ("return_pct", "sharpe", "max_drawdown_pct"))
    place = (run.run_id[:8], run.strategy, f"{run.symbol} {run.timeframe}{synthetic}", run.start[:10], run.end[:10])
    return [*map(Cell, (*place, *figures, str(run.metrics["trades"]))), _label(run)]


def _label(run: "BacktestResult") -> Cell:
    return Cell(run.verdict.label, _COLOURS[run.verdict.label])


def _parameters(run: "BacktestResult") -> str:
    return " ".join(f"{name}={value}" for name, value in run.parameters.items())


def _figure(result: "BacktestResult", name: str) -> str:
    shown = describe_figure(name, result.metrics)
    if name == "gross_edge_bps" and (error := result.metrics["gross_edge_error_bps"]) is not None:
        return f"{result.metrics[name]:,.1f} ± {error:,.1f} bps"
    return shown


def _print_verdict(screen: Screen, result: "BacktestResult") -> None:
    print_warnings(screen, result.warnings)
    print_defects(screen, result.quality)
    screen.text(f"Costs  {describe_costs(result)} · Engine {result.settings.engine}", "dim")
    label = result.verdict.label
    screen.text(f"{label} {' '.join(result.verdict.reasons)}", f"bold {_COLOURS[label]}", indent="")
    screen.path("Report", result.artifacts.page)
