"""Rules of conditional orders, sent as requests: what Binance refuses is refused, with its code."""

from typing import Any

import pytest

from tests.live.simulator.rules import orders
from tests.live.simulator.rules.orders import case
from tests.live.simulator.venue_client import VenueClient

PATH = "/fapi/v1/algoOrder"
STOP_MARKET = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
STOP_MARKET |= {"quantity": "0.010", "triggerPrice": "59000.0"}
STOP = STOP_MARKET | {"type": "STOP", "price": "58990.0"}
TRAILING = {name: value for name, value in STOP_MARKET.items() if name != "triggerPrice"}
TRAILING |= {"type": "TRAILING_STOP_MARKET", "callbackRate": "1"}
CLOSING = {name: value for name, value in STOP_MARKET.items() if name != "quantity"} | {"closePosition": "true"}


def market_order(client: VenueClient, **changes: Any) -> Any:
    """A market order, of 0.010 bought unless changed."""
    fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"} | changes
    return client.call("POST", "/fapi/v1/order", **fields)


def place(client: VenueClient, order: dict[str, Any], **changes: Any) -> Any:
    """Place a conditional order; a change to None leaves a parameter out."""
    return orders.place(client, order, PATH, **changes)


@pytest.mark.parametrize(
    ("order", "changes", "code"),
    [
        case("algoType missing", STOP, -1102, algoType=None),
        case("algoType VP", STOP, -1130, algoType="VP"),
        case("algo symbol missing", STOP, -1102, symbol=None),
        case("algo side missing", STOP, -1102, side=None),
        case("algo type missing", STOP, -1102, type=None),
        case("algo type LIMIT", STOP, -1116, type="LIMIT"),
        case("algo type MARKET", STOP_MARKET, -1116, type="MARKET"),
        case("triggerPrice missing", STOP_MARKET, -1102, triggerPrice=None),
        case("triggerPrice 0", STOP_MARKET, -4001, triggerPrice="0"),
        case("algo quantity missing", STOP_MARKET, -1102, quantity=None),
        case("algo quantity 0", STOP_MARKET, -4003, quantity="0"),
        case("algo quantity above MARKET_LOT_SIZE", STOP_MARKET, -4005, quantity="700"),
        case("algo quantity above LOT_SIZE", STOP, -4005, quantity="9000"),
        case("STOP without price", STOP, -1102, price=None),
        case("TAKE_PROFIT without price", STOP, -1102, price=None, type="TAKE_PROFIT", triggerPrice="61000.0"),
        case("STOP_MARKET with price", STOP_MARKET, -1106, price="58990.0"),
        case("trailing stop with price", TRAILING, -1106, price="58990.0"),
        case("STOP with price and priceMatch", STOP, -1106, priceMatch="QUEUE"),
        case("STOP with an unknown priceMatch", STOP, -5037, priceMatch="BEST", price=None),
        case("STOP_MARKET with priceMatch", STOP_MARKET, -5038, priceMatch="QUEUE"),
        case("STOP sell limit far below its trigger", STOP, -4184, price="56000.0"),
        case("STOP buy limit far above its trigger", STOP, -4183, side="BUY", triggerPrice="61000.0", price="64100.0"),
        case("algo below MIN_NOTIONAL", STOP_MARKET, -4164, quantity="0.001", triggerPrice="45000.0"),
        case("callbackRate missing", TRAILING, -1102, callbackRate=None),
        case("callbackRate below 0.1", TRAILING, -2007, callbackRate="0.05"),
        case("callbackRate above 20", TRAILING, -2007, callbackRate="20.1"),
        case("trailing sell activated below the price", TRAILING, -2021, activatePrice="59900.0"),
        case("trailing buy activated above the price", TRAILING, -2021, side="BUY", activatePrice="60100.0"),
        case("stop sell above the price", STOP_MARKET, -2021, triggerPrice="60100.0"),
        case("stop buy below the price", STOP_MARKET, -2021, side="BUY", triggerPrice="59900.0"),
        case("take-profit sell below the price", STOP_MARKET, -2021, type="TAKE_PROFIT_MARKET"),
        case("take-profit buy above the price", STOP, -2021, type="TAKE_PROFIT", side="BUY", triggerPrice="60100.0"),
        case("closePosition without a position", CLOSING, -4509),
        case("closePosition with quantity", CLOSING, -4137, quantity="0.010"),
        case("closePosition with reduceOnly true", CLOSING, -1106, reduceOnly="true"),
        case("closePosition with reduceOnly false", CLOSING, -1106, reduceOnly="false"),
        case("closePosition of a STOP", CLOSING, -4136, type="STOP", price="58990.0"),
        case("closePosition of a trailing stop", TRAILING, -4136, closePosition="true", quantity=None),
        case("algo selfTradePreventionMode NONE", STOP, -5039, selfTradePreventionMode="NONE"),
        case("algo workingType unknown", STOP, -4031, workingType="INDEX_PRICE"),
        case("algo positionSide of hedge mode", STOP, -4061, positionSide="LONG"),
        case("algo GTD without goodTillDate", STOP, -1102, timeInForce="GTD"),
        case("algo GTD of less than 600 s", STOP, -5040, timeInForce="GTD", goodTillDate="1723161256000"),
        case("clientAlgoId of 37 characters", STOP, -4015, clientAlgoId="a" * 37),
        case("clientAlgoId with a space", STOP, -4015, clientAlgoId="my stop"),
    ],
)
def test_a_conditional_order_is_refused_with_its_code(
    refusing: VenueClient, order: dict[str, Any], changes: dict[str, Any], code: int
) -> None:
    assert place(refusing, order, **changes)["code"] == code
    assert not refusing.venue.state.algos


