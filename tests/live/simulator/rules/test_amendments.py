"""Rules of amendments, sent as requests."""

from typing import Any

import pytest

from tests.live.simulator.rules.orders import LIMIT, PATH, place, reducing
from tests.live.simulator.venue_client import VenueClient

Change = dict[str, Any]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"orderId": None}, -1102, id="amendment without an id"),
        pytest.param({"quantity": None}, -1102, id="amendment without quantity"),
        pytest.param({"price": None}, -1102, id="amendment without price"),
        pytest.param({"side": None}, -1102, id="amendment without side"),
        pytest.param({"priceMatch": "QUEUE"}, -1106, id="amendment with price and priceMatch"),
        pytest.param({"priceMatch": "BEST", "price": None}, -5037, id="amendment with an unknown priceMatch"),
        pytest.param({"orderId": "1"}, -2013, id="amendment of an unknown order"),
        pytest.param({"quantity": "0.010", "price": "59990.0"}, -5027, id="amendment that changes nothing"),
        pytest.param({"quantity": "0.001", "price": "45000.0"}, -5029, id="amendment below MIN_NOTIONAL"),
        pytest.param({"price": "59980.05"}, -4014, id="amendment between ticks"),
        pytest.param({"price": "64000.0"}, -4016, id="amendment above PERCENT_PRICE"),
        pytest.param({"quantity": "9000"}, -4005, id="amendment above LOT_SIZE"),
        pytest.param({"quantity": "40"}, -2019, id="amendment beyond the margin"),
    ],
)
def test_an_amendment_is_refused_and_the_order_stays(client: VenueClient, changes: Change, code: int) -> None:
    order = place(client, LIMIT)
    base = {"symbol": "BTCUSDT", "side": "BUY", "orderId": order["orderId"], "quantity": "0.020", "price": "59980.0"}
    fields = {name: value for name, value in (base | changes).items() if value is not None}
    assert client.call("PUT", PATH, **fields)["code"] == code
    found = client.call("GET", PATH, symbol="BTCUSDT", orderId=order["orderId"])
    assert (found["status"], found["origQty"], found["price"]) == ("NEW", "0.010", "59990.00")


def test_an_amendment_may_name_its_price_by_the_book_and_carry_an_id(client: VenueClient) -> None:
    order = place(client, LIMIT)
    base = {"symbol": "BTCUSDT", "side": "BUY", "orderId": order["orderId"], "quantity": "0.020"}
    amended = client.call("PUT", PATH, **base, priceMatch="QUEUE", modifyId=77)
    assert (amended["price"], amended["origQty"], amended["modifyId"]) == ("59999.90", "0.020", 77)
    (entry,) = client.call("GET", "/fapi/v1/orderAmendment", symbol="BTCUSDT", orderId=order["orderId"])
    assert entry["amendment"]["modifyId"] == 77


def test_an_amended_reduce_only_order_is_refused_beyond_the_position(long: VenueClient) -> None:
    order = reducing(long, quantity="0.005")
    base = {"symbol": "BTCUSDT", "side": "SELL", "orderId": order["orderId"], "price": "60100.0"}
    assert long.call("PUT", PATH, **base, quantity="0.011")["code"] == -4118
    assert long.call("PUT", PATH, **base, quantity="0.010")["origQty"] == "0.010"
