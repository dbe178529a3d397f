"""`twokey explain` at the command line."""

from decimal import Decimal
from pathlib import Path

import pytest

from live.control.folder import SessionFolder
from live.replay.tape_run import EngineRun
from live.replay.tapes import ReplayTape
from skills_lib.settings import Settings
from tests.command import Command
from tests.live.replay.planted_tape import planted_tape
from tests.live.replay.test_engine_replays import BASE, CONDITIONS


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted_tape(tmp_path_factory.mktemp("edge") / "edge.ts_jsonl", reliability=0.9, episodes=8)


@pytest.fixture
def session(workspace: Settings, tape: Path) -> SessionFolder:
    """A session with one run on the tape."""
    folder = SessionFolder.of(workspace.home, "simulator")
    folder.make()
    EngineRun(ReplayTape(tape), CONDITIONS, BASE, folder.journals / "r1.journal").play()
    return folder


def test_parts_add_up_in_the_answer(twokey: Command, session: SessionFolder, tape: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.json"
    slow.write_text("[400000000, 400000000]")
    found = twokey("explain", session.name, "--tape", str(tape), "--latency", str(slow), "--json").answer
    parts = {name: Decimal(value) for name, value in found["parts_bps"].items()}
    assert list(parts) == ["signal", "latency", "queue", "fee", "funding", "missed"]
    assert sum(parts.values()) == Decimal(found["difference_bps"]) != 0
    assert Decimal(found["session_net_bps"]) - Decimal(found["replay_net_bps"]) == Decimal(found["difference_bps"])
    assert found["journal"].endswith("r1.journal")


def test_the_same_conditions_differ_in_nothing_and_the_method_says_what_it_cannot_see(
    twokey: Command, session: SessionFolder, tape: Path
) -> None:
    done = twokey("explain", str(session.journals / "r1.journal"), "--tape", str(tape))
    assert done.code == 0
    assert "a difference of 0.00 bp" in done.out
    assert "is a model of the exchange" in " ".join(done.out.split())


def test_a_session_that_is_not_there_is_said_with_the_next_step(
    twokey: Command, workspace: Settings, tape: Path
) -> None:
    done = twokey("explain", "nothing", "--tape", str(tape))
    assert done.code == 2
    assert "no session with a journal" in done.err
