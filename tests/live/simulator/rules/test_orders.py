"""Rules of regular orders, sent as requests: what Binance refuses is refused, with its code."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pytest

from live.enums import Side
from live.simulator.core.market import Book
from tests.live.simulator.rules.orders import LIMIT, MARKET, PATH, case, place
from tests.live.simulator.venue_client import VenueClient

REFUSED = [
    case("symbol missing", LIMIT, -1102, symbol=None),
    case("symbol unknown", LIMIT, -1121, symbol="NONEUSDT"),
    case("side missing", LIMIT, -1102, side=None),
    case("side unknown", LIMIT, -1117, side="HOLD"),
    case("type missing", LIMIT, -1102, type=None),
    case("type unknown", LIMIT, -1116, type="ICEBERG"),
    case("type of the exchange's own orders", LIMIT, -1116, type="LIQUIDATION"),
    case("conditional type STOP", LIMIT, -4120, type="STOP", stopPrice="59000.0"),
    case("conditional type STOP_MARKET", LIMIT, -4120, type="STOP_MARKET", stopPrice="59000.0"),
    case("conditional type TAKE_PROFIT", LIMIT, -4120, type="TAKE_PROFIT", stopPrice="59000.0"),
    case("conditional type TAKE_PROFIT_MARKET", LIMIT, -4120, type="TAKE_PROFIT_MARKET", stopPrice="59000.0"),
    case("conditional type TRAILING_STOP_MARKET", LIMIT, -4120, type="TRAILING_STOP_MARKET", stopPrice="59000.0"),
    case("LIMIT without price", LIMIT, -1102, price=None),
    case("LIMIT without timeInForce", LIMIT, -1102, timeInForce=None),
    case("LIMIT without quantity", LIMIT, -1102, quantity=None),
    case("LIMIT with closePosition", LIMIT, -4136, closePosition="true"),
    case("MARKET without quantity", MARKET, -1102, quantity=None),
    case("MARKET with price", MARKET, -1106, price="59990.0"),
    case("MARKET with timeInForce", MARKET, -1106, timeInForce="GTC"),
    case("MARKET with closePosition", MARKET, -4136, closePosition="true", quantity=None),
    case("MARKET with closePosition and quantity", MARKET, -4136, closePosition="true"),
    case("MARKET with priceMatch", MARKET, -5038, priceMatch="QUEUE"),
    case("priceMatch with price", LIMIT, -1106, priceMatch="QUEUE"),
    case("priceMatch unknown", LIMIT, -5037, priceMatch="BEST", price=None),
    case("timeInForce unknown", LIMIT, -1115, timeInForce="DAY"),
    case("GTD without goodTillDate", LIMIT, -1102, timeInForce="GTD"),
    case("GTD of less than 600 s", LIMIT, -5040, timeInForce="GTD", goodTillDate="1723161256000"),
    case("GTD after the year 9999", LIMIT, -5040, timeInForce="GTD", goodTillDate="253402300799000"),
    case("selfTradePreventionMode NONE", LIMIT, -5039, selfTradePreventionMode="NONE"),
    case("selfTradePreventionMode unknown", LIMIT, -5039, selfTradePreventionMode="DECREMENT"),
    case("newOrderRespType FULL", LIMIT, -1136, newOrderRespType="FULL"),
    case("workingType unknown", LIMIT, -4031, workingType="INDEX_PRICE"),
    case("positionSide unknown", LIMIT, -4060, positionSide="FLAT"),
    case("positionSide of hedge mode", LIMIT, -4061, positionSide="LONG"),
    case("newClientOrderId of 37 characters", LIMIT, -4015, newClientOrderId="a" * 37),
    case("newClientOrderId with a space", LIMIT, -4015, newClientOrderId="my order"),
    case("reduceOnly not a boolean", LIMIT, -1130, reduceOnly="yes"),
    case("price 0", LIMIT, -4001, price="0"),
    case("price below minPrice", LIMIT, -4013, price="100.0"),
    case("price above maxPrice", LIMIT, -4002, price="99000000.0"),
    case("price between ticks", LIMIT, -4014, price="59990.05"),
    case("price with too many decimals", LIMIT, -1111, price="59990.005"),
    case("buy above PERCENT_PRICE", LIMIT, -4016, price="64000.0"),
    case("sell below PERCENT_PRICE", LIMIT, -4024, price="56000.0", side="SELL"),
    case("quantity 0", LIMIT, -4003, quantity="0.000"),
    case("quantity with too many decimals", LIMIT, -1111, quantity="0.0101"),
    case("quantity above LOT_SIZE", LIMIT, -4005, quantity="9000"),
    case("quantity above MARKET_LOT_SIZE", MARKET, -4005, quantity="700"),
    case("notional below MIN_NOTIONAL", LIMIT, -4164, quantity="0.001", price="45000.0"),
    case("margin insufficient", LIMIT, -2019, quantity="40"),
    case("reduceOnly without a position", LIMIT, -2022, reduceOnly="true", side="SELL", price="60100.0"),
    case("FOK that the book cannot fill", LIMIT, -5021, timeInForce="FOK"),
    case("GTX that would take", LIMIT, -5022, timeInForce="GTX", price="60010.0"),
]


@pytest.mark.parametrize(("order", "changes", "code"), REFUSED)
def test_an_order_is_refused_with_its_code(
    refusing: VenueClient, order: dict[str, Any], changes: dict[str, Any], code: int
) -> None:
    assert place(refusing, order, **changes)["code"] == code
    assert not refusing.venue.state.orders


@pytest.mark.parametrize(("order", "changes", "code"), REFUSED)
def test_every_entry_of_a_batch_is_refused_as_alone(
    refusing: VenueClient, order: dict[str, Any], changes: dict[str, Any], code: int
) -> None:
    fields = {name: value for name, value in (order | changes).items() if value is not None}
    (answer,) = refusing.call("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps([fields]))
    assert answer["code"] == code
    assert not refusing.venue.state.orders


def test_a_client_order_id_of_36_characters_of_the_pattern_is_accepted(client: VenueClient) -> None:
    name = ".A-Z:/a-z0_9" * 3
    assert place(client, LIMIT, newClientOrderId=name)["clientOrderId"] == name


def test_a_client_order_id_is_unique_among_open_orders(client: VenueClient) -> None:
    place(client, LIMIT, newClientOrderId="mine")
    assert place(client, LIMIT, newClientOrderId="mine")["code"] == -4116
    client.call("DELETE", PATH, symbol="BTCUSDT", origClientOrderId="mine")
    assert place(client, LIMIT, newClientOrderId="mine")["status"] == "NEW"


def test_two_market_orders_with_one_client_order_id_both_fill(client: VenueClient) -> None:
    for _ in range(2):
        assert place(client, MARKET, newClientOrderId="mine", newOrderRespType="RESULT")["status"] == "FILLED"


def test_a_good_till_date_keeps_whole_seconds(client: VenueClient) -> None:
    until = client.venue.now_ms + 900_123
    order = place(client, LIMIT, timeInForce="GTD", goodTillDate=until)
    assert order["goodTillDate"] == until // 1000 * 1000


@pytest.mark.parametrize(("match", "price"), [("QUEUE", "59999.90"), ("QUEUE_5", "59999.50"), ("OPPONENT", "60000.00")])
def test_price_match_takes_the_price_of_the_book(client: VenueClient, match: str, price: str) -> None:
    assert place(client, LIMIT, price=None, priceMatch=match)["price"] == price


@dataclass
class Shallow:
    """The best three levels of a book."""

    book: Book

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        return islice(self.book.levels(side), 3)

    def quantity(self, side: Side, price: int) -> int:
        return self.book.quantity(side, price)


def test_price_match_beyond_the_book_is_refused(client: VenueClient) -> None:
    market = client.venue.state.markets["BTCUSDT"]
    market.book = Shallow(market.book)
    assert place(client, LIMIT, price=None, priceMatch="QUEUE_5")["code"] == -5041


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({}, None, id="a good order"),
        pytest.param({"quantity": "0.001", "price": "45000.0"}, -4164, id="test order below MIN_NOTIONAL"),
        pytest.param({"quantity": "0.001", "price": "45000.0", "reduceOnly": "true"}, None, id="test order reducing"),
        pytest.param({"price": "59990.05"}, -4014, id="test order between ticks"),
        pytest.param({"positionSide": "LONG"}, -4061, id="test order of hedge mode"),
    ],
)
def test_a_test_order_is_checked_and_not_placed(client: VenueClient, changes: dict[str, Any], code: int | None) -> None:
    assert client.call("POST", f"{PATH}/test", **LIMIT | changes).get("code") == code
    assert not client.venue.state.orders
