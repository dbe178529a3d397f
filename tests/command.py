"""Runs the `twokey` command in the process of the test."""

import json
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
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
    from skills_lib import log

    def run(*arguments: str) -> Done:
        """Call it, and check that its advice can be followed."""
        monkeypatch.setattr(sys, "argv", ["twokey", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        log.start(None)  # it would write into this test's captured output for ever
        require_followable(arguments, captured.err)
        return Done(int(left.value.code or 0), captured.out, captured.err)

    return run


def report_of(screen: str) -> Path:
    """The report that a command's output names."""
    (line,) = [line for line in screen.splitlines() if line.startswith("Report ")]
    return Path(line.removeprefix("Report "))


Verb = tuple[str, ...]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
INSTALL = re.compile(r"uv pip install --python \S+")
"""How the command names an extra where the environment has no pip."""
CALL = re.compile(r"`(?:\S*/)?twokey ([^`]*)`")


def leaves(group: Any, words: Verb = ()) -> Iterator[tuple[Verb, Any]]:
    """Every verb with the words that call it."""
    for name, child in getattr(group, "commands", {}).items():
        yield from leaves(child, (*words, name))
    if not hasattr(group, "commands"):
        yield words, group


@cache
def verbs() -> dict[Verb, Any]:
    """All verbs of the command, with what every verb has."""
    from scripts.cli import command

    return dict(leaves(command()))


def verb_of(words: Sequence[str]) -> Verb | None:
    """The verb that a command line calls; None where there is none."""
    called = tuple(word for word in words if not word.startswith("-"))
    return next((verb for verb in verbs() if called[: len(verb)] == verb), None)


def options_of(verb: Verb) -> set[str]:
    """The options of a verb."""
    return {name for option in verbs()[verb].params for name in (*option.opts, *option.secondary_opts)} | {"--help"}


def require_followable(arguments: Sequence[str], message: str) -> None:
    """Check that each option that a message names exists where it is to be used.

    Raises:
        AssertionError: an option that the called verb lacks, or a command that does not exist.
    """
    if "Traceback" in message or (verb := verb_of(arguments)) is None:
        return
    typed = {word.partition("=")[0] for word in arguments}
    unknown = set(OPTION.findall(INSTALL.sub("", CALL.sub("", message)))) - options_of(verb) - typed
    assert not unknown, f"{' '.join(verb)} has no {', '.join(sorted(unknown))}, but says: {message}"
    for line in CALL.findall(message):
        words = shlex.split(line.replace("[", "").replace("]", ""))
        called = verb_of(words)
        known = options_of(called) if called else {"--help"}
        assert called or words == ["--help"], f"no command `twokey {line}`, but the message says: {message}"
        assert set(OPTION.findall(line)) <= known, f"`twokey {line}` has no such option: {message}"
