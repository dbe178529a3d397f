"""The stop of a position, and exits while it is in doubt."""

import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Purpose
from live.engine.state import StopState
from live.enums import AlgoStatus, OrderStatus
from tests.live.engine.driven import MS, PRICE, SYMBOL, DrivenEngine, S

ACCEPTED, REJECTED, RECONCILE, UNKNOWN = (
    e.RequestOutcome.ACCEPTED,
    e.RequestOutcome.REJECTED,
    e.RequestOutcome.RECONCILE,
    e.RequestOutcome.UNKNOWN,
)
PLACE, PLACE_STOP, CANCEL_STOP = e.Request.PLACE, e.Request.PLACE_STOP, e.Request.CANCEL_STOP
TARGET = PRICE * 10_021 // 10_000


def test_a_stop_in_doubt_is_sent_again_under_the_same_id_and_then_the_position_closed() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    stop = engine.only(engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166"), Purpose.STOP)
    engine.answer(PLACE_STOP, stop.client_id, UNKNOWN)
    again = engine.wait(700 * MS)
    assert [order.approved.intent for order in engine.kinds(a.PlaceOrder, again)] == [stop]
    assert all(order.again for order in engine.kinds(a.PlaceOrder, again))
    assert engine.only(engine.wait(3 * S), Purpose.EXIT).reason == "unconfirmed_stop"
    assert {placed.client_id for placed in engine.placed(purpose=Purpose.STOP)} == {stop.client_id}


def test_a_refused_duplicate_does_not_end_the_stop_that_may_rest() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    stop = engine.only(engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166"), Purpose.STOP)
    engine.answer(PLACE_STOP, stop.client_id, UNKNOWN)
    engine.wait(600 * MS)
    engine.answer(PLACE_STOP, stop.client_id, RECONCILE, -4116)
    assert engine.position.stop
    assert engine.position.stop.state is StopState.UNKNOWN
    engine.stop_report()
    assert engine.position.stop.state is StopState.RESTING
    assert not engine.placed(engine.wait(10 * S), Purpose.EXIT)


def test_a_stop_that_is_already_through_closes_the_position() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    stop = engine.only(engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166"), Purpose.STOP)
    assert engine.only(engine.answer(PLACE_STOP, stop.client_id, REJECTED, -2021), Purpose.EXIT).reason == "stop"


@pytest.mark.parametrize("status", [AlgoStatus.CANCELED, AlgoStatus.REJECTED, AlgoStatus.EXPIRED])
def test_a_stop_that_the_venue_ends_closes_the_position(status: AlgoStatus) -> None:
    engine = DrivenEngine()
    engine.open()
    assert engine.only(engine.stop_report(status), Purpose.EXIT).quantity == 16_600_000


def test_a_stop_that_fires_is_given_two_seconds_and_its_fill_is_not_foreign() -> None:
    engine = DrivenEngine()
    engine.open()
    engine.stop_report(AlgoStatus.TRIGGERED, order_id=55)
    assert not engine.placed(engine.wait(1_900 * MS), Purpose.EXIT)
    child = engine.placed(purpose=Purpose.STOP)[0]
    engine.report(child, OrderStatus.FILLED, "0.166", trade="0.166", order_id=55, client_id="made-by-the-venue")
    engine.wait(30 * S)
    assert (engine.position.quantity, engine.state.latch) == (0, None)
    assert not engine.placed(purpose=Purpose.EXIT)


def test_a_stop_that_hangs_after_firing_closes_the_position() -> None:
    engine = DrivenEngine()
    engine.open()
    engine.stop_report(AlgoStatus.TRIGGERING)
    assert engine.only(engine.wait(2_100 * MS), Purpose.EXIT).reason == "stop"


def test_an_exit_in_doubt_is_followed_by_another_only_on_evidence() -> None:
    engine = DrivenEngine()
    engine.open()
    first = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    engine.answer(PLACE, first.client_id, UNKNOWN)
    assert not engine.placed(engine.wait(5 * S), Purpose.EXIT)
    engine.position_report("0.166")
    assert not engine.placed(engine.wait(S), Purpose.EXIT)
    engine.wait(2 * S)
    engine.take(e.OpenOrdersReport(engine.now_ns, SYMBOL, engine.now_ns, ()))
    second = engine.only(engine.position_report("0.166"), Purpose.EXIT)
    assert second.client_id != first.client_id


def test_an_exit_that_does_not_reduce_asks_for_the_position_before_another() -> None:
    engine = DrivenEngine()
    engine.open()
    exit_intent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    done = engine.answer(PLACE, exit_intent.client_id, RECONCILE, -2022)
    assert not engine.placed(done)
    assert e.Request.POSITION in {ask.request for ask in engine.kinds(a.Ask)}


def test_an_exit_closes_no_more_than_the_venue_reports() -> None:
    engine = DrivenEngine()
    engine.open()
    engine.now_ns += S
    engine.position_report("0.1")
    assert engine.only(engine.book(price=TARGET), Purpose.EXIT).quantity == 10_000_000


def close(engine: DrivenEngine) -> str:
    """Close the open position at its target; returns the id of its stop."""
    exit_intent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    engine.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    return engine.placed(purpose=Purpose.STOP)[0].client_id


def named(engine: DrivenEngine) -> list[str]:
    """Texts of alerts about stops that outlive their position."""
    return [found.text for found in engine.kinds(a.Alert) if found.code == "stop_open_after_flat"]


@pytest.mark.parametrize("outcome", [UNKNOWN, REJECTED, RECONCILE])
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
