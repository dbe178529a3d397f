"""What is exposed: the larger of two accounts of a position, and whatever an entry may still add."""

import pytest

from live.engine.risk.exposure import (
    entries,
    exposed_symbols,
    held,
    instrument_notional,
    order_notional,
    position_notional,
    reported,
    unfilled,
)
from live.engine.state import EngineState, OrderState
from live.enums import Side
from live.money import parse
from tests.live.engine.states import CONTRACT, SYMBOL, exit_of_a_long, hold, other, quiet_state, working

MARK = parse("60123.4")


def two_markets() -> EngineState:
    state = quiet_state(contracts=(CONTRACT, other("ETHUSDT")))
    state.markets[SYMBOL].mark = MARK
    return state


@pytest.mark.parametrize(
    ("by_fills", "by_report", "expected"), [("0.1", "0.3", "0.3"), ("-0.3", "0.1", "0.3"), ("0.1", "-0.3", "0.3")]
)
def test_a_position_is_as_large_as_the_account_of_it_that_is_larger(
    by_fills: str, by_report: str, expected: str
) -> None:
    position = hold(quiet_state(), by_fills)
    position.reported = parse(by_report)
    assert held(position) == parse(expected)


@pytest.mark.parametrize(("reported_ns", "expected"), [(4, "0"), (5, "-0.3"), (6, "-0.3")])
def test_a_report_from_before_the_last_fill_says_nothing(reported_ns: int, expected: str) -> None:
    position = hold(quiet_state(), "0.1")
    position.reported, position.reported_ns, position.filled_ns = parse("-0.3"), reported_ns, 5
    assert reported(position) == parse(expected)


@pytest.mark.parametrize(("filled", "expected"), [("0", "0.137"), ("0.05", "0.087"), ("0.137", "0"), ("0.2", "0")])
def test_an_open_order_may_fill_what_is_left_of_it(filled: str, expected: str) -> None:
    order = working(quiet_state(), quantity=parse("0.137"))
    order.filled, order.reported = parse(filled), parse("0.1")
    assert unfilled(order) == parse(expected)


@pytest.mark.parametrize(("filled", "expected"), [("0", "0.1"), ("0.07", "0.03"), ("0.1", "0"), ("0.11", "0")])
def test_an_order_that_has_ended_may_add_what_was_reported_and_is_not_known_as_a_trade(
    filled: str, expected: str
) -> None:
    order = working(quiet_state(), OrderState.CANCELLED, quantity=parse("0.137"))
    order.filled, order.reported = parse(filled), parse("0.1")
    assert unfilled(order) == parse(expected)


def test_entries_are_those_of_a_symbol_that_may_still_add() -> None:
    state = two_markets()
    here = working(state, client_id="r-1")
    there = working(state, client_id="r-2", symbol="ETHUSDT")
    working(state, client_id="r-3").filled = parse("0.1")
    out = working(state, client_id="r-4")
    out.intent = exit_of_a_long(client_id="r-4")
    assert list(entries(state)) == [here, there]
    assert list(entries(state, SYMBOL)) == [here]
    assert list(entries(state, "ETHUSDT")) == [there]


def test_a_position_is_worth_its_quantity_at_the_mark_price_and_before_the_first_at_its_cost() -> None:
    state = two_markets()
    assert position_notional(state, SYMBOL) == 0
    hold(state, "-0.137")
    assert position_notional(state, SYMBOL) == parse("8236.9058")
    state.markets[SYMBOL].mark = 0
    assert position_notional(state, SYMBOL) == parse("8220"), "0.137 at 60,000"


@pytest.mark.parametrize(("price", "expected"), [("60000", "5230.7358"), ("60200.1", "5237.4087")])
def test_what_an_order_may_still_fill_is_worth_the_higher_of_its_price_and_the_mark_price(
    price: str, expected: str
) -> None:
    state = two_markets()
    order = working(state, quantity=parse("0.137"), price=parse(price), side=Side.SELL)
    order.filled = parse("0.05")
    assert order_notional(state, order) == parse(expected), "0.087 of it"


def test_an_instrument_is_worth_its_position_and_its_entries_and_nothing_of_another() -> None:
    state = two_markets()
    working(state, client_id="r-1", quantity=parse("0.087"))
    working(state, client_id="r-2", quantity=parse("0.011"))
    working(state, client_id="r-3", symbol="ETHUSDT")
    hold(state, "0.1", symbol="ETHUSDT")
    assert instrument_notional(state, SYMBOL) == parse("5892.0932"), "0.098 at 60,123.4"
    hold(state, "0.137")
    assert instrument_notional(state, SYMBOL) == parse("14128.999")


def test_a_symbol_is_exposed_once_by_a_position_or_an_entry() -> None:
    state = quiet_state(contracts=(CONTRACT, other("ETHUSDT"), other("SOLUSDT")))
    assert exposed_symbols(state) == set()
    hold(state, "0", symbol="SOLUSDT")
    hold(state, "0.1")
    working(state)
    assert exposed_symbols(state) == {SYMBOL}
    working(state, client_id="r-8", symbol="ETHUSDT")
    assert exposed_symbols(state) == {SYMBOL, "ETHUSDT"}
