"""The stop of a position, and exits while it is in doubt."""

import msgspec
import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Intent, Purpose
from live.engine.state import StopState
from live.enums import AlgoStatus, OrderStatus
from live.money import SCALE
from tests.live.engine.driven import MS, PRICE, SYMBOL, DrivenEngine, S
from tests.live.engine.states import CONTRACT

ACCEPTED, REJECTED, NOT_ACCEPTED, RECONCILE, UNKNOWN = (
    e.RequestOutcome.ACCEPTED,
    e.RequestOutcome.REJECTED,
    e.RequestOutcome.NOT_ACCEPTED,
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


def entered(engine: DrivenEngine) -> Intent:
    """A long position of 0.166 whose stop was sent and not answered; returns the stop."""
    intent = engine.enter()
    return engine.only(engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166"), Purpose.STOP)


def state_of_the_stop(engine: DrivenEngine) -> StopState:
    assert engine.position.stop
    return engine.position.stop.state


def test_a_position_whose_stop_risk_refuses_is_closed() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    coarse = msgspec.structs.replace(CONTRACT, tick=1_000 * SCALE)  # the next tick above the trigger is the entry price
    engine.take(e.ContractChanged(engine.now_ns, coarse))
    done = engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166")
    assert not engine.placed(done, Purpose.STOP)
    assert engine.only(done, Purpose.EXIT).reason == "no_stop"


@pytest.mark.parametrize("code", [-2010, -4045])
def test_a_stop_that_the_venue_refuses_closes_the_position(code: int) -> None:
    engine = DrivenEngine()
    stop = entered(engine)
    assert engine.only(engine.answer(PLACE_STOP, stop.client_id, REJECTED, code), Purpose.EXIT).reason == "stop"


def test_a_stop_stays_while_the_venue_may_still_have_a_position() -> None:
    engine = DrivenEngine()
    engine.open()
    exit_intent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    engine.position_report("0.166", queried=False)
    engine.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    assert engine.position.quantity == 0
    assert not engine.kinds(a.CancelStop)
    engine.now_ns += MS
    assert engine.kinds(a.CancelStop, engine.position_report("0", queried=False))


def test_a_query_of_the_stop_that_fails_proves_nothing() -> None:
    engine = DrivenEngine()
    stop = entered(engine)
    engine.answer(PLACE_STOP, stop.client_id, UNKNOWN)
    engine.wait(40 * 60 * S)
    engine.answer(e.Request.STOP, stop.client_id, UNKNOWN)
    assert state_of_the_stop(engine) is StopState.UNKNOWN


def test_a_stop_is_given_up_only_when_no_landed_one_could_still_be_hidden() -> None:
    engine = DrivenEngine()
    stop = entered(engine)
    engine.answer(PLACE_STOP, stop.client_id, UNKNOWN)
    exit_intent = engine.only(engine.wait(3 * S), Purpose.EXIT)
    engine.report(exit_intent, OrderStatus.FILLED, "0.166", trade="0.166")
    engine.now_ns += MS
    engine.position_report("0")
    for minutes in (1, 10, 18, 5):
        assert engine.position.stop
        assert engine.kinds(a.CancelStop, engine.wait(minutes * 60 * S))
        engine.answer(CANCEL_STOP, stop.client_id, RECONCILE, -2011)
        engine.answer(e.Request.STOP, stop.client_id, RECONCILE, -2013)
    assert engine.position.stop is None
    assert not engine.kinds(a.CancelStop, engine.wait(60 * 60 * S))


def test_a_report_of_a_resting_stop_that_comes_after_it_fired_is_older() -> None:
    engine = DrivenEngine()
    engine.open()
    engine.stop_report(AlgoStatus.TRIGGERED, order_id=55)
    engine.stop_report(AlgoStatus.NEW)
    assert state_of_the_stop(engine) is StopState.FIRED


@pytest.mark.parametrize(("client_id", "cancelled"), [("r-1S", ["r-1S"]), ("web_1", []), ("rr-1S", [])])
def test_a_stop_without_a_position_is_cancelled_if_it_is_of_this_run(client_id: str, cancelled: list[str]) -> None:
    engine = DrivenEngine()
    report = e.StopReport(
        engine.now_ns, SYMBOL, client_id, 9, AlgoStatus.NEW, engine.now_ns, e.Witness.QUERY, order_id=0
    )
    done = engine.take(e.OpenStopsReport(engine.now_ns, SYMBOL, engine.now_ns, (report,)))
    assert [cancel.client_id for cancel in engine.kinds(a.CancelStop, done)] == cancelled
    ended = msgspec.structs.replace(report, status=AlgoStatus.CANCELED)
    assert not engine.kinds(a.CancelStop, engine.take(ended))


def test_a_stop_that_was_refused_for_now_is_sent_again_and_ends_with_a_refusal_for_good() -> None:
    engine = DrivenEngine()
    stop = entered(engine)
    engine.answer(PLACE_STOP, stop.client_id, NOT_ACCEPTED, -1003)
    assert engine.position.stop
    assert [order.approved.intent for order in engine.kinds(a.PlaceOrder, engine.wait(700 * MS))] == [stop]
    engine.answer(PLACE_STOP, stop.client_id, REJECTED, -4509)
    assert engine.position.stop.state is StopState.ENDED


def test_the_stop_of_a_closed_position_that_was_never_taken_is_neither_cancelled_nor_waited_for() -> None:
    engine = DrivenEngine()
    stop = entered(engine)
    while not engine.placed(purpose=Purpose.EXIT):
        engine.answer(PLACE_STOP, stop.client_id, NOT_ACCEPTED, -1003)
        engine.wait(500 * MS)
    engine.answer(PLACE_STOP, stop.client_id, NOT_ACCEPTED, -1003)
    (leaving,) = engine.placed(purpose=Purpose.EXIT)
    engine.report(leaving, OrderStatus.FILLED, "0.166", trade="0.166")
    engine.wait(3 * S)
    assert engine.position.stop is None
    assert not engine.kinds(a.CancelStop)


@pytest.mark.parametrize(("outcome", "code"), [(UNKNOWN, 0), (NOT_ACCEPTED, -1008)])
def test_a_stop_with_one_sending_in_doubt_is_not_ended_by_refusals_of_others(
    outcome: e.RequestOutcome, code: int
) -> None:
    engine = DrivenEngine()
    stop = entered(engine)
    engine.answer(PLACE_STOP, stop.client_id, outcome, code)
    for later in (NOT_ACCEPTED, REJECTED):
        engine.wait(700 * MS)
        engine.answer(PLACE_STOP, stop.client_id, later, -1003)
        assert engine.position.stop
        assert engine.position.stop.state is StopState.UNKNOWN
