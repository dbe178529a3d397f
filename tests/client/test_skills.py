"""In the real client, in a clone after `make demo` alone: each skill is played from its slash command to the end."""

import json
from pathlib import Path

import pytest

from skills_lib.testing import random_walk
from tests.client.conversation import Conversation
from tests.client.scripted_model import Call, Say
from tests.client.skill_files import AGENTS, SKILLS, STARTED, arguments, commands
from tests.market.candles.local_venue import archive_zip

SHOWN = 8_500
"""Characters of one answer that a skill reads, at most, with what is printed after it."""
FILE = "BTCUSDT-1h-2024-01.zip"


def run(command: str) -> Call:
    """The model runs a command."""
    return Call("Bash", {"command": command, "description": "Runs a command of the skill"})


@pytest.fixture(scope="module", autouse=True)
def candle_file(clone: Path) -> None:
    """The file that `/manage-data` imports."""
    (clone / FILE).write_bytes(archive_zip(random_walk(24 * 31, seed=5), FILE))


@pytest.mark.parametrize("skill", STARTED, ids=lambda path: path.parent.name)
def test_a_skill_runs_from_its_slash_command_to_the_last_sentence_without_a_question(
    talk: Conversation, clone: Path, skill: Path
) -> None:
    name, typed = skill.parent.name, arguments(skill)
    calls = [run(command.replace("FILE", FILE)) for command in commands(skill)]
    assert calls
    answer = talk.ask(f"/{name} {typed}", *([call] for call in calls), [Say(f"The end of {name}.")])
    assert answer.text == f"The end of {name}."
    shown = json.dumps(answer.first_request["messages"])
    assert f"Base directory for this skill: {clone}" in shown
    assert "$ARGUMENTS" not in shown
    for call in calls:
        result = answer.of(call)
        assert not result.denied, f"{call.arguments['command']}: {result.text}"
        assert not result.is_error, f"{call.arguments['command']}: {result.text[:500]}"
        if "--json" in call.arguments["command"]:
            line, *notes = result.text.splitlines()
            assert isinstance(json.loads(line), dict)
            assert len(result.text) <= SHOWN
            assert len(notes) <= 1  # that pictures were drawn after the answer


def test_the_commands_of_agents_run_without_a_question_too(talk: Conversation) -> None:
    played = {command for skill in SKILLS for command in commands(skill)}
    more = {command for agent in AGENTS for command in commands(agent)} - played
    calls = [run(command.replace("FILE", FILE)) for command in sorted(more)]
    assert calls
    answer = talk.try_all(calls)
    assert {call.arguments["command"]: answer.of(call).text for call in calls if answer.of(call).is_error} == {}


PLAIN = {
    "Please install everything that is needed here.": "setup",
    "Do the tests still pass?": "run-tests",
    "Clean up the formatting.": "lint",
    "Get me hourly candles of ETH.": "manage-data",
}


@pytest.mark.parametrize("sentence", PLAIN)
def test_a_small_skill_starts_on_a_plain_request(talk: Conversation, sentence: str) -> None:
    name = PLAIN[sentence]
    start = Call("Skill", {"skill": name})
    answer = talk.ask(sentence, [start], [Say("Started.")])
    listed = json.dumps(answer.first_request["messages"])
    assert f"- {name}: " in listed
    assert not answer.of(start).denied
    assert "Launching skill" in answer.of(start).text
