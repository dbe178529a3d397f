"""Rules of orders that may only reduce a position: reduceOnly, and closes in hedge mode."""

from typing import Any

import pytest

from tests.live.simulator.rules.orders import LIMIT, MARKET, case, place, reducing, status
from tests.live.simulator.venue_client import VenueClient


def test_reduce_only_spares_the_minimum_notional(client: VenueClient) -> None:
    place(client, MARKET, side="SELL")
    small = {"quantity": "0.001", "price": "45000.0"}
    assert place(client, LIMIT, **small)["code"] == -4164
    assert place(client, LIMIT, **small, reduceOnly="true")["status"] == "NEW"


@pytest.mark.parametrize(
    ("order", "changes", "code"),
    [
        case("LIMIT beyond the position", LIMIT, -4118, side="SELL", quantity="0.011", price="60100.0"),
        case("MARKET beyond the position", MARKET, -4118, side="SELL", quantity="0.011"),
        case("reduceOnly in the position's direction", LIMIT, -2022, side="BUY"),
    ],
)
def test_a_reduce_only_order_is_refused_with_its_code(
    long: VenueClient, order: dict[str, Any], changes: dict[str, Any], code: int
) -> None:
    assert place(long, order, reduceOnly="true", **changes)["code"] == code


@pytest.mark.parametrize("reduce_only", ["true", None])
@pytest.mark.parametrize("price", ["60100.0", "60200.0"])
def test_reduce_only_orders_are_refused_together_beyond_the_position(
    long: VenueClient, price: str, reduce_only: str | None
) -> None:
    resting = reducing(long, "60100.0", quantity="0.006", reduceOnly=reduce_only)
    assert reducing(long, price, quantity="0.005")["code"] == -4118
    assert reducing(long, price, quantity="0.004")["status"] == "NEW"
    assert status(long, resting) == "NEW"


def test_a_reduce_only_order_of_a_better_price_takes_the_place_of_another(long: VenueClient) -> None:
    worse, worst = reducing(long, "60200.0", quantity="0.006"), reducing(long, "60300.0", quantity="0.004")
    better = reducing(long, "60100.0", quantity="0.004")
    assert [status(long, order) for order in (better, worse, worst)] == ["NEW", "NEW", "EXPIRED"]


def test_reduce_only_orders_expire_when_the_position_no_longer_holds_them(long: VenueClient) -> None:
    near, far = reducing(long, "60100.0", quantity="0.004"), reducing(long, "60200.0", quantity="0.006")
    place(long, MARKET, side="SELL", quantity="0.006")
    assert [status(long, order) for order in (near, far)] == ["NEW", "EXPIRED"]
    place(long, MARKET, side="SELL", quantity="0.004")
    assert status(long, near) == "EXPIRED"


def test_a_reduce_only_market_order_does_not_wait_for_resting_ones(long: VenueClient) -> None:
    resting = reducing(long, "60100.0")
    sold = place(long, MARKET, side="SELL", reduceOnly="true", newOrderRespType="RESULT")
    assert (sold["status"], status(long, resting)) == ("FILLED", "EXPIRED")


def test_an_account_that_may_only_reduce_refuses_all_else(long: VenueClient) -> None:
    long.venue.state.accounts["paper"].reduce_only_account = True
    assert place(long, MARKET, side="SELL")["code"] == -4400
    assert place(long, MARKET, side="SELL", reduceOnly="true", newOrderRespType="RESULT")["status"] == "FILLED"


@pytest.mark.parametrize(
    ("order", "changes", "code"),
    [
        case("hedge mode without positionSide", LIMIT, -4061),
        case("hedge mode with reduceOnly true", LIMIT, -1106, side="SELL", positionSide="LONG", reduceOnly="true"),
        case("hedge mode with reduceOnly false", LIMIT, -1106, positionSide="LONG", reduceOnly="false"),
        case("close of LONG beyond it", MARKET, -4118, side="SELL", positionSide="LONG", quantity="0.011"),
        case("close of a SHORT that is not there", MARKET, -2022, side="BUY", positionSide="SHORT"),
    ],
)
def test_an_order_in_hedge_mode_is_refused_with_its_code(
    hedged: VenueClient, order: dict[str, Any], changes: dict[str, Any], code: int
) -> None:
    assert place(hedged, order, **changes)["code"] == code


def test_two_closes_of_one_side_are_refused_together_beyond_it(hedged: VenueClient) -> None:
    close = {"side": "SELL", "positionSide": "LONG", "price": "60100.0"}
    assert place(hedged, LIMIT, **close)["status"] == "NEW"
    assert place(hedged, LIMIT, **close)["code"] == -4118
    assert place(hedged, LIMIT, side="SELL", positionSide="SHORT", price="60100.0")["status"] == "NEW"
