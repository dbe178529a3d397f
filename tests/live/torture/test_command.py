"""`twokey torture` at the command line."""

import sys
from pathlib import Path

import pytest

from tests.command import Command

BOT = f"'{sys.executable}' '{Path(__file__).parent / 'bots' / 'careless_bot.py'}' {{port}} 3"


def test_it_scores_the_control_and_each_fault(twokey: Command) -> None:
    done = twokey("torture", "--bot", BOT, "--port", "0", "--faults", "lose_response", "--seconds", "60", "--json")
    assert done.code == 0
    control, fault = done.answer["faults"]
    assert (control["fault"], control["applied"], control["duplicate_intents"]) == ("none", 0, 0)
    assert (fault["fault"], fault["applied"]) == ("lose_response", 1)
    assert fault["duplicate_intents"] == 1
    assert done.answer["limits"].startswith("One run per fault")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--bot", BOT, "--faults", "no_such"), "There is no fault no_such."),
        (("--bot", "'unclosed"), "The command of the bot cannot be read"),
        (("--bot", " "), "The command of the bot is empty."),
        (("--bot", BOT, "--jobs", "2"), "--jobs 2 needs --port 0"),
        (("--bot", BOT, "--speed", "0"), "--speed"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(twokey: Command, arguments: tuple[str, ...], message: str) -> None:
    done = twokey("torture", *arguments)
    assert done.code == 2
    assert message in done.err
