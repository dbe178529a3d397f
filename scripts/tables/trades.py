"""Prints answers about the trade log."""

from typing import TYPE_CHECKING

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.answers.trades import ProjectionAnswer, SyncAnswer, TradesAnswer


def print_projection(answer: "ProjectionAnswer") -> None:
    """Print what journals brought."""
    screen = Screen()
    screen.text(f"{answer.journals} journals, {answer.records} new records: {answer.inserted} new rows.")
    for one in answer.failed:
        screen.note(f"{one['journal']}: {one['reason']}")
    if answer.backlog["records"]:
        screen.note(
            f"{answer.backlog['records']} records of {answer.backlog['journals']} journals are not in the store."
        )


def print_sync(answer: "SyncAnswer") -> None:
    """Print what a synchronisation found."""
    screen, profit = Screen(), answer.pnl
    screen.text(
        f"{answer.fetched} rows read: {answer.inserted} new, {answer.updated} changed, {answer.unchanged} as they were."
    )
    screen.text(
        f"Net {profit['net']} {answer.asset}: realised {profit['realised']}, fees {profit['fees']}, "
        f"funding {profit['funding']}."
    )
    for asset, amount in answer.other_fees.items():
        screen.text(f"Further fees without a price then: {amount} {asset}.")
    for one in answer.positions:
        screen.text(f"Position {one['symbol']} {one['side']}: {one['quantity']} at {one['entry_price']}.")
    screen.text(f"{len(answer.discrepancies)} discrepancies.", "bold" if answer.discrepancies else "")
    for found in answer.discrepancies:
        screen.note(f"{found['kind']} {found['id']}: ours {found['ours'] or '-'}, theirs {found['theirs'] or '-'}")
    for name, count in answer.unknown_income.items():
        screen.note(f"{count} entries of the unknown type {name} count as no profit.")
    if not answer.compared:
        screen.note("Positions and wallets were not compared: the account traded meanwhile. Run it again.")
    screen.text("Complete from: " + ", ".join(f"{name} {since}" for name, since in answer.complete.items()) + ".")
    for note in [*answer.notes, answer.forgotten]:
        screen.text(note, "dim")


def print_trades(answer: "TradesAnswer") -> None:
    """Print round trips."""
    if not answer.trades:
        Screen().text("No trades.")
        return
    names = ("opened", "symbol", "direction", "quantity", "entry_price", "exit_price", "pnl", "status", "strategy_id")
    columns = [Column(name) for name in names]
    Screen().table(columns, [[Cell(str(row[name])) for name in names] for row in answer.trades])
