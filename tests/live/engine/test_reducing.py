"""Exits and stops are judged by direction and size alone; nothing else refuses them."""

from typing import Any

import msgspec
import pytest

from live.engine.risk.reasons import Reason
from live.engine.risk.reducing import reducible
from live.engine.state import Day, Latch, Order, OrderState, Stop, StopState
from live.enums import OrderType, Side
from live.money import SCALE, parse
from tests.live.engine.judgements import approved, reason, refused
from tests.live.engine.states import (
    CONTRACT,
    NOW_NS,
    PRICE,
    SYMBOL,
    entry,
    exit_of_a_long,
    hold,
    quiet_state,
    stop_of_a_long,
    working,
)


def test_an_exit_sells_at_most_the_position() -> None:
    state = quiet_state()
    position = hold(state, "0.1")
    judged = approved(exit_of_a_long(), state)
    assert judged.uses == ()
    assert reason(exit_of_a_long(quantity=parse("0.101")), state) == Reason.ABOVE_POSITION
    position.quantity = parse("0.05")
    assert approved(exit_of_a_long(), state), "the venue's report is larger"
    position.quantity, position.reported = parse("0.1"), 0
    assert approved(exit_of_a_long(), state), "the report may be older than the fills"


def test_an_exit_that_would_open_or_add_is_refused() -> None:
    state = quiet_state()
    assert reason(exit_of_a_long(), state) == Reason.NO_POSITION
    hold(state, "0")
    assert reason(exit_of_a_long(), state) == Reason.NO_POSITION
    hold(state, "-0.1")
    assert reason(exit_of_a_long(), state) == Reason.NOT_REDUCING
    assert approved(exit_of_a_long(side=Side.BUY), state)


@pytest.mark.parametrize(
    "changes",
    [
        {"reduce_only": False},
        {"type": OrderType.LIMIT, "price": PRICE},
        {"price": PRICE},
        {"trigger_price": PRICE},
        {"quantity": 0},
    ],
)
def test_an_exit_is_a_reduce_only_market_order(changes: dict[str, Any]) -> None:
    state = quiet_state()
    hold(state, "0.1")
    assert reason(exit_of_a_long(**changes), state) == Reason.ORDER_FORM


def test_an_exit_keeps_to_the_filters_of_market_orders() -> None:
    state = quiet_state(contracts=(msgspec.structs.replace(CONTRACT, max_market_quantity=parse("0.05")),))
    hold(state, "0.1")
    assert reason(exit_of_a_long(), state) == Reason.MAXIMUM
    assert approved(exit_of_a_long(quantity=parse("0.05")), state)
    assert reason(exit_of_a_long(quantity=parse("0.0005")), state) == Reason.STEP


def test_no_count_no_loss_and_no_latch_refuses_an_exit_or_a_stop() -> None:
    state = quiet_state()
    hold(state, "0.1")
    state.latch = Latch("kill", NOW_NS, True)
    state.paused, state.user_up, state.market_up = True, False, False
    state.account.realised = -30_000 * SCALE
    state.day = Day(trades=1_000, orders=100_000)
    state.day.order_times_ns.extend([NOW_NS] * 1_000)
    state.markets[SYMBOL].mark = 0
    assert approved(exit_of_a_long(), state)
    assert approved(stop_of_a_long(), state)


def test_an_exit_needs_an_id_of_its_own() -> None:
    state = quiet_state()
    hold(state, "0.1")
    state.orders["r-2"] = working(state)
    assert reason(exit_of_a_long(), state) == Reason.ID_USED


def test_a_stop_lies_on_the_losing_side_of_the_entry_price() -> None:
    state = quiet_state()
    hold(state, "0.1")
    assert approved(stop_of_a_long(trigger_price=PRICE - CONTRACT.tick), state)
    assert reason(stop_of_a_long(trigger_price=PRICE), state) == Reason.STOP_SIDE
    hold(state, "-0.1")
    short = {"side": Side.BUY}
    assert approved(stop_of_a_long(**short, trigger_price=PRICE + CONTRACT.tick), state)
    assert refused(stop_of_a_long(**short, trigger_price=PRICE), state).text == (
        "Trigger 60000 is not above the entry price 60000."
    )


