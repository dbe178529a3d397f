"""`twokey strategies`: list the strategies and their parameters."""

from typing import TYPE_CHECKING

import typer

from scripts.console import print_json, wide_console
from scripts.next_step import ending, new_idea, print_ending
from scripts.options import AsJson
from scripts.program import command
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
    step = command("test-strategy", "BTC", "1h", described[-1].name) if described else new_idea()
    if json:
        listed = [strategy.model_dump(mode="json") for strategy in described]
        print_json({"strategies": listed, "refused": refused} | ending(step))
    else:
        _print_table(described, refused)
        print_ending(step)


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


def _print_table(described: "list[StrategyDescription]", refused: list[Refused]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0))
    for heading in ("strategy", "what it does", "parameters, defaults (allowed values)", "executor"):
        table.add_column(heading, no_wrap=heading == "strategy")
    for strategy in described:
        runs_on = "signals" if strategy.executor == "signals" else "next()"
        table.add_row(strategy.name, escape(strategy.title), escape(_parameters(strategy)), runs_on)
    console = wide_console()
    console.print(table)
    for broken in refused:
        console.print(f"[red]refused[/] {escape(broken['name'])}: {escape(broken['reason'])}", soft_wrap=True)


def _parameters(strategy: "StrategyDescription") -> str:
    lines = [f"{p.name} {p.default} ({p.allowed.rpartition('from ')[2]})" for p in strategy.parameters]
    return "\n".join(lines + [f"where {constraint}" for constraint in strategy.constraints]) or "none"
