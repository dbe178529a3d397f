"""`twokey demo`: a search that looks splendid and is luck, and with --liar three cases whose truth is planted."""

from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, print_whole, progress_bar
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson

if TYPE_CHECKING:
    from skills_lib.calibrate.planted_cases import JudgedCase
    from skills_lib.validate.model import ValidationResult

STRATEGY, MARKET = "sma_crossover", ("BTC", "1h")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    liar: Annotated[
        bool,
        typer.Option("--liar", help="Judge a planted look-ahead, the best of 200 tries, and a planted true edge."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Validate the best of a search on the synthetic sample: it looks splendid, and it is luck. Needs no network.

    The same as `twokey validate sma_crossover BTC 1h --source sample`, in five steps; stored, and its trials are
    counted on the sample. With --liar nothing is stored and nothing is counted in your ledger; exit code 1 if a case
    is judged wrongly.

    Example: twokey demo --liar
    """
    if liar:
        _liar(json)
        return
    result = _validated(shown=not json)
    step = command("demo", "--liar")
    if json:
        from skills_lib.answers.demo import DemoAnswer

        print_answer(ended(DemoAnswer.of(result), step, result.trial_meter()), "demo")
    else:
        from scripts.tables.demo import print_demo

        print_demo(result, command("validate", STRATEGY, *MARKET, "--source", "sample"))
        print_ending(step)


def _validated(shown: bool) -> "ValidationResult":
    """The default validation of the strategy on the sample, stored or computed."""
    with progress_bar(shown) as progress:
        from scripts.sweep_request import settings_of
        from scripts.validation_request import ValidationCommand, run_validation
        from skills_lib.market.candles import CandleArguments
        from skills_lib.optimize.arguments import SearchArguments
        from skills_lib.validate.arguments import ValidationArguments

        search = SearchArguments([], [], "sharpe", "grid", None, 0, 30, "kernel")
        arguments = ValidationArguments(search, None, None, None, "0d", False, "plateau", "", "", False, "")
        candles, settings = CandleArguments(*MARKET, source="sample"), settings_of(MARKET[0], "default", 100_000, 1)
        return run_validation(ValidationCommand(STRATEGY, arguments, candles, settings, None, verb="demo"), progress)


def _liar(json: bool) -> None:
    judged = _judged(shown=not json)
    step = command("validate", STRATEGY, *MARKET)
    if json:
        from skills_lib.answers.demo import PlantedCasesAnswer

        print_whole(ended(PlantedCasesAnswer.of(judged), step).payload())
    else:
        from scripts.tables.demo import print_cases

        print_cases(judged)
        print_ending(step)
    if not all(case.judged_rightly for case in judged):
        raise typer.Exit(1)


def _judged(shown: bool) -> "list[JudgedCase]":
    with progress_bar(shown) as progress:
        progress(0, 0, "Generating markets")
        from scripts.subject import loaded, source_of
        from skills_lib.calibrate import planted_cases

        return planted_cases.judge_cases(loaded(source_of(STRATEGY)), planted_cases.CASES, progress)
