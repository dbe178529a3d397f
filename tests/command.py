"""Running the `twokey` command inside the test's own process."""

import sys
from dataclasses import dataclass
from typing import Protocol

import pytest


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Command(Protocol):
    """`twokey("runs", "--json")`."""

    def __call__(self, *arguments: str) -> Done: ...


def make_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The real entry point with real arguments; only the process is shared with the test."""
    from scripts.cli import main

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["twokey", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        return Done(int(left.value.code or 0), captured.out, captured.err)

    return run
