"""Prints where a session differs from its replay."""

from decimal import Decimal
from typing import TYPE_CHECKING

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.answers.explanations import ExplainedTradeLine, ExplanationAnswer

SHOWN = 20


def print_explanation(found: "ExplanationAnswer", limits: str) -> None:
    """Print the difference, its parts, and the trades that differ furthest."""
    screen = Screen()
    screen.text(
        f"The session made {_bp(found.session_net_bps)}, its replay {_bp(found.replay_net_bps)}: a difference of "
        f"{_bp(found.difference_bps)}.",
        "bold",
    )
    screen.pairs([[(name, _bp(value)) for name, value in found.parts_bps.items()]])
    screen.flow(
        [
            f"{found.both} trades on both sides",
            f"{found.session_only} of the session only",
            f"{found.replay_only} of the replay only",
            f"{found.outside} on books that the session did not see",
            f"{found.incomplete} incomplete",
        ]
    )
    lines = sorted(found.trades, key=lambda line: -abs(Decimal(line.difference_bps)))
    if lines:
        headings = ("session", "replay", "symbol", "side", "difference", *found.PARTS)
        screen.table([Column(heading, right=heading in found.PARTS) for heading in headings], _rows(lines[:SHOWN]))
    if len(lines) > SHOWN:
        screen.note(f"The {SHOWN} that differ furthest of {len(lines)}; --json has all.")
    screen.note(limits)


def _rows(lines: "list[ExplainedTradeLine]") -> list[list[Cell]]:
    return [
        [
            Cell(line.session or "missed"),
            Cell(line.replay or "missed"),
            Cell(line.symbol),
            Cell(line.side),
            *(Cell(_rounded(value)) for value in (line.difference_bps, *line.parts_bps.values())),
        ]
        for line in lines
    ]


def _bp(text: str) -> str:
    return f"{_rounded(text)} bp"


def _rounded(text: str) -> str:
    return f"{Decimal(text):.2f}"
