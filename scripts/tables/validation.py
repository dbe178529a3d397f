"""Prints validations, single stages and resampled runs, in at most thirty lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE

if TYPE_CHECKING:
    from skills_lib.validate.model import StageAnswers, ValidationResult
    from skills_lib.validate.resample import RunResampled
    from skills_lib.validate.stages.monte_carlo import ResampledDistribution
    from skills_lib.validate.stages.percentiles import Percentiles

_STYLES = {"PASS": "green", "CAUTION": "yellow", "FAIL": "red"}
_MAX_LINES = 30
_REASONS = 6
_DEEPEST = 2
_STAGE_FIGURES = ("return_pct", "sharpe", "max_drawdown_pct", "trades")


def print_answer(answer: "ValidationResult | StageAnswers") -> None:
    """Print a validation, or single stages of one."""
    from skills_lib.validate.model import ValidationResult

    if isinstance(answer, ValidationResult):
        print_validation(answer)
    else:
        print_stages(answer)


def print_stages(answer: "StageAnswers") -> None:
    """Print all figures of stages by name; lists and curves are in `--json`."""
    from scripts.console import wide_console

    console = wide_console()
    console.print(f"[bold]{answer.strategy}[/] · {answer.symbol} {answer.timeframe} · single stages, no verdict")
    if answer.synthetic:
        console.print(SYNTHETIC_NOTE, style="bold magenta")
    for stage, found in answer.stages.items():
        console.print(stage.replace("_", " "), style="bold")
        for name, value in _figures(found):
            _line(console, f"  {name}: {value}")
    for text in answer.warnings:
        _line(console, f"! {text}", "yellow")


def _figures(found: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(found, dict) and "fees_paid" in found:
        yield path, ", ".join(f"{name} {found[name]:.6g}" for name in _STAGE_FIGURES if found[name] is not None)
    elif isinstance(found, dict) and path.count(" ") < _DEEPEST:
        for name, value in found.items():
            yield from _figures(value, f"{path} {name}".strip())
    elif found and isinstance(found, list) and isinstance(found[0], dict):
        for number, value in enumerate(found):
            yield from _figures(value, f"{path} {number}")
    elif not isinstance(found, dict | list) and not path.endswith("limits"):
        yield path, f"{found:.6g}" if isinstance(found, float) else str(found)


def print_validation(result: "ValidationResult") -> None:
    """Print the verdict, its rules, what would change it, and the path of the report."""
    from scripts.console import wide_console

    console = wide_console()
    label = result.verdict.label
    heading = f"{result.strategy} · {result.symbol} {result.timeframe} · validation"
    console.print(Text.assemble((label, f"bold {_STYLES[label]}"), "  ", (heading, "bold")))
    console.print(_notes_text(result), style="dim", no_wrap=True, overflow="ellipsis")
    if result.synthetic:
        console.print(SYNTHETIC_NOTE, style="bold magenta", no_wrap=True, overflow="ellipsis")
    console.print(_rules(result))
    for text in result.verdict.would_change[:_REASONS]:
        _line(console, f"→ {text}")
    _line(console, f"Sharpe decay out of sample: {result.out_of_sample.fall.words}")
    for text in _notes(result):
        _line(console, f"! {text}", "yellow")
    console.print(f"Report {result.artifacts.page}", soft_wrap=True)


def _notes_text(result: "ValidationResult") -> str:
    from skills_lib.optimize.report.markdown import describe_parameters

    inside = result.in_sample
    chosen = "as given" if inside.chosen_by == "given" else f"best plateau of {inside.evaluated:,}"
    return (
        f"{result.start[:10]} to {result.end[:10]}, {result.bars:,} bars, {result.source} · "
        f"{describe_parameters(result.parameters)} ({chosen}) · {result.overfitting.trials:,} trials counted"
    )


def _rules(result: "ValidationResult") -> Table:
    from skills_lib.validate.report.tables import rules_grid

    grid = rules_grid(result.verdict.rules)
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(grid.head):
        table.add_column(heading, justify="left" if number == 0 else "right")
    for row in grid.rows:
        table.add_row(*row[:-1], Text(row[-1], style=_STYLES[row[-1]]))
    return table


def _notes(result: "ValidationResult") -> list[str]:
    """The most important notes; the report has all."""
    notes = [*result.audit.warnings, *result.warnings, *(f"Missing: {text}" for text in result.missing)]
    available_lines = _MAX_LINES - 6 - len(result.verdict.rules) - min(len(result.verdict.would_change), _REASONS)
    shown = notes[: max(available_lines - 1, 0)]
    return shown + ([f"{len(notes) - len(shown)} more in the report"] if len(notes) > len(shown) else [])


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, no_wrap=True, overflow="ellipsis")


def print_monte_carlo(result: "RunResampled") -> None:
    """Print each resampling method with its limits."""
    from scripts.console import wide_console

    console = wide_console()
    console.print(f"[bold]{result.strategy}[/] · {result.symbol} {result.timeframe} · run {result.run_id} · in-sample")
    if result.synthetic:
        console.print(SYNTHETIC_NOTE, style="bold magenta")
    every = [sampled for sampled in (result.trades, result.days, result.order) if sampled is not None]
    console.print(_distributions(every))
    null = result.random_entries
    if null is not None and null.p is not None:
        console.print(
            f"Random entries: p {null.p:.3f}, the share of {null.samples:,} random placements of the same trades that "
            f"did at least as well as {null.observed_return_pct:,.1f} %"
        )
    for text in result.notes:
        console.print(f"! {text}", style="yellow", markup=False)
    for sampled in every:
        console.print(f"{sampled.method.capitalize()}: {sampled.limits}", style="dim")


def _distributions(every: "list[ResampledDistribution]") -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "return 5 %", "50 %", "95 %", "drawdown 5 %", "50 %", "95 %", "ends in loss"):
        table.add_column(heading, justify="right" if heading else "left")
    for sampled in every:
        table.add_row(*_sampled(sampled))
    return table


def _sampled(sampled: "ResampledDistribution") -> list[str]:
    loss = "n/a" if sampled.loss_share is None else f"{sampled.loss_share:.0%}"
    return [
        sampled.method,
        *_percentile_text(sampled.total_return_pct),
        *_percentile_text(sampled.max_drawdown_pct),
        loss,
    ]


def _percentile_text(found: "Percentiles | None") -> list[str]:
    return ["n/a"] * 3 if found is None else [f"{value:,.1f} %" for value in (found.p5, found.p50, found.p95)]
