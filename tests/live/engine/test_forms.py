"""Which orders have the form of an entry, an exit or a stop, and fit the filters: every type, at every boundary."""

from typing import Any

import msgspec
import pytest

from live.engine.risk.forms import entry_form, exit_form, notional_filter, price_filters, quantity_filters, stop_form
from live.engine.risk.reasons import Reason
from live.enums import OrderType, TimeInForce
from live.money import SCALE, parse
from tests.live.engine.states import CONTRACT, PRICE, entry, exit_of_a_long, stop_of_a_long

MAXIMUM = parse("0.5")


@pytest.mark.parametrize("kind", OrderType)
def test_each_purpose_has_one_type(kind: OrderType) -> None:
    assert (entry_form(entry(type=kind)) is None) == (kind is OrderType.LIMIT)
    assert (exit_form(exit_of_a_long(type=kind)) is None) == (kind is OrderType.MARKET)
    assert (stop_form(stop_of_a_long(type=kind)) is None) == (kind is OrderType.STOP_MARKET)


@pytest.mark.parametrize("time_in_force", [*TimeInForce, None])
def test_an_entry_does_not_wait_unless_it_is_post_only(time_in_force: TimeInForce | None) -> None:
    accepted = entry_form(entry(time_in_force=time_in_force)) is None
    assert accepted == (time_in_force in {TimeInForce.IOC, TimeInForce.GTX})


@pytest.mark.parametrize(("units", "fits"), [(-1, False), (0, False), (1, True), (2, True)])
def test_quantities_and_prices_that_an_order_needs_are_above_nothing(units: int, fits: bool) -> None:
    assert (entry_form(entry(quantity=units)) is None) is fits
    assert (entry_form(entry(price=units)) is None) is fits
    assert (exit_form(exit_of_a_long(quantity=units)) is None) is fits
    assert (stop_form(stop_of_a_long(trigger_price=units)) is None) is fits


@pytest.mark.parametrize("units", [-1, 1])
@pytest.mark.parametrize(
    ("form", "make", "name"),
    [
        (entry_form, entry, "trigger_price"),
        (exit_form, exit_of_a_long, "price"),
        (exit_form, exit_of_a_long, "trigger_price"),
        (stop_form, stop_of_a_long, "quantity"),
        (stop_form, stop_of_a_long, "price"),
    ],
)
def test_an_order_has_no_price_or_quantity_that_it_does_not_need(form: Any, make: Any, name: str, units: int) -> None:
    assert form(make()) is None
    assert form(make(**{name: units}))[0] is Reason.ORDER_FORM


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("60000", None),
        ("60000.1", None),
        ("60000.15", "Price 60000.15 is not a multiple of the tick 0.1."),
        ("0.09999999", "Price 0.09999999 is not a multiple of the tick 0.1."),
    ],
)
def test_a_price_is_a_multiple_of_the_tick(price: str, text: str | None) -> None:
    assert price_filters(CONTRACT, parse(price)) == ((Reason.TICK, text) if text else None)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("0.003", None),
        ("0.5", None),
        ("0.002", (Reason.MINIMUM, "Quantity 0.002 is below the minimum of 0.003.")),
        ("0.501", (Reason.MAXIMUM, "Quantity 0.501 is above the maximum of 0.5.")),
        ("0.0035", (Reason.STEP, "Quantity 0.0035 is not a multiple of the step 0.001.")),
    ],
)
def test_a_quantity_is_a_multiple_of_the_step_from_the_minimum_to_the_maximum(
    quantity: str, expected: tuple[Reason, str] | None
) -> None:
    contract = msgspec.structs.replace(CONTRACT, min_quantity=parse("0.003"))
    assert quantity_filters(contract, parse(quantity), MAXIMUM) == expected


def test_an_order_is_worth_at_least_the_minimum_notional() -> None:
    contract = msgspec.structs.replace(CONTRACT, min_notional=parse("66.5"))
    price = parse("66500")
    assert notional_filter(contract, parse("0.001"), price) is None
    assert notional_filter(contract, parse("0.002"), price) is None
    assert notional_filter(contract, parse("0.001"), price - 1) == (
        Reason.MINIMUM,
        "The order is worth 66.49, below the minimum notional of 66.50.",
    )
    assert notional_filter(contract, 0, PRICE * SCALE) is not None
