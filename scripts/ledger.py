"""`twokey ledger`: every configuration ever evaluated, by data, strategy, origin and time."""

from typing import TYPE_CHECKING

import typer

from scripts.console import print_json, wide_console
from scripts.next_step import ending, first_run, print_ending
from scripts.options import AsJson
from scripts.program import command

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from skills_lib.ledger.model import LedgerSummary


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ledger")(show_ledger)


def show_ledger(
    json: AsJson = False,
) -> None:
    """Show every configuration ever evaluated, by data, strategy, origin and time. The count cannot be reset.

    It deflates the Sharpe ratio in `twokey validate`.

    Example: twokey ledger --json
    """
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.ledger.summary import summarise
    from skills_lib.settings import Settings

    summary = summarise(Ledger.of(Settings()))
    step = first_run() if summary.began_at is None else command("runs")
    if json:
        print_json(summary.model_dump(mode="json") | ending(step))
    else:
        _print(summary)
        print_ending(step)


def _print(summary: "LedgerSummary") -> None:
    console = wide_console()
    if summary.began_at is None:
        console.print("Nothing has been tried yet: the ledger starts with the first backtest.")
    else:
        since = summary.began_at[:10]
        console.print(f"[bold]{summary.configurations:,} configurations[/] tried since {since}")
        _print_markets(console, summary)
        _print_lines(console, summary)
    for seal in summary.seals:
        console.print(
            f"Seal of {seal.symbol} {seal.timeframe} {seal.start[:10]} to {seal.end[:10]} opened {seal.opened_at[:16]} "
            f"for {seal.strategy} by {seal.origin}: opening {seal.number}, {seal.tried_before:,} tried on it before",
            markup=False,
        )
    for notice in summary.notices:
        console.print(f"! {notice}", style="bold red", markup=False, soft_wrap=True)


def _print_markets(console: "Console", summary: "LedgerSummary") -> None:
    table = _table("market", "from", "to", "strategies", "configurations", "evaluated")
    for market in summary.markets:
        counts = (f"{n:,}" for n in (market.strategies, market.configurations, market.evaluated))
        table.add_row(_market(market.symbol, market.synthetic), market.start[:10], market.end[:10], *counts)
    console.print(table)


def _print_lines(console: "Console", summary: "LedgerSummary") -> None:
    table = _table("market", "timeframe", "strategy", "origin", "first", "last", "times", "configurations")
    for line in summary.lines:
        place = (_market(line.symbol, line.synthetic), line.timeframe, line.strategy, line.origin)
        times = (line.first_at[:16], line.last_at[:16])
        table.add_row(*place, *times, f"{line.reservations:,}", f"{line.configurations:,}")
    console.print(table)


def _table(*headings: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in headings:
        counted = heading in ("strategies", "configurations", "evaluated", "times")
        table.add_column(heading, justify="right" if counted else "left")
    return table


def _market(symbol: str, synthetic: bool) -> str:
    return f"{symbol} (synthetic)" if synthetic else symbol
