"""Runs the `twokey` command in the process of the test."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest


@dataclass(frozen=True)
class Done:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


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


def report_of(screen: str) -> Path:
    """The report that a command's output names."""
    (line,) = [line for line in screen.splitlines() if line.startswith("Report ")]
    return Path(line.removeprefix("Report "))
