"""A stop that may still be open after its position is flat is named once, and cancelled until its end is proven."""

import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Purpose
from live.enums import AlgoStatus, OrderStatus
from tests.live.engine.driven import MS, PRICE, SYMBOL, DrivenEngine, S

ACCEPTED, CANCEL_STOP = e.RequestOutcome.ACCEPTED, e.Request.CANCEL_STOP
TARGET = PRICE * 10_021 // 10_000


def close(engine: DrivenEngine) -> str:
    """Close the open position at its target; returns the id of its stop."""
    exit_intent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    engine.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    return engine.placed(purpose=Purpose.STOP)[0].client_id


def named(engine: DrivenEngine) -> list[str]:
    """Texts of alerts about stops that outlive their position."""
    return [found.text for found in engine.kinds(a.Alert) if found.code == "stop_open_after_flat"]


@pytest.mark.parametrize("outcome", [e.RequestOutcome.UNKNOWN, e.RequestOutcome.REJECTED, e.RequestOutcome.RECONCILE])
def test_a_stop_that_is_open_two_seconds_after_flat_is_named_once(outcome: e.RequestOutcome) -> None:
    engine = DrivenEngine()
    engine.open()
    name = close(engine)
    engine.answer(CANCEL_STOP, name, outcome)
    engine.wait(1_999 * MS)
    assert not named(engine)
    engine.wait(2 * MS)
    assert [name in text for text in named(engine)] == [True]
    for _ in range(5):
        engine.answer(CANCEL_STOP, name, outcome)
        engine.wait(30 * S)
    assert len(named(engine)) == 1


def test_a_stop_whose_end_is_proven_in_time_is_not_named() -> None:
    engine = DrivenEngine()
    engine.open()
    engine.answer(CANCEL_STOP, close(engine), ACCEPTED)
    engine.wait(60 * S)
    assert not named(engine)


def test_a_stop_that_is_listed_long_after_its_end_was_proven_is_cancelled_and_named_once() -> None:
    engine = DrivenEngine()
    engine.open()
    name = close(engine)
    engine.answer(CANCEL_STOP, name, ACCEPTED)
    engine.wait(10 * S)
    ghost = e.StopReport(engine.now_ns, SYMBOL, name, 9, AlgoStatus.NEW, engine.now_ns, e.Witness.QUERY)
    for _ in range(2):
        done = engine.take(e.OpenStopsReport(engine.now_ns, SYMBOL, engine.now_ns, (ghost,)))
        assert [cancel.client_id for cancel in engine.kinds(a.CancelStop, done)] == [name]
    assert len(named(engine)) == 1


def test_a_late_frame_of_a_stop_that_has_ended_names_nothing() -> None:
    engine = DrivenEngine()
    engine.open()
    name = close(engine)
    engine.answer(CANCEL_STOP, name, ACCEPTED)
    engine.wait(10 * S)
    engine.take(e.StopReport(engine.now_ns, SYMBOL, name, 9, AlgoStatus.NEW, 0, e.Witness.STREAM))
    assert not named(engine)