@pytest.mark.parametrize(("side", "quantity", "sign"), [(Side.SELL, "0.1", -1), (Side.BUY, "-0.1", 1)])
def test_a_stop_lies_no_further_than_its_loss_was_counted_for(side: Side, quantity: str, sign: int) -> None:
    """15 bp of 60,000 are 90; one tick is for rounding."""
    state = quiet_state()
    hold(state, quantity)
    edge = PRICE + sign * (90 * SCALE + CONTRACT.tick)
    assert approved(stop_of_a_long(side=side, trigger_price=edge), state)
    found = refused(stop_of_a_long(side=side, trigger_price=edge + sign * CONTRACT.tick), state)
    assert (found.reason, found.text) == (
        "stop_distance",
        "Trigger is 90.2 from the entry price; at most 90.1 is counted.",
    )


def test_the_distance_is_that_from_the_mean_entry_price_and_without_one_from_the_mark() -> None:
    state = quiet_state()
    hold(state, "0.1", price=PRICE - 60 * SCALE)
    assert reason(stop_of_a_long(trigger_price=59_849 * SCALE), state) == Reason.STOP_DISTANCE
    assert approved(stop_of_a_long(trigger_price=59_850 * SCALE), state)
    position = hold(state, "0")
    position.reported = parse("0.1")
    assert reason(stop_of_a_long(trigger_price=59_850 * SCALE), state) == Reason.STOP_DISTANCE


def test_a_stop_that_its_entry_named_is_judged_by_that_price_and_not_by_the_distance() -> None:
    state = quiet_state()
    hold(state, "0.1")
    named = 59_000 * SCALE
    state.orders["r-1"] = Order(entry(stop_price=named), OrderState.FILLED, NOW_NS)
    assert approved(stop_of_a_long(trigger_price=named), state)
    found = refused(stop_of_a_long(), state)
    assert (found.reason, found.text) == ("stop_distance", "Trigger is 59910; the entry was judged with 59000.")


def test_a_stop_in_doubt_is_sent_again_though_later_fills_have_moved_the_entry_price() -> None:
    state = quiet_state()
    position = hold(state, "0.1", price=PRICE + 12 * SCALE)
    assert reason(stop_of_a_long(), state) == Reason.STOP_DISTANCE
    position.stop = Stop(stop_of_a_long(), StopState.UNKNOWN, NOW_NS)
    assert approved(stop_of_a_long(), state)


def test_a_stop_of_a_position_that_only_the_venue_knows_lies_on_the_losing_side_of_the_mark() -> None:
    state = quiet_state()
    position = hold(state, "0")
    position.reported = parse("0.1")
    assert approved(stop_of_a_long(), state)
    assert reason(stop_of_a_long(trigger_price=PRICE), state) == Reason.STOP_SIDE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"side": Side.BUY, "trigger_price": PRICE + 90 * SCALE}, Reason.NOT_REDUCING),
        ({"client_id": "r-1R"}, Reason.STOP_ID),
        ({"client_id": "r-1T"}, Reason.STOP_ID),
        ({"position": "r-0", "client_id": "r-0S"}, Reason.STOP_ID),
        ({"position": "r-3"}, Reason.STOP_ID),
        ({"position": "r-3", "client_id": "r-3S"}, Reason.STOP_ID),
        ({"trigger_price": 59_910 * SCALE + 1}, Reason.TICK),
        ({"trigger_price": 0}, Reason.ORDER_FORM),
        ({"quantity": parse("0.1")}, Reason.ORDER_FORM),
        ({"price": PRICE}, Reason.ORDER_FORM),
        ({"type": OrderType.TAKE_PROFIT_MARKET}, Reason.ORDER_FORM),
    ],
)
def test_a_stop_that_is_not_the_positions_own_is_refused(changes: dict[str, Any], expected: Reason) -> None:
    state = quiet_state()
    hold(state, "0.1")
    assert reason(stop_of_a_long(**changes), state) == expected


