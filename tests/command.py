"""Runs the `twokey` command in the process of the test."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest


@dataclass(frozen=True)
class Done:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The short answer that `--json` printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def whole(self) -> dict[str, Any]:
        """The complete answer, from the file that the short one names."""
        found: dict[str, Any] = json.loads(Path(self.answer["path"]).read_text(encoding="utf-8"))
        return found


class Command(Protocol):
    """`twokey("runs", "--json")`."""

    def __call__(self, *arguments: str) -> Done: ...


def make_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """A function that runs the real entry point in this process."""
    from scripts.cli import main

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["twokey", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        return Done(int(left.value.code or 0), captured.out, captured.err)

    return run
