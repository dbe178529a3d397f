"""Prints what schedules of faults came to."""

from typing import TYPE_CHECKING

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.answers.schedules import SchedulesAnswer


def print_schedules(answer: "SchedulesAnswer") -> None:
    """Print the count of violations first, then how often each kind of fault applied, then the worst story."""
    screen = Screen()
    broken = f"{answer.violations:,} violations" if answer.violations else "no violation"
    screen.text(f"{answer.schedules:,} schedules, {answer.events:,} events, {answer.trades:,} trades: {broken}.")
    rows = [[Cell(kind), Cell(f"{count:,}")] for kind, count in sorted(answer.kinds.items())]
    screen.table([Column("fault"), Column("applied", True)], rows)
    if answer.worst:
        screen.text(f"Schedule {answer.worst.seed} breaks {answer.worst.invariant}:", "bold red")
        for line in answer.story:
            screen.text(line)
    screen.text(answer.limits, "dim")
