"""A position that only the venue's figure gives: whose it is, and what of it exits have closed."""

import msgspec
import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Intent, Purpose
from live.enums import OrderStatus, Side
from live.money import parse
from tests.live.engine.driven import MS, DrivenEngine, S
from tests.live.engine.states import NOW_NS, PRICE, SYMBOL

PLACE = e.Request.PLACE


@pytest.fixture
def engine() -> DrivenEngine:
    return DrivenEngine(hold_ms=60_000)


def filled_in_hiding(engine: DrivenEngine) -> Intent:
    """An entry of 0.166 that its answer calls filled, though no list and no frame ever shows its trades."""
    intent = engine.enter()
    engine.report(intent, OrderStatus.FILLED, "0.166", witness=e.Witness.ANSWER)
    venue_says(engine, "0.166", seconds=6)
    return intent


def venue_says(engine: DrivenEngine, quantity: str, seconds: int) -> None:
    """Position and trade list are read each second: the position is this large, and there are no trades."""
    for _ in range(seconds):
        engine.wait(S)
        engine.position_report(quantity)
        engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, NOW_NS, ()))


def test_the_position_of_an_entry_that_filled_unseen_is_the_entrys(engine: DrivenEngine) -> None:
    intent = filled_in_hiding(engine)
    assert engine.position.believed
    assert engine.position.id == intent.client_id
    assert engine.position.target_price == PRICE * 10_020 // 10_000
    assert [stop.client_id for stop in engine.placed(purpose=Purpose.STOP)] == [f"{intent.client_id}S"]


def test_the_position_that_another_side_explains_is_not_the_entrys(engine: DrivenEngine) -> None:
    intent = engine.enter()
    engine.report(intent, OrderStatus.FILLED, "0.166", witness=e.Witness.ANSWER)
    venue_says(engine, "-0.1", seconds=6)
    assert engine.position.believed
    assert engine.position.id not in ("", intent.client_id)


def test_a_believed_position_is_measured_from_the_entry_price_that_the_venue_says(engine: DrivenEngine) -> None:
    engine.mark(PRICE * 1_001 // 1_000)
    filled_in_hiding(engine)
    assert engine.position.price == PRICE


def test_what_an_exit_has_closed_unseen_is_not_closed_again(engine: DrivenEngine) -> None:
    filled_in_hiding(engine)
    first = engine.only(engine.take(e.Commanded(engine.now_ns, e.Command.KILL, "")), Purpose.EXIT)
    part = engine.report(first, OrderStatus.EXPIRED, "0.123", witness=e.Witness.ANSWER)
    assert engine.only(part, Purpose.EXIT).quantity == parse("0.043")


def test_what_a_believed_figure_has_already_lost_to_exits_is_not_subtracted_again(engine: DrivenEngine) -> None:
    engine.open()
    first = engine.only(engine.take(e.Commanded(engine.now_ns, e.Command.KILL, "")), Purpose.EXIT)
    closed_ns = engine.now_ns
    part = engine.report(first, OrderStatus.EXPIRED, "0.123", witness=e.Witness.ANSWER)
    second = engine.only(part, Purpose.EXIT)
    venue_says(engine, "0.043", seconds=24)
    assert engine.position.believed
    engine.answer(PLACE, second.client_id, e.RequestOutcome.REJECTED, -4400)
    third = engine.only(engine.wait(S), Purpose.EXIT)
    assert third.quantity == parse("0.043")
    trade = e.AccountTrade(1_000 + int(first.client_id[2:]), Side.SELL, engine.fill(first, "0.123"), closed_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, NOW_NS, (trade,)))
    rest = engine.report(third, OrderStatus.EXPIRED, "0.02", witness=e.Witness.ANSWER)
    assert engine.only(rest, Purpose.EXIT).quantity == parse("0.023")


def test_a_fill_from_before_a_figure_that_was_believed_shows_that_the_figure_may_be_wrong(engine: DrivenEngine) -> None:
    intent = engine.enter()
    filled_ns = engine.now_ns
    engine.report(intent, OrderStatus.FILLED, "0.166", witness=e.Witness.ANSWER)
    closing = msgspec.structs.replace(intent, client_id="autoclose-1", side=Side.SELL, quantity=parse("0.083"))
    engine.report(closing, OrderStatus.FILLED, "0.083", trade="0.083", order_id=7)  # of the exchange
    venue_says(engine, "0", seconds=24)
    engine.position_report("0")
    assert engine.position.idle
    engine.now_ns += MS
    late = engine.report(intent, OrderStatus.FILLED, "0.166", trade="0.166", event_ns=filled_ns) + engine.wait(5 * S)
    assert e.Request.POSITION in [ask.request for ask in engine.kinds(a.Ask, late)]
    venue_says(engine, "0.083", seconds=6)
    assert engine.position.quantity == parse("0.083")
    assert engine.placed(purpose=Purpose.STOP)