def test_ids_are_compared_by_what_they_say() -> None:
    state = quiet_state()
    hold(state, "0.1")
    assert approved(stop_of_a_long(position="-".join(("r", "1")), client_id="-".join(("r", "1S"))), state)


def test_a_stop_without_a_position_is_refused() -> None:
    assert reason(stop_of_a_long(), quiet_state()) == Reason.NO_POSITION


def test_a_stop_in_doubt_is_approved_again_only_with_the_same_content() -> None:
    state = quiet_state()
    position = hold(state, "0.1")
    position.stop = Stop(stop_of_a_long(), StopState.UNKNOWN, NOW_NS)
    assert approved(stop_of_a_long(), state)
    assert reason(stop_of_a_long(trigger_price=59_900 * SCALE), state) == Reason.STOP_ID


@pytest.mark.parametrize(
    ("by_fills", "by_report", "side", "expected"),
    [
        ("0.1", "0.3", Side.SELL, "0.3"),
        ("0.3", "0.1", Side.SELL, "0.3"),
        ("0.1", "-0.3", Side.SELL, "0.1"),
        ("0.1", "-0.3", Side.BUY, "0.3"),
        ("-0.1", "-0.1", Side.BUY, "0.1"),
        ("0.1", "0.1", Side.BUY, "0"),
        ("0", "0", Side.SELL, "0"),
    ],
)
def test_an_order_may_reduce_what_the_account_that_allows_more_says(
    by_fills: str, by_report: str, side: Side, expected: str
) -> None:
    position = hold(quiet_state(), by_fills)
    position.reported = parse(by_report)
    assert reducible(position, side) == parse(expected)
    assert reducible(None, side) == 0


def test_a_refusal_of_an_exit_or_a_stop_says_what_was_found_and_what_is_allowed() -> None:
    state = quiet_state()
    assert refused(exit_of_a_long(), state).text == "BTCUSDT has no position."
    position = hold(state, "0.1")
    above = exit_of_a_long(quantity=parse("0.137"))
    assert refused(above, state).text == "Quantity 0.137 is above the position of 0.1."
    buying = exit_of_a_long(side=Side.BUY)
    assert refused(buying, state).text == "BUY would add to the position of BTCUSDT."
    winning = stop_of_a_long(trigger_price=parse("60000.1"))
    assert refused(winning, state).text == "Trigger 60000.1 is not below the entry price 60000."
    foreign = stop_of_a_long(client_id="r-7S", position="r-7")
    assert refused(foreign, state).text == "'r-7S' is not the id of the only stop of this position."
    position.stop = Stop(stop_of_a_long(), StopState.RESTING, NOW_NS)
    moved = stop_of_a_long(trigger_price=parse("59000"))
    assert refused(moved, state).text == "The position has its stop, 'r-1S', with another content."


def test_a_stop_lies_beyond_the_average_entry_price_and_not_the_mark_price() -> None:
    state = quiet_state()
    position = hold(state, "0.1", price=parse("61000"))
    assert approved(stop_of_a_long(trigger_price=parse("60999.9")), state)
    assert reason(stop_of_a_long(trigger_price=parse("61000")), state) == Reason.STOP_SIDE
    position.quantity, position.cost = -position.quantity, -position.cost
    position.reported = position.quantity
    assert approved(stop_of_a_long(side=Side.BUY, trigger_price=parse("61000.1")), state)
    assert reason(stop_of_a_long(side=Side.BUY, trigger_price=parse("60999.9")), state) == Reason.STOP_SIDE