@pytest.mark.parametrize("callback", ["0.1", "10", "20"])
def test_a_trailing_stop_may_trail_by_a_tenth_to_twenty_percent(client: VenueClient, callback: str) -> None:
    assert place(client, TRAILING, callbackRate=callback, activatePrice="60100.0")["algoStatus"] == "NEW"


def test_the_margin_of_a_conditional_order_is_not_checked_before_it_triggers(client: VenueClient) -> None:
    assert place(client, STOP_MARKET, side="BUY", triggerPrice="61000.0", quantity="100")["algoStatus"] == "NEW"


def test_a_second_close_position_stop_of_one_direction_is_refused(long: VenueClient) -> None:
    first = place(long, CLOSING, clientAlgoId="first")
    assert (first["algoStatus"], first["timeInForce"]) == ("NEW", "GTE_GTC")
    assert place(long, CLOSING, clientAlgoId="second", triggerPrice="59500.0")["code"] == -4130
    target = place(long, CLOSING, type="TAKE_PROFIT_MARKET", triggerPrice="61000.0")
    assert target["algoStatus"] == "NEW"
    long.call("DELETE", PATH, clientAlgoId="first")
    assert place(long, CLOSING, triggerPrice="59500.0")["algoStatus"] == "NEW"


def test_close_position_in_the_direction_of_the_position_is_refused(hedged: VenueClient) -> None:
    assert place(hedged, CLOSING, positionSide="LONG", side="BUY", triggerPrice="61000.0")["code"] == -4509
    assert place(hedged, CLOSING, positionSide="SHORT", side="BUY", triggerPrice="61000.0")["code"] == -4509
    assert place(hedged, CLOSING, positionSide="LONG")["algoStatus"] == "NEW"


@pytest.mark.parametrize("sent", ["true", "false"])
def test_a_conditional_order_in_hedge_mode_has_no_reduce_only(hedged: VenueClient, sent: str) -> None:
    assert place(hedged, STOP_MARKET, positionSide="LONG", reduceOnly=sent)["code"] == -1106
    assert place(hedged, STOP_MARKET)["code"] == -4061


def test_a_client_algo_id_is_unique_among_waiting_orders(client: VenueClient) -> None:
    place(client, STOP, clientAlgoId="mine")
    assert place(client, STOP, clientAlgoId="mine")["code"] == -4116
    client.call("DELETE", PATH, clientAlgoId="mine")
    assert place(client, STOP, clientAlgoId="mine")["algoStatus"] == "NEW"


@pytest.mark.parametrize("reduce_only", ["true", None])
def test_stops_stay_after_their_position_is_closed(long: VenueClient, reduce_only: str | None) -> None:
    stop = place(long, STOP_MARKET, reduceOnly="true") if reduce_only else place(long, CLOSING)
    market_order(long, side="SELL", reduceOnly="true")
    assert not long.venue.state.accounts["paper"].held()
    assert long.call("GET", PATH, algoId=stop["algoId"])["algoStatus"] == "NEW"


@pytest.mark.parametrize(
    ("method", "path", "fields", "code"),
    [
        pytest.param("DELETE", PATH, {}, -1102, id="algo cancel without an id"),
        pytest.param("DELETE", PATH, {"algoId": "1"}, -2011, id="algo cancel of an unknown order"),
        pytest.param("GET", PATH, {}, -1102, id="algo query without an id"),
        pytest.param("GET", PATH, {"clientAlgoId": "none"}, -2013, id="algo query of an unknown order"),
        pytest.param("DELETE", "/fapi/v1/algoOpenOrders", {}, -1102, id="cancel of all algos without a symbol"),
    ],
)
def test_a_request_about_conditional_orders_is_refused_with_its_code(
    refusing: VenueClient, method: str, path: str, fields: dict[str, Any], code: int
) -> None:
    assert refusing.call(method, path, **fields)["code"] == code


def test_a_conditional_order_is_unknown_to_the_endpoints_of_regular_ones(client: VenueClient) -> None:
    about = {"symbol": "BTCUSDT", "orderId": place(client, STOP)["algoId"]}
    assert client.call("DELETE", "/fapi/v1/order", **about)["code"] == -2011
    assert client.call("GET", "/fapi/v1/order", **about)["code"] == -2013
    change = {"side": "SELL", "quantity": "0.020", "price": "58990.0"}
    assert client.call("PUT", "/fapi/v1/order", **about, **change)["code"] == -2013
    assert client.call("GET", "/fapi/v1/openOrders", symbol="BTCUSDT") == []
