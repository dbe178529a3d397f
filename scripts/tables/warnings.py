"""Prints warnings and defects of the candles."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.tables.screen import Screen


def print_breaks(screen: "Screen", warnings: Sequence[str]) -> None:
    """Print, before anything else, where the price does not continue."""
    from skills_lib.domain.continuity import is_break_line

    for text in filter(is_break_line, warnings):
        screen.note(text, "bold red")


def print_warnings(screen: "Screen", warnings: Sequence[str]) -> None:
    """Print the other warnings."""
    from skills_lib.domain.continuity import is_break_line

    for text in warnings:
        if not is_break_line(text):
            screen.note(text)


def print_defects(screen: "Screen", quality: Mapping[str, int]) -> None:
    """Print gaps, spikes and other defects of the candles; nothing where there are none."""
    from skills_lib.domain.quality import describe_defects

    if defects := describe_defects(quality):
        screen.text(f"Data   {defects}", "dim")
