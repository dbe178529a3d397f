"""Prints warnings and defects of the candles."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from scripts.console import with_flags

if TYPE_CHECKING:
    from rich.console import Console


def print_breaks(console: "Console", warnings: Sequence[str]) -> None:
    """Print, before anything else, where the price does not continue."""
    from skills_lib.domain.continuity import is_break_line

    for text in filter(is_break_line, warnings):
        console.print(f"! {with_flags(text)}", style="bold red", markup=False, soft_wrap=True)


def print_warnings(console: "Console", warnings: Sequence[str]) -> None:
    """Print the other warnings."""
    from skills_lib.domain.continuity import is_break_line

    for text in warnings:
        if not is_break_line(text):
            console.print(f"! {with_flags(text)}", style="yellow", markup=False)


def print_defects(console: "Console", quality: Mapping[str, int]) -> None:
    """Print gaps, spikes and other defects of the candles in one line; nothing where there are none."""
    from skills_lib.domain.quality import describe_defects

    if defects := describe_defects(quality):
        console.print(f"Data   {defects}", style="dim")
