"""Prints what the trade log holds, and what was written into it."""

from typing import TYPE_CHECKING

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.answers.store import CopyAnswer, IngestAnswer, StoreAnswer


def print_status(answer: "StoreAnswer") -> None:
    """Print the rows of each table and the backlog."""
    screen = Screen()
    screen.path("trade log", answer.url)
    screen.flow([f"schema version {answer.schema_version}", f"{answer.backlog:,} journal records to come"])
    rows = [[Cell(table), Cell(f"{count:,}")] for table, count in answer.rows.items()]
    screen.table([Column("table"), Column("rows", right=True)], rows)
    for name in answer.unreadable:
        screen.note(f"{name} is no whole journal: twokey journal verify says where.")


def print_ingested(answer: "IngestAnswer") -> None:
    """Print how many bars were filled in and what is complete now."""
    screen = Screen()
    screen.path("trade log", answer.url)
    screen.text(
        f"{answer.inserted:,} bars inserted, {answer.updated:,} updated, {answer.unchanged:,} unchanged of "
        f"{answer.symbol} {answer.timeframe} of {answer.exchange}."
    )
    screen.text(f"Complete from {answer.complete_from} to {answer.complete_until} UTC.")
    for source in answer.sources:
        screen.text(f"from {source}", "dim")


def print_copied(answer: "CopyAnswer") -> None:
    """Print how many rows of each table were copied."""
    screen = Screen()
    screen.path("from", answer.source)
    screen.path("to", answer.target)
    tables = dict.fromkeys((*answer.inserted, *answer.updated, *answer.unchanged))
    counts = (answer.inserted, answer.updated, answer.unchanged)
    rows = [[Cell(table), *(Cell(f"{found.get(table, 0):,}") for found in counts)] for table in tables]
    headings = ("inserted", "updated", "unchanged")
    screen.table([Column("table"), *(Column(name, right=True) for name in headings)], rows)
