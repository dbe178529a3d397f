"""Bots as processes of their own against the exchange over real sockets, under faults."""

import asyncio
import sys
from pathlib import Path

import pytest

from live.simulator.faults import FaultPlan, built_in_plan
from live.simulator.settings import SimulatorSettings, Start
from live.torture.trial import BotRun, Trial, run_trial
from skills_lib.domain.errors import InputError
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE

BOTS = Path(__file__).parent / "bots"
ROUNDS = 9


def run(command: str, fault: str | None, logs: Path | None = None, **how: float) -> Trial:
    """One run on the embedded tape, slow enough that a busy machine does not make a bot look late."""
    plan = built_in_plan(fault) if fault else FaultPlan()
    settings = SimulatorSettings(speed=0.2, start=Start.FIRST_REQUEST, faults=plan)
    limits = {"seconds": 120, "start_within_s": 120} | how
    return asyncio.run(
        run_trial(BotRun(command=command, tape=SAMPLE_TAPE, logs=logs, **limits), fault or "none", settings)
    )


def bot(name: str) -> str:
    """The command of a bot that ends after a few rounds."""
    return f"'{sys.executable}' '{BOTS / name}_bot.py' {{port}} {ROUNDS}"


def test_a_bot_that_repeats_unanswered_orders_buys_twice() -> None:
    trial = run(bot("careless"), "lose_response")
    assert trial.applied == 1
    assert trial.score.duplicate_intents >= 1
    assert not trial.score.clean


def test_a_bot_that_asks_by_client_id_buys_once() -> None:
    trial = run(bot("careful"), "lose_response")
    assert trial.applied == 1
    assert trial.score.fills
    assert trial.score.clean


def test_without_a_fault_the_careless_bot_only_forgets_its_stop() -> None:
    trial = run(bot("careless"), None)
    assert (trial.score.duplicate_intents, trial.score.flat_after_ms) == (0, 0)
    assert trial.exit_code == 0


def test_a_bot_that_never_calls_is_reported_as_silent() -> None:
    trial = run(f"'{sys.executable}' -c pass", None)
    assert (trial.connected, trial.ended) == (False, "exit code 0")


def test_a_bot_that_ignores_the_request_to_end_is_killed() -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    trial = run(f"'{sys.executable}' -c '{deaf}'", None, start_within_s=1, end_within_s=0.2)
    assert trial.killed
    assert trial.ended == "killed"


def test_what_a_bot_prints_is_in_its_log(tmp_path: Path) -> None:
    run(f"'{sys.executable}' -c 'print(41 + 1)'", None, tmp_path)
    assert (tmp_path / "none.log").read_text() == "42\n"


def test_a_program_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="no-such-bot cannot be started"):
        run("no-such-bot", None)
