"""Prints validations, single stages and resampled runs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scripts.tables.layout import Cell, Column, Line
from scripts.tables.screen import Screen
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE

if TYPE_CHECKING:
    from skills_lib.validate.model import StageAnswers, ValidationResult
    from skills_lib.validate.resample import RunResampled
    from skills_lib.validate.stages.monte_carlo import ResampledDistribution
    from skills_lib.validate.stages.percentiles import Percentiles

_STYLES = {"PASS": "green", "CAUTION": "yellow", "FAIL": "red"}
_MAX_NOTES = 8
_DEEPEST = 2
_STAGE_FIGURES = ("return_pct", "sharpe", "max_drawdown_pct", "trades")


def print_found(answer: "ValidationResult | StageAnswers") -> None:
    """Print a validation, or single stages of one."""
    from skills_lib.validate.model import ValidationResult

    if isinstance(answer, ValidationResult):
        print_validation(answer)
    else:
        print_stages(answer)


def print_stages(answer: "StageAnswers") -> None:
    """Print all figures of stages by name; lists and curves are in the file that `--json` names."""
    screen = Screen()
    screen.text(f"{answer.strategy} · {answer.symbol} {answer.timeframe} · single stages, no verdict", "bold")
    if answer.synthetic:
        screen.text(SYNTHETIC_NOTE, "bold magenta")
    for stage, found in answer.stages.items():
        screen.text(stage.replace("_", " "), "bold")
        for name, value in _figures(found):
            screen.text(f"  {name}: {value}", indent="    ")
    for text in answer.warnings:
        screen.note(text)


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
    screen = Screen()
    label = result.verdict.label
    heading = f"{result.strategy} · {result.symbol} {result.timeframe} · validation"
    screen.lines([Line((Cell(label, f"bold {_STYLES[label]}"), Cell("  "), Cell(heading, "bold")))])
    screen.text(_inputs(result), "dim")
    if result.synthetic:
        screen.text(SYNTHETIC_NOTE, "bold magenta")
    _print_rules(screen, result)
    for text in result.verdict.would_change:
        screen.text(f"→ {text}")
    screen.text(f"Sharpe decay out of sample: {result.out_of_sample.fall.words}")
    for text in _notes(result):
        screen.note(text)
    screen.path("Report", result.artifacts.page)


def _inputs(result: "ValidationResult") -> str:
    from skills_lib.optimize.report.markdown import describe_parameters

    inside = result.in_sample
    chosen = "as given" if inside.chosen_by == "given" else f"best plateau of {inside.evaluated:,}"
    return (
        f"{result.start[:10]} to {result.end[:10]}, {result.bars:,} bars, {result.source} · "
        f"{describe_parameters(result.parameters)} ({chosen}) · {result.overfitting.trials:,} trials counted"
    )


def _print_rules(screen: Screen, result: "ValidationResult") -> None:
    from skills_lib.validate.report.tables import rules_grid

    grid = rules_grid(result.verdict.rules)
    columns = [Column(heading, right=number > 0) for number, heading in enumerate(grid.head)]
    screen.table(columns, [[*map(Cell, row[:-1]), Cell(row[-1], _STYLES[row[-1]])] for row in grid.rows])


def _notes(result: "ValidationResult") -> list[str]:
    """The first notes, which are the most important, and how many more the report has."""
    notes = [*result.audit.warnings, *result.warnings, *(f"Missing: {text}" for text in result.missing)]
    shown = notes if len(notes) <= _MAX_NOTES else notes[: _MAX_NOTES - 1]
    return shown + ([f"{len(notes) - len(shown)} more in the report"] if len(notes) > len(shown) else [])


def print_monte_carlo(result: "RunResampled") -> None:
    """Print each resampling method with its limits."""
    screen = Screen()
    screen.text(f"{result.strategy} · {result.symbol} {result.timeframe} · run {result.run_id} · in-sample", "bold")
    if result.synthetic:
        screen.text(SYNTHETIC_NOTE, "bold magenta")
    every = [sampled for sampled in (result.trades, result.days, result.order) if sampled is not None]
    _print_distributions(screen, every)
    null = result.random_entries
    if null is not None and null.p is not None:
        screen.text(
            f"Random entries: p {null.p:.3f}, the share of {null.samples:,} random placements of the same trades that "
            f"did at least as well as {null.observed_return_pct:,.1f} %"
        )
    for text in result.notes:
        screen.note(text)
    for sampled in every:
        screen.text(f"{sampled.method.capitalize()}: {sampled.limits}", "dim")


def _print_distributions(screen: Screen, every: "list[ResampledDistribution]") -> None:
    headings = ("return 5 %", "50 %", "95 %", "drawdown 5 %", "50 %", "95 %", "ends in loss")
    columns = [Column(""), *(Column(heading, right=True) for heading in headings)]
    screen.table(columns, [[Cell(text) for text in _sampled(sampled)] for sampled in every])


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
