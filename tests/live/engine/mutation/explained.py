"""Survivors, and the table of those that no test can kill, with the reason."""

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True, order=True)
class Survivor:
    """A change of one line, or of the first of the lines that a mutant changes, without indentation."""

    module: str
    old: str
    new: str


@dataclass(frozen=True)
class Explanation:
    """Why changes of a line change nothing that anybody can see. new: the line, in each form that survives."""

    module: str
    old: str
    new: tuple[str, ...]
    reason: str

    @property
    def survivors(self) -> set[Survivor]:
        """What it explains."""
        return {Survivor(self.module, self.old, new) for new in self.new}


def explanations(table: Path = TABLE) -> list[Explanation]:
    """The table."""
    rows = tomllib.loads(table.read_text(encoding="utf-8")).get("explained", [])
    return [Explanation(row["module"], row["old"], tuple(row["new"]), row["reason"]) for row in rows]


def survivor(module: str, before: str, after: str) -> Survivor:
    """What a mutant changed."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    old, new = (next((line[2:].strip() for line in lines if line.startswith(sign)), "") for sign in ("- ", "+ "))
    return Survivor(module, old, new)


def unexplained(survivors: Iterable[Survivor], table: Iterable[Explanation]) -> list[Survivor]:
    """Survivors that the table says nothing of."""
    return sorted(set(survivors) - {one for row in table for one in row.survivors})


def unneeded(survivors: Iterable[Survivor], table: Iterable[Explanation]) -> list[Survivor]:
    """What the table explains though it did not survive."""
    return sorted({one for row in table for one in row.survivors} - set(survivors))
