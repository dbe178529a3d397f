"""Limits that are tightened while a run goes on hold from then on, in the engine and at the gate."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from live.engine.actions import Alert
from live.engine.decided import LimitsTightened
from live.engine.limits import UNITS, Executor, effective, require_limits, tightest
from live.money import SCALE
from tests.live.engine.driven import DrivenEngine
from tests.live.engine.states import CAPITAL, LIMITS, NOW_NS, entry
from tests.live.engine.test_gate import Scene


def tightened(engine: DrivenEngine, **changes: Any) -> list[str]:
    """What the engine says to limits with these changes."""
    limits = msgspec.structs.replace(engine.state.limits, **changes)
    said = engine.take(LimitsTightened(engine.now_ns, limits))
    return [action.text for action in said if isinstance(action, Alert) and action.code == "limits_tightened"]


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


def test_limits_of_another_kind_tighten_nothing() -> None:
    assert tightest(LIMITS, effective(Executor.BARS, CAPITAL, {"trades_per_day": 1})) == LIMITS
