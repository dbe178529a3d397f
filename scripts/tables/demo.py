"""Prints the demonstration: what a search claims, what luck reaches, what later bars and the verdict say."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from scripts.tables.layout import Cell, Line, wrap
from scripts.tables.screen import Screen
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_figure
from skills_lib.market.candles.sample import SEED
from skills_lib.optimize.report.markdown import describe_parameters
from skills_lib.validate.report.luck import reasons

if TYPE_CHECKING:
    from skills_lib.backtest.figures import Figures
    from skills_lib.calibrate.planted_cases import JudgedCase
    from skills_lib.validate.model import ValidationResult

_STYLES = {"PASS": "bold green", "CAUTION": "bold yellow", "FAIL": "bold red"}


class Step(NamedTuple):
    """One line of a demonstration. `label`: a verdict before the text."""

    name: str
    text: str
    label: str = ""


def print_demo(result: "ValidationResult", same: str) -> None:
    """Print the five steps from a splendid search to its verdict. `same`: the command that gives the same result."""
    screen = Screen()
    screen.text(f"{result.strategy} · {result.symbol} {result.timeframe} · a search, and what validate says", "bold")
    screen.text(SYNTHETIC_NOTE, "bold magenta")
    screen.text(
        f"The market has no edge: its price is a martingale. It is the first of {SEED} generated ones on which this "
        "search looks so good and fails later.",
        indent="",
    )
    _print_steps(screen, _steps(result))
    screen.path("Report", result.artifacts.page or result.artifacts.report)
    screen.text(f"The same: {same}")


def print_cases(cases: "Sequence[JudgedCase]") -> None:
    """Print each planted case: the truth, the claim, the verdict and why."""
    screen = Screen()
    screen.text("Planted cases, judged by the pipeline of validate", "bold")
    screen.text(SYNTHETIC_NOTE, "bold magenta")
    screen.text(
        "Nothing is stored, and no trial is counted in your ledger: the trials are counted in memory only.", indent=""
    )
    for number, case in enumerate(cases, start=1):
        screen.text(f"{number}  {_truth(case)} (seed {case.seed})", "bold", indent="   ")
        _print_steps(screen, _judgement(case))


def _steps(result: "ValidationResult") -> Iterable[Step]:
    inside, outside, walked = result.in_sample, result.out_of_sample, result.walk_forward
    yield Step(
        "1 Claim",
        f"{_figures(inside.metrics)}. In-sample: the best plateau of {inside.evaluated} combinations "
        f"({describe_parameters(result.parameters)}), {inside.start[:10]} to {inside.end[:10]}, costs included.",
    )
    yield Step(
        "2 Luck",
        f"Sharpe {result.luck_in_sample():.2f} is what the best of {inside.evaluated} independent tries without "
        "any edge shows on the same days.",
    )
    yield Step("3 Later bars", f"{_figures(outside.metrics)}. The same parameters on the next {outside.bars:,} bars.")
    yield Step(
        "4 Repeated",
        f"{_figures(walked.stitched.metrics)}. The same search in {len(walked.windows)} windows, each tested on "
        f"the bars after it: mean Sharpe {walked.mean_sharpe:.2f}, {walked.positive_share * 100:.0f} % earned money.",
    )
    yield Step("5 Verdict", reasons(result.verdict), result.verdict.label)


def _truth(case: "JudgedCase") -> str:
    if case.bars_ahead:
        return f"A look-ahead: signals come {case.bars_ahead} bars too early, as from averages centred on their bar"
    if case.drift:
        return f"A true edge: the market trends, {case.drift:.3f} hourly standard deviations up or down"
    return f"No edge: the best of {case.tries} tries on a random market"


def _judgement(case: "JudgedCase") -> Iterable[Step]:
    tried = f"the choice of {case.tries} tries, luck alone reaches Sharpe {case.luck_sharpe:.2f}"
    yield Step("Claim", f"{_figures(case.claim)}. In-sample, {tried if case.tries > 1 else 'one set of parameters'}.")
    agreed = "judged rightly" if case.judged_rightly else f"JUDGED WRONGLY, right is {' or '.join(case.right)}"
    yield Step("Verdict", agreed, case.label)
    yield Step("Why", case.why)


def _figures(metrics: "Figures") -> str:
    shown = (("Return", "return_pct"), ("Sharpe", "sharpe"), ("drawdown", "max_drawdown_pct"))
    return ", ".join(f"{label} {describe_figure(name, metrics)}" for label, name in shown)


def _print_steps(screen: Screen, steps: Iterable[Step]) -> None:
    """Print names with their texts beside them."""
    listed = list(steps)
    beside = max(len(step.name) for step in listed) + 2
    for step in listed:
        body = f"{step.label}  {step.text}" if step.label else step.text
        for number, line in enumerate(wrap(body, screen.width - beside)):
            name, label = (step.name, step.label) if number == 0 else ("", "")
            cells = (Cell(name.ljust(beside), "bold"), Cell(label, _STYLES.get(label, "")), Cell(line[len(label) :]))
            screen.lines([Line(cells)])
