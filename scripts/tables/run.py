"""Prints backtests, lists of runs and comparisons."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from scripts.console import wide_console
from scripts.tables.warnings import print_breaks, print_defects, print_warnings
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_costs, describe_figure

if TYPE_CHECKING:
    from skills_lib.backtest.model import BacktestResult
    from skills_lib.backtest.report.comparison import Comparison

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
_RUN_COLUMNS = ("run", "strategy", "market", "from", "to", "return", "sharpe", "drawdown", "trades", "verdict")


def print_result(result: "BacktestResult") -> None:
    """Print one backtest: inputs, figures, verdict and the path of the report."""
    from skills_lib.backtest.figures import METRICS

    console = wide_console()
    print_breaks(console, result.warnings)
    parameters = " ".join(f"{name}={value}" for name, value in result.parameters.items())
    console.print(f"[bold]{result.strategy}[/] {parameters} · {result.symbol} {result.timeframe} · in-sample")
    console.print(
        f"{result.bars:,} bars {result.start} to {result.end} UTC · {result.source}",
        style="dim",
    )
    if result.synthetic:
        console.print(SYNTHETIC_NOTE, style="bold magenta")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    for row in _SHOWN:
        table.add_row(*(cell for name in row for cell in (METRICS[name].label, _figure(result, name))))
    console.print(table)
    _print_verdict(console, result)


def print_runs(runs: Sequence["BacktestResult"], stored: int) -> None:
    """Print stored runs, one per line."""
    table = Table(box=None, pad_edge=False)
    for heading in _RUN_COLUMNS:
        table.add_column(heading, justify="right" if heading in ("return", "sharpe", "drawdown", "trades") else "left")
    for run in runs:
        figures = (describe_figure(name, run.metrics) for name in ("return_pct", "sharpe", "max_drawdown_pct"))
        synthetic = " (synthetic)" if run.synthetic else ""
        label = f"[{_COLOURS[run.verdict.label]}]{run.verdict.label}[/]"
        symbol = f"{run.symbol} {run.timeframe}{synthetic}"
        days = (run.start[:10], run.end[:10])
        table.add_row(run.run_id[:8], run.strategy, symbol, *days, *figures, str(run.metrics["trades"]), label)
    console = wide_console()
    console.print(table)
    console.print(f"{len(runs)} of {stored} stored runs; all figures are in-sample.", style="dim")


def print_comparison(comparison: "Comparison") -> None:
    """Print a comparison: figures as rows, runs as columns."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for run in comparison.runs:
        parameters = " ".join(f"{name}={value}" for name, value in run.parameters.items())
        heading = f"{run.strategy}\n{run.symbol} {run.timeframe}\n{parameters}\n{run.run_id}"
        table.add_column(heading, justify="right")
    table.add_row("Verdict", *(f"[{_COLOURS[run.verdict.label]}]{run.verdict.label}[/]" for run in comparison.runs))
    for row in comparison.metrics:
        table.add_row(row.label, *(describe_figure(row.name, run.metrics) for run in comparison.runs))
    console = wide_console()
    console.print(table)
    for warning in comparison.warnings:
        console.print(f"! {warning}", style="yellow")


def _figure(result: "BacktestResult", name: str) -> str:
    shown = describe_figure(name, result.metrics)
    if name == "gross_edge_bps" and (error := result.metrics["gross_edge_error_bps"]) is not None:
        return f"{result.metrics[name]:,.1f} ± {error:,.1f} bps"
    return shown


def _print_verdict(console: Console, result: "BacktestResult") -> None:
    print_warnings(console, result.warnings)
    print_defects(console, result.quality)
    console.print(f"Costs  {describe_costs(result)} · Engine {result.settings.engine}", style="dim")
    console.print(
        f"[bold {_COLOURS[result.verdict.label]}]{result.verdict.label}[/] {' '.join(result.verdict.reasons)}"
    )
    console.print(f"Report {result.artifacts.page}", soft_wrap=True)
