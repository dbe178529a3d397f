"""Prints the demonstration: what a search claims, what luck reaches, what later bars and the verdict say."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from scripts.console import wide_console
from scripts.program import command
from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE, describe_figure
from skills_lib.market.candles.sample import SEED
from skills_lib.optimize.report.markdown import describe_parameters
from skills_lib.validate.report.luck import reasons

if TYPE_CHECKING:
    from skills_lib.backtest.figures import Figures
    from skills_lib.calibrate.planted_cases import JudgedCase
    from skills_lib.validate.model import ValidationResult

_STYLES = {"PASS": "bold green", "CAUTION": "bold yellow", "FAIL": "bold red"}


def print_demo(result: "ValidationResult") -> None:
    """Print the five steps from a splendid search to its verdict."""
    console = wide_console()
    console.print(f"[bold]{result.strategy}[/] · {result.symbol} {result.timeframe} · a search, and what validate says")
    console.print(SYNTHETIC_NOTE, style="bold magenta")
    console.print(
        f"The market has no edge: its price is a martingale. It is the first of {SEED} generated ones on which this "
        "search looks so good and fails later."
    )
    console.print(_rows(_steps(result)))
    console.print(f"Report {result.artifacts.page or result.artifacts.report}", soft_wrap=True)
    console.print(
        f"The same: {command('validate', result.strategy, 'BTC', '1h', '--source', 'sample')}", soft_wrap=True
    )


def print_cases(cases: "Sequence[JudgedCase]") -> None:
    """Print each planted case: the truth, the claim, the verdict and why."""
    console = wide_console()
    console.print("[bold]Three planted cases, judged by the pipeline of validate[/]")
    console.print(SYNTHETIC_NOTE, style="bold magenta")
    console.print("Nothing is stored, and no trial is counted in your ledger: the trials are counted in memory only.")
    for number, case in enumerate(cases, start=1):
        console.print(f"\n{number}  {_truth(case)} (seed {case.seed})", style="bold", markup=False)
        console.print(_rows(_judgement(case)))


def _steps(result: "ValidationResult") -> Iterable[tuple[str, Text]]:
    inside, outside, walked = result.in_sample, result.out_of_sample, result.walk_forward
    yield (
        "1 Claim",
        Text(
            f"{_figures(inside.metrics)}. In-sample: the best plateau of {inside.evaluated} combinations "
            f"({describe_parameters(result.parameters)}), {inside.start[:10]} to {inside.end[:10]}, costs included."
        ),
    )
    yield (
        "2 Luck",
        Text(
            f"Sharpe {result.luck_in_sample():.2f} is what the best of {inside.evaluated} independent tries without "
            "any edge shows on the same days."
        ),
    )
    yield "3 Later bars", Text(f"{_figures(outside.metrics)}. The same parameters on the next {outside.bars:,} bars.")
    yield (
        "4 Repeated",
        Text(
            f"{_figures(walked.stitched.metrics)}. The same search in {len(walked.windows)} windows, each tested on "
            f"the bars after it: mean Sharpe {walked.mean_sharpe:.2f}, {walked.positive_share:.0%} earned money."
        ),
    )
    label = result.verdict.label
    yield "5 Verdict", Text.assemble((label, _STYLES[label]), f"  {reasons(result.verdict)}")


def _truth(case: "JudgedCase") -> str:
    if case.bars_ahead:
        return f"A look-ahead: signals come {case.bars_ahead} bars too early, as from averages centred on their bar"
    if case.drift:
        return f"A true edge: the market trends, {case.drift:.3f} hourly standard deviations up or down"
    return f"No edge: the best of {case.tries} tries on a random market"


def _judgement(case: "JudgedCase") -> Iterable[tuple[str, Text]]:
    tried = f"the choice of {case.tries} tries, luck alone reaches Sharpe {case.luck_sharpe:.2f}"
    claim = tried if case.tries > 1 else "one set of parameters"
    yield "Claim", Text(f"{_figures(case.claim)}. In-sample, {claim}.")
    agreed = "judged rightly" if case.judged_rightly else f"JUDGED WRONGLY, right is {' or '.join(case.right)}"
    yield "Verdict", Text.assemble((case.label, _STYLES[case.label]), f"  {agreed}")
    yield "Why", Text(case.why)


def _figures(metrics: "Figures") -> str:
    shown = (("Return", "return_pct"), ("Sharpe", "sharpe"), ("drawdown", "max_drawdown_pct"))
    return ", ".join(f"{label} {describe_figure(name, metrics)}" for label, name in shown)


def _rows(rows: Iterable[tuple[str, Text]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name, text in rows:
        table.add_row(name, text)
    return table
