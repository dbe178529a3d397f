"""Prints the score of a bot under each fault."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.answers.torture import TortureLine

_COLUMNS = ["applied", "orders", "fills", "refused", "repeated", "naked", "longest s", "orphan stops", "flat after s"]


def print_trials(lines: "Sequence[TortureLine]", clean: int, limits: str, violations: Sequence[str] = ()) -> None:
    """Print violations first, one row a fault, how many were clean, and the limits of the method."""
    screen = Screen()
    for violation in violations:
        screen.text(violation, "bold red")
    columns = [Column("fault"), *(Column(name, True) for name in _COLUMNS), Column("bot ended")]
    screen.table(columns, [_row(line) for line in lines])
    screen.text(f"Clean under {clean} of {len(lines)}: nothing repeated, naked, orphaned or left open.")
    screen.text(limits, "dim")


def _row(line: "TortureLine") -> list[Cell]:
    flat = "open" if line.flat_after_s is None else f"{line.flat_after_s:.1f}"
    plain = [line.applied, line.orders, line.fills, line.refused]
    bad = [line.duplicate_intents, line.naked_positions, line.longest_naked_s, line.orphan_stops]
    return [
        Cell(line.fault),
        *(Cell(f"{count:,}") for count in plain),
        *(Cell(f"{count:,g}", "bold red" if count else "") for count in bad),
        Cell(flat, "bold red" if line.flat_after_s is None else ""),
        Cell(line.ended),
    ]
