"""Limits that are given when a run goes on: tighter ones hold from then on, looser ones do not."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from live.client.wire import S
from live.daemon.recovery import recover
from live.daemon.settings import DaemonSettings, kept_limits
from live.engine.limits import Executor, effective
from live.engine.state import EngineState
from live.journal.replaying import replay_journal
from live.journal.settings import Fsync
from live.money import SCALE
from tests.live.daemon.hosts import Hosted
from tests.live.daemon.test_opening import SIMULATOR
from tests.live.engine.driven import DrivenEngine
from tests.live.engine.states import CAPITAL


def settings(**tighter: int) -> DaemonSettings:
    """What a start gives."""
    return replace(SIMULATOR, capital=CAPITAL, limits=effective(Executor.SCALP, CAPITAL, tighter))


def state(**tighter: int) -> EngineState:
    """A run with some of its limits tightened."""
    return DrivenEngine(limits=tighter).state


def test_limits_of_another_kind_are_not_taken() -> None:
    bars = effective(Executor.BARS, CAPITAL, {"trades_per_day": 1})
    (line,) = kept_limits(state(), replace(settings(), limits=bars))
    assert line == "The run keeps its limits, which are of 'scalp': those of 'bars' are not taken."


def test_what_is_not_taken_is_said_in_one_line() -> None:
    (line,) = kept_limits(state(daily_loss=200 * SCALE), settings(position=9_000 * SCALE))
    assert line == "The run keeps limits that are tighter than those given: daily_loss 200 USD (500 USD was given)."
    assert list(kept_limits(state(), settings(daily_loss=SCALE))) == []
    (line,) = kept_limits(state(), replace(settings(), capital=SCALE))
    assert line == "The run keeps its capital of 40000 USD; 1 USD was given."


@pytest.mark.parametrize("crashes", [1, 2])
def test_a_run_that_goes_on_keeps_the_tighter_limit_after_every_crash(tmp_path: Path, crashes: int) -> None:
    hosted = Hosted(tmp_path / "1aaaaaa.journal")
    hosted.play_until_held()
    for number in range(crashes):
        hosted.crash()
        recovered = recover(hosted.journal, Fsync.NEVER)
        assert recovered is not None
        hosted.go_on(recovered)
        if not number:
            hosted.run.tighten(msgspec.structs.replace(hosted.run.state.limits, trades_per_day=1))
        hosted.advance(S)
    trades = hosted.run.state.day.trades
    assert hosted.run.state.limits.trades_per_day == 1
    hosted.run.stop("test")
    hosted.play_until_over()
    assert hosted.run.state.day.trades == trades
    assert replay_journal(hosted.journal).unwritten == 0
