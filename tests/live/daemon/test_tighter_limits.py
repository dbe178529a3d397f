"""Limits that are given when a run goes on: tighter ones hold from then on, looser ones do not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.client.wire import S
from live.daemon.recovery import recover
from live.daemon.settings import DaemonSettings, kept_limits
from live.engine.actions import Alert
from live.engine.decided import LimitsTightened
from live.engine.limits import UNITS, Executor, Limits, effective, require_limits, tightest
from live.engine.state import EngineState
from live.journal.replaying import replay_journal
from live.journal.settings import Fsync
from live.money import SCALE
from tests.live.daemon.hosts import Hosted
from tests.live.daemon.test_opening import SIMULATOR
from tests.live.engine.driven import DrivenEngine
from tests.live.engine.states import CAPITAL, LIMITS, NOW_NS, entry
from tests.live.engine.test_gate import Scene


def tightened(engine: DrivenEngine, **changes: Any) -> list[str]:
    """What the engine says to limits with these changes."""
    limits = msgspec.structs.replace(engine.state.limits, **changes)
    said = engine.take(LimitsTightened(engine.now_ns, limits))
    return [action.text for action in said if isinstance(action, Alert) and action.code == "limits_tightened"]


def settings(**tighter: int) -> DaemonSettings:
    """What a start gives."""
    return replace(SIMULATOR, capital=CAPITAL, limits=effective(Executor.SCALP, CAPITAL, tighter))


def state(**tighter: int) -> EngineState:
    """A run with some of its limits tightened."""
    return DrivenEngine(limits=tighter).state


def test_a_tighter_limit_refuses_what_was_allowed_and_is_said_once() -> None:
    engine = DrivenEngine()
    (text,) = tightened(engine, position=40 * SCALE)
    assert text == "Limits were tightened: position 40 USD (was 10000 USD)."
    assert tightened(engine, position=10_000 * SCALE) == []
    assert engine.state.limits.position == 40 * SCALE
    assert not engine.placed(engine.book()), "the smallest order is above it"


def test_the_gate_holds_the_tighter_limit_too() -> None:
    scene = Scene()
    assert scene.refusal(entry()) == ""
    scene.gate.observe(LimitsTightened(NOW_NS, msgspec.structs.replace(LIMITS, position=5_999 * SCALE)))
    assert scene.refusal(entry()) == "Entry r-1 would take BTCUSDT above a limit of exposure."
    scene.gate.observe(LimitsTightened(NOW_NS, LIMITS))
    assert scene.refusal(entry()) != ""


def test_a_loss_that_reaches_the_tighter_limit_closes_everything() -> None:
    engine = DrivenEngine()
    engine.state.account.realised = -30 * SCALE
    tightened(engine, daily_loss=20 * SCALE)
    latch = engine.state.latch
    assert latch is not None
    assert (latch.reason, latch.flatten) == ("daily_loss", True)


NAMES = sorted(UNITS)


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(1, 99)), st.dictionaries(st.sampled_from(NAMES), st.just(0)))
def test_no_limit_is_ever_loosened(tighter: dict[str, int], none: dict[str, int]) -> None:
    run = msgspec.structs.replace(LIMITS, **dict.fromkeys(NAMES, 50))
    found = tightest(run, msgspec.structs.replace(run, **tighter | none))
    for name in NAMES:
        given_value = (tighter | none).get(name, 50)
        assert getattr(found, name) == (min(given_value, 50) or 50)


def test_no_longest_hold_is_looser_than_any_and_any_is_tighter_than_none() -> None:
    bars = effective(Executor.BARS, CAPITAL, {})
    held = msgspec.structs.replace(bars, hold_ms=60_000)
    assert tightest(bars, held).hold_ms == tightest(held, bars).hold_ms == 60_000
    require_limits(tightest(bars, held), CAPITAL)


def test_limits_of_another_kind_change_nothing() -> None:
    bars: Limits = effective(Executor.BARS, CAPITAL, {"trades_per_day": 1})
    assert tightest(LIMITS, bars) == LIMITS
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
