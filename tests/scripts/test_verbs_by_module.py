"""Only the module of the verb that is called is imported, and the command answers as the whole would."""

import subprocess
import sys

import pytest
from typer.main import get_command

from scripts.cli import VERBS, make_app
from tests.command import Command
from tests.repository import ROOT


def verbs_with(verb: str | None) -> list[str]:
    return list(get_command(make_app(verb)).commands)  # type: ignore[attr-defined]


def test_the_table_names_every_verb() -> None:
    assert set(verbs_with(None)) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_module_registers_the_verbs_that_the_table_gives_it(verb: str) -> None:
    assert verbs_with(verb) == [other for other, module in VERBS.items() if module == VERBS[verb]]


def test_every_module_that_registers_verbs_is_in_the_table() -> None:
    folder = ROOT / "scripts"
    registering = {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if "\ndef register(" in path.read_text(encoding="utf-8")
    }
    assert registering == set(VERBS.values())


def test_a_verb_imports_no_other_module_of_verbs() -> None:
    program = "import sys; from scripts.cli import VERBS, make_app; make_app('ledger')\n"
    program += "print(sorted(set(VERBS.values()) & {name.removeprefix('scripts.') for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['ledger']\n"


@pytest.mark.parametrize("words", [("rns",), ("--debug", "rns"), ("rns", "--json")])
def test_a_wrong_verb_is_one_line(twokey: Command, words: tuple[str, ...]) -> None:
    done = twokey(*words)
    assert done.code == 2
    assert "No such command 'rns'" in done.err.splitlines()[-1]


def test_options_before_the_verb_are_heard(twokey: Command) -> None:
    done = twokey("--verbose", "runs")
    assert done.code == 0
    assert "started" in done.err
