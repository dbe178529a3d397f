"""What answers, reports and trades prove of orders, of this run and of others."""

import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Purpose
from live.engine.state import OrderState, StopState
from live.enums import AlgoStatus, OrderStatus, Side
from live.money import parse
from tests.live.engine.driven import PRICE, SYMBOL, DrivenEngine, S

ACCEPTED, UNKNOWN = e.RequestOutcome.ACCEPTED, e.RequestOutcome.UNKNOWN
PLACE = e.Request.PLACE
TARGET = PRICE * 10_021 // 10_000


def reason_of_the_latch(engine: DrivenEngine) -> str:
    """Why entries have ended; empty if they have not."""
    return engine.state.latch.reason if engine.state.latch else ""


@pytest.mark.parametrize("request_kind", [e.Request.PLACE, e.Request.CANCEL, e.Request.ORDER])
def test_an_answer_about_an_order_of_another_run_changes_nothing(request_kind: e.Request) -> None:
    engine = DrivenEngine()
    before = repr(engine.state)
    assert not engine.answer(request_kind, "another-1", ACCEPTED)
    assert repr(engine.state) == before


@pytest.mark.parametrize("outcome", [e.RequestOutcome.REJECTED, e.RequestOutcome.NOT_ACCEPTED])
def test_an_entry_that_the_venue_refuses_is_not_sent_again_and_leaves_the_symbol_free(
    outcome: e.RequestOutcome,
) -> None:
    engine = DrivenEngine(cooldown_ms=0)
    refused = engine.enter()
    engine.answer(PLACE, refused.client_id, outcome, -4131)
    assert engine.state.orders[refused.client_id].state is OrderState.REJECTED
    assert not engine.placed(engine.wait(10 * S))
    engine.mark()
    assert engine.enter().client_id != refused.client_id


@pytest.mark.parametrize("outcome", [*e.RequestOutcome])
def test_an_answer_that_comes_after_a_report_changes_nothing(outcome: e.RequestOutcome) -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166")
    engine.answer(PLACE, intent.client_id, outcome)
    order = engine.state.orders[intent.client_id]
    assert (order.state, order.filled) == (OrderState.FILLED, parse("0.166"))


def test_an_exit_whose_trade_came_before_its_order_takes_the_trade_over_and_is_no_trade_of_the_day() -> None:
    engine = DrivenEngine()
    engine.open()
    sent = engine.only(engine.book(price=TARGET), Purpose.EXIT)
    engine.answer(PLACE, sent.client_id, UNKNOWN)
    row = e.AccountTrade(77, Side.SELL, engine.fill(sent, "0.166", TARGET), engine.now_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (row,)))
    order = engine.state.orders[sent.client_id]
    assert (engine.position.quantity, order.filled) == (0, 0)
    engine.report(sent, OrderStatus.FILLED, "0.166", order_id=77)
    assert (engine.position.quantity, order.filled, order.state) == (0, parse("0.166"), OrderState.FILLED)
    assert (engine.state.day.trades, reason_of_the_latch(engine)) == (1, "")


def test_an_order_of_somebody_else_ends_entries_after_three_seconds_though_it_has_no_fill() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    engine.report(intent, OrderStatus.EXPIRED)
    engine.report(intent, OrderStatus.NEW, client_id="web_1", order_id=4)
    engine.wait(3 * S - 1)
    assert not reason_of_the_latch(engine)
    engine.wait(1)
    assert reason_of_the_latch(engine) == "foreign_order"


def test_the_order_that_a_stop_became_is_not_of_somebody_else() -> None:
    engine = DrivenEngine()
    engine.open()
    stop = engine.placed(purpose=Purpose.STOP)[0]
    engine.stop_report(AlgoStatus.TRIGGERED, order_id=55)
    engine.report(stop, OrderStatus.NEW, order_id=55, client_id="made-by-the-venue")
    engine.wait(10 * S)
    assert not reason_of_the_latch(engine)


def test_a_trade_of_somebody_else_counts_once() -> None:
    engine = DrivenEngine()
    intent = engine.open()
    by_hand = e.Fill(900, PRICE, parse("0.1"), 0, "USDT", maker=False, realised=0)
    for _ in range(2):
        engine.report(intent, OrderStatus.FILLED, "0.1", fill=by_hand, client_id="web_1", order_id=4)
    assert engine.position.quantity == parse("0.266")


def test_a_stop_known_to_have_fired_by_its_trade_alone_has_two_seconds_to_close_the_rest() -> None:
    engine = DrivenEngine()
    engine.open()
    stop = engine.placed(purpose=Purpose.STOP)[0]
    engine.report(stop, OrderStatus.PARTIALLY_FILLED, "0.1", trade="0.1", order_id=55)
    assert engine.position.stop
    assert engine.position.stop.state is StopState.FIRED
    assert not engine.placed(engine.wait(2 * S - 1), Purpose.EXIT)
    exit_intent = engine.only(engine.wait(1), Purpose.EXIT)
    assert (exit_intent.reason, exit_intent.quantity) == ("stop", parse("0.066"))
    assert not engine.kinds(a.CancelStop)
    assert not reason_of_the_latch(engine)
