"""What a study keeps: which blocks are done and what they came to, so that the same command resumes where it ended.

A journal belongs to one state of the code: if a module that the study runs has changed, it begins anew.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class StudyJournal:
    """Finished blocks by their first seed, one JSON line for each."""

    path: Path
    blocks: dict[int, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, digest: str) -> "StudyJournal":
        """Read a journal; begin a new one if it belongs to other code."""
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        journal = cls(path)
        if not lines or lines[0] != digest:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{digest}\n", encoding="utf-8")
            return journal
        for line in lines[1:]:
            if line.endswith("}"):  # else cut by a kill
                block = json.loads(line)
                journal.blocks[block["first"]] = block
        return journal

    def add(self, first: int, came_to: dict[str, Any]) -> None:
        """A block is done."""
        self.blocks[first] = {"first": first} | came_to
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.blocks[first]) + "\n")


def code_digest(files: Iterable[Path]) -> str:
    """Identifies the code under test and its tests."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def studied_files() -> list[Path]:
    """Every module of this project that is loaded, and what the simulator reads of its own beside them.

    To be called in a process that runs one study alone: its imports are what the study runs, because none of those
    modules imports another one later.
    """
    loaded = (getattr(module, "__file__", None) for module in [*sys.modules.values()])
    files = {Path(file) for file in loaded if file}
    own = (file for file in files if file.is_relative_to(ROOT) and not file.is_relative_to(sys.prefix))
    return sorted([*own, *(ROOT / "live" / "simulator").rglob("*.json")])
