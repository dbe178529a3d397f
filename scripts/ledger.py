"""`twokey ledger`: every configuration ever evaluated, by data, strategy, origin and time."""

from typing import TYPE_CHECKING

import typer

from scripts.console import print_answer
from scripts.next_step import command, ended, first_run, print_ending
from scripts.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.tables.screen import Screen
    from skills_lib.ledger.model import LedgerSummary


_COUNTS = ("strategies", "configurations", "evaluated", "times")


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
    after = first_run() if summary.began_at is None else command("runs")
    if json:
        from skills_lib.answers.workspace import LedgerAnswer

        print_answer(ended(LedgerAnswer.of(summary), after), "ledger", summary.model_dump())
    else:
        _print(summary)
        print_ending(after)


def _print(summary: "LedgerSummary") -> None:
    from scripts.tables.screen import Screen

    screen = Screen()
    if summary.began_at is None:
        screen.text("Nothing has been tried yet: the ledger starts with the first backtest.")
    else:
        screen.text(f"{summary.configurations:,} configurations tried since {summary.began_at[:10]}", "bold")
        _print_markets(screen, summary)
        _print_lines(screen, summary)
    for seal in summary.seals:
        screen.text(
            f"Seal of {seal.symbol} {seal.timeframe} {seal.start[:10]} to {seal.end[:10]} opened {seal.opened_at[:16]} "
            f"for {seal.strategy} by {seal.origin}: opening {seal.number}, {seal.tried_before:,} tried on it before"
        )
    for notice in summary.notices:
        screen.note(notice, "bold red")


def _print_markets(screen: "Screen", summary: "LedgerSummary") -> None:
    rows = []
    for market in summary.markets:
        counts = (f"{n:,}" for n in (market.strategies, market.configurations, market.evaluated))
        rows.append((_market(market.symbol, market.synthetic), market.start[:10], market.end[:10], *counts))
    _print_table(screen, ("market", "from", "to", "strategies", "configurations", "evaluated"), rows)


def _print_lines(screen: "Screen", summary: "LedgerSummary") -> None:
    rows = []
    for line in summary.lines:
        place = (_market(line.symbol, line.synthetic), line.timeframe, line.strategy, line.origin)
        times = (line.first_at[:16], line.last_at[:16])
        rows.append((*place, *times, f"{line.reservations:,}", f"{line.configurations:,}"))
    headings = ("market", "timeframe", "strategy", "origin", "first", "last", "times", "configurations")
    _print_table(screen, headings, rows)


def _print_table(screen: "Screen", headings: tuple[str, ...], rows: "Sequence[tuple[str, ...]]") -> None:
    from scripts.tables.layout import Cell, Column

    columns = [Column(heading, right=heading in _COUNTS) for heading in headings]
    screen.table(columns, [[Cell(text) for text in row] for row in rows])


def _market(symbol: str, synthetic: bool) -> str:
    return f"{symbol} (synthetic)" if synthetic else symbol
