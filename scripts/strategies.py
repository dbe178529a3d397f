"""`twokey strategies`: list the strategies and their parameters."""

from typing import TYPE_CHECKING

import typer

from scripts.console import print_answer
from scripts.next_step import command, ended, new_idea, print_ending
from scripts.options import AsJson
from skills_lib.domain.errors import TwokeyError

if TYPE_CHECKING:
    from skills_lib.backtest.report.describe import StrategyDescription

Refused = dict[str, str]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("strategies")(list_strategies)


def list_strategies(
    json: AsJson = False,
) -> None:
    """List all strategies with their parameters, and files that cannot be imported with the reason.

    Example: twokey strategies --json
    """
    described, refused = _describe_all()
    after = command("test-strategy", "BTC", "1h", described[-1].name) if described else new_idea()
    if json:
        from skills_lib.answers.workspace import StrategiesAnswer

        whole = {"strategies": [strategy.model_dump() for strategy in described], "refused": refused}
        print_answer(ended(StrategiesAnswer.of(described, refused), after), "strategies", whole)
    else:
        _print_list(described, refused)
        print_ending(after)


def _describe_all() -> "tuple[list[StrategyDescription], list[Refused]]":
    import strategies
    from skills_lib.backtest.report.describe import describe

    described: list[StrategyDescription] = []
    refused: list[Refused] = []
    for name in strategies.available():
        try:
            described.append(describe(name, strategies.load(name)))
        except TwokeyError as error:
            refused.append({"name": name, "reason": str(error)})
    return described, refused


def _print_list(described: "list[StrategyDescription]", refused: list[Refused]) -> None:
    from scripts.tables.screen import Screen

    screen = Screen()
    for strategy in described:
        screen.text(strategy.name, "bold")
        screen.text(f"  {strategy.title}")
        for line in _parameters(strategy):
            screen.text(f"    {line}", indent="      ")
        runs_on = "signals, on every executor" if strategy.executor == "signals" else "next(), on backtesting.py only"
        screen.text(f"    runs by {runs_on}", "dim", indent="      ")
    for broken in refused:
        screen.text(f"refused {broken['name']}: {broken['reason']}", "red")


def _parameters(strategy: "StrategyDescription") -> list[str]:
    """One line per parameter with its default and the allowed values, then the constraints."""
    lines = [f"{p.name} {p.default} ({p.allowed.rpartition('from ')[2]})" for p in strategy.parameters]
    return [*lines, *(f"where {constraint}" for constraint in strategy.constraints)]
