"""`twokey check-strategy`: the checks that every strategy must pass, and its own test where pytest is installed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scripts.next_step import command, print_ending
from scripts.options import Strategy
from skills_lib.domain.errors import TwokeyError

if TYPE_CHECKING:
    from scripts.tables.screen import Screen
    from skills_lib.testing.checks import Check

_LINES_OF_FAILURE = 40
_INDENT = 21
_RESULTS = {True: "passed", False: "FAILED", None: "not run"}


class CheckFailedError(TwokeyError):
    """The strategy failed a check: change it, and check it again."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check-strategy")(check_strategy)


def check_strategy(name: Strategy) -> None:
    """Check one strategy for look-ahead, contradictory signals, its parameters, its page, and run its own test.

    Takes no options. Needs neither candles nor pytest; says what was not run. Exit code 1 if a check fails.

    Example: twokey check-strategy sma_crossover
    """
    import strategies
    from scripts.tables.screen import Screen

    path = strategies.source_file(name)
    screen = Screen()
    screen.text(f"Checking {name} ({path.name}) on generated bars. Passing is no evidence of an edge.")
    failed = []
    for check in _checks(name):
        _show(check, screen)
        failed += [check] if check.passed is False else []
    if failed:
        named = "; ".join(f"{check.name}: {check.reason}" for check in failed)
        raise CheckFailedError(f"{name} failed {len(failed)} of its checks. {named}")
    print_ending(command("test-strategy", "BTC", "1h", name))


def _checks(name: str) -> "Iterator[Check]":
    import strategies
    from skills_lib.settings import Settings
    from skills_lib.testing.checks import CHECKS
    from skills_lib.testing.page import check_docstring, check_page

    strategy, home = strategies.load(name), Settings().home
    for check in CHECKS:
        yield check(strategy)
    yield check_docstring(name, strategy)
    yield check_page(name, strategy, *_page(name, home))
    yield _own_test(name, home)


def _show(check: "Check", screen: "Screen") -> None:
    line = f"{_RESULTS[check.passed]:<8} {check.name:<11} {check.reason}"
    screen.text(line, "red" if check.passed is False else "", indent=" " * _INDENT)
    if check.detail:
        screen.text(check.detail, "dim")


def _page(name: str, home: Path) -> tuple[str | None, str]:
    """Text and place of the page of a strategy: a page of its own, else a section of the page of the bundled ones."""
    from skills_lib.testing.page import section_of

    own, shared = f"docs/strategies/{name}.md", home / "docs" / "trading-strategies.md"
    if (home / own).is_file():
        return (home / own).read_text(encoding="utf-8"), own
    section = section_of(shared.read_text(encoding="utf-8"), name) if shared.is_file() else None
    return (section, f"docs/trading-strategies.md, section {name}") if section else (None, own)


def _own_test(name: str, home: Path) -> "Check":
    from skills_lib.testing.checks import Check

    place = f"tests/strategies/test_{name}.py"
    if not (home / place).is_file():
        return Check("own test", None, f"There is no {place}.")
    if find_spec("pytest") is None:
        return Check("own test", None, f"{place} needs pytest, which is not installed; `make setup` installs it.")
    code, printed = _run_pytest(home, place)
    lines = printed.strip().splitlines() or ["pytest printed nothing"]
    detail = "\n".join(lines[-_LINES_OF_FAILURE:]) if code else ""
    return Check("own test", code == 0, f"{place}: {lines[-1].strip('= ')}.", detail)


def _run_pytest(home: Path, place: str) -> tuple[int, str]:
    """Exit code and output of one test file, without options of the caller's environment."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment |= {"TWOKEY_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", place]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
