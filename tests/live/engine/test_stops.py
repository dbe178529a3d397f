"""Stops that an entry names, and those that the settings give: where they lie, and what they cost."""

import msgspec
import pytest

from live.engine.risk.reasons import Reason
from live.engine.risk.sizing import entry_quantity
from live.engine.risk.uses import current, with_entry
from live.engine.state import EngineState
from live.engine.stops import distance_bps, planned_stop, stop_away, stop_price
from live.enums import Side
from live.money import SCALE, parse
from tests.live.engine.judgements import approved, reason, refused
from tests.live.engine.states import CONTRACT, PRICE, SYMBOL, entry, hold, quiet_state, stop_of_a_long, working


def loss(state: EngineState) -> int:
    """What is lost at the stop by what is open."""
    return {use.limit: use.used for use in current(state)}["loss_at_stop"]


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        (Side.BUY, "60123.4", "60033.3"),  # 60,033.2149
        (Side.SELL, "60123.4", "60213.5"),  # 60,213.5851
        (Side.BUY, "60000", "59910"),
        (Side.SELL, "60000", "60090"),
    ],
)
def test_a_stop_of_the_settings_lies_on_the_tick_that_loses_less(side: Side, price: str, expected: str) -> None:
    found = stop_away(CONTRACT, side, parse(price), 15 * SCALE)
    assert (found, type(found)) == (parse(expected), int)
    state = quiet_state()
    hold(state, "0.1" if side is Side.BUY else "-0.1", price=parse(price))
    assert stop_price(state, state.positions[SYMBOL]) == parse(expected)


@pytest.mark.parametrize(("quantity", "expected"), [("0.00000001", "59910"), ("-0.00000001", "60090")])
def test_the_smallest_position_has_its_stop_on_its_side(quantity: str, expected: str) -> None:
    state = quiet_state()
    position = hold(state, quantity)
    position.cost = 60_000 if position.quantity > 0 else -60_000
    assert stop_price(state, position) == parse(expected)


def test_a_stop_that_the_entry_named_lies_where_it_said() -> None:
    state = quiet_state()
    position = hold(state, "0.1")
    assert planned_stop(state, "r-1") == 0
    working(state, client_id="r-1", stop_price=parse("59400.1"))
    assert planned_stop(state, "r-1") == stop_price(state, position) == parse("59400.1")
    assert planned_stop(state, "r-2") == 0


@pytest.mark.parametrize(
    ("price", "stop", "expected"),
    [
        ("60123.4", "59400.1", "120.30257770"),  # 723.3 by 60,123.4 is 120.302577698… bp
        ("59400.1", "60123.4", "121.76747178"),  # 121.767471772…, of the lower price
        ("60000", "59400", "100"),
        ("60000", "60000", "0"),
    ],
)
def test_the_distance_of_a_stop_is_rounded_up(price: str, stop: str, expected: str) -> None:
    assert distance_bps(parse(price), parse(stop)) == parse(expected)


@pytest.mark.parametrize(
    ("side", "changes", "word", "text"),
    [
        (Side.BUY, {"stop_price": PRICE}, "stop_side", "The stop 60000 is not below the entry price 60000."),
        (Side.SELL, {"stop_price": PRICE}, "stop_side", "The stop 60000 is not above the entry price 60000."),
        (Side.BUY, {"target_price": PRICE}, "target_side", "The target 60000 is not above the entry price 60000."),
        (Side.SELL, {"target_price": PRICE}, "target_side", "The target 60000 is not below the entry price 60000."),
        (Side.BUY, {"stop_price": parse("59999.95")}, "tick", "Price 59999.95 is not a multiple of the tick 0.1."),
        (Side.SELL, {"target_price": parse("59999.95")}, "tick", "Price 59999.95 is not a multiple of the tick 0.1."),
    ],
)
def test_stop_and_target_of_an_entry_lie_on_the_tick_and_on_their_sides_of_its_price(
    side: Side, changes: dict[str, int], word: str, text: str
) -> None:
    found = refused(entry(side=side, **changes), quiet_state())
    assert (found.reason, found.text) == (word, text)


@pytest.mark.parametrize("side", Side)
def test_stop_and_target_may_be_a_tick_from_the_price(side: Side) -> None:
    tick = side.sign * CONTRACT.tick
    assert approved(entry(side=side, stop_price=PRICE - tick, target_price=PRICE + tick), quiet_state())
    for changes in ({"stop_price": PRICE + tick}, {"target_price": PRICE - tick}):
        assert reason(entry(side=side, **changes), quiet_state()) in (Reason.STOP_SIDE, Reason.TARGET_SIDE)


@pytest.mark.parametrize("trigger", ["59400", "59399.9", "59400.2", "59990"])
def test_a_stop_is_the_one_that_its_entry_was_judged_with(trigger: str) -> None:
    state = quiet_state()
    hold(state, "0.1")
    working(state, client_id="r-1", stop_price=parse("59400.1"))
    assert approved(stop_of_a_long(trigger_price=parse("59400.1")), state)
    found = refused(stop_of_a_long(trigger_price=parse(trigger)), state)
    assert (found.reason, found.text) == (
        "stop_distance",
        f"Trigger is {trigger}; the entry was judged with 59400.1.",
    )


def test_the_loss_of_an_entry_and_of_its_position_is_that_at_the_stop_it_named() -> None:
    # 0.1 at 60,000 with a stop 600 away: 60, 6 of slippage, a tick of 0.01; fees of 3 and 3.033005
    state, intent = quiet_state(), entry(stop_price=59_400 * SCALE)
    assert {use.limit: use.used for use in with_entry(state, intent)}["loss_at_stop"] == parse("72.043005")
    hold(state, "0")
    order = working(state, client_id="r-1", stop_price=59_400 * SCALE)
    assert loss(state) == parse("72.043005")
    order.filled = order.intent.quantity
    hold(state, "0.1")
    assert loss(state) == parse("72.043005")


def test_an_entry_that_rests_is_counted_at_its_own_price() -> None:
    state = quiet_state()
    hold(state, "0")
    working(state, price=parse("50000"))
    # 0.1 at 50,000: 7.5, 5 of slippage, a tick of 0.01; fees of 2.5 and 2.506255
    assert loss(state) == parse("17.516255")


def test_an_entry_is_smaller_the_further_its_stop_is_away() -> None:
    state = quiet_state(loss_at_stop=parse("72.0430051"))
    assert entry_quantity(state, SYMBOL, PRICE, 59_400 * SCALE) == parse("0.1")
    assert entry_quantity(state, SYMBOL, PRICE, 59_300 * SCALE) == parse("0.087"), "of 0.0878…"
    assert entry_quantity(state, SYMBOL, PRICE) == parse("0.166"), "as order_usd says"


def test_an_entry_takes_its_share_of_the_setting() -> None:
    state = quiet_state()
    state.settings = msgspec.structs.replace(state.settings, order_usd=parse("9000.00000001"))
    assert entry_quantity(state, SYMBOL, PRICE) == parse("0.15")
    assert entry_quantity(state, SYMBOL, PRICE, share=parse("0.37")) == parse("0.055"), "3,330 by 60,000 is 0.0555"
    assert isinstance(entry_quantity(state, SYMBOL, PRICE, share=parse("0.37")), int)
