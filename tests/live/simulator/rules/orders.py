"""Orders to send in tests of the rules, and how to send them."""

from typing import Any

import pytest

from tests.live.simulator.venue_client import VenueClient

LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
LIMIT |= {"price": "59990.0"}
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
PATH, BATCH = "/fapi/v1/order", "/fapi/v1/batchOrders"


def place(client: VenueClient, order: dict[str, Any], path: str = PATH, **changes: Any) -> Any:
    """Place an order; a change to None leaves a parameter out."""
    fields = {name: value for name, value in (order | changes).items() if value is not None}
    return client.call("POST", path, **fields)


def reducing(client: VenueClient, price: str = "60100.0", **changes: Any) -> Any:
    """A reduce-only sell of 0.010."""
    return place(client, LIMIT, **{"side": "SELL", "price": price, "reduceOnly": "true"} | changes)


def status(client: VenueClient, order: Any) -> str:
    """The status of an order that was placed."""
    return str(client.call("GET", PATH, symbol="BTCUSDT", orderId=order["orderId"])["status"])


def case(name: str, order: dict[str, Any], code: int, **changes: Any) -> Any:
    """One refused request."""
    return pytest.param(order, changes, code, id=name)
