"""Rules of regular orders, sent as requests: what Binance refuses is refused, with its code."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from live.simulator.core.enums import Side
from live.simulator.core.market import Book
from live.simulator.http.rate_limits import RateLimits
from tests.live.simulator.venue_client import VenueClient, open_client

LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
LIMIT |= {"price": "59990.0"}
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
PATH, BATCH = "/fapi/v1/order", "/fapi/v1/batchOrders"


@pytest.fixture(scope="module")
def refusing(generated_tape: Path) -> VenueClient:
    """A flat account in one-way mode, for requests that change nothing because they are refused."""
    return open_client(generated_tape)


@pytest.fixture(autouse=True)
def new_order_counts(request: pytest.FixtureRequest) -> None:
    """Orders are counted anew for each test of the one exchange: a refused batch counts five in ten seconds."""
    if "refusing" in request.fixturenames:
        request.getfixturevalue("refusing").venue.gateway.limits = RateLimits()


@pytest.fixture
def client(generated_tape: Path) -> VenueClient:
    """A flat account in one-way mode."""
    return open_client(generated_tape)


@pytest.fixture
def long(client: VenueClient) -> VenueClient:
    """An account that holds 0.010."""
    place(client, MARKET, newOrderRespType="RESULT")
    return client


def place(client: VenueClient, order: dict[str, Any], **changes: Any) -> Any:
    """Place an order; a change to None leaves a parameter out."""
    fields = {name: value for name, value in (order | changes).items() if value is not None}
    return client.call("POST", PATH, **fields)


def reducing(client: VenueClient, price: str = "60100.0", **changes: Any) -> Any:
    """A reduce-only sell of 0.010."""
    return place(client, LIMIT, **{"side": "SELL", "price": price, "reduceOnly": "true"} | changes)


def status(client: VenueClient, order: Any) -> str:
    """The status of an order that was placed."""
    return str(client.call("GET", PATH, symbol="BTCUSDT", orderId=order["orderId"])["status"])


def case(name: str, order: dict[str, Any], code: int, **changes: Any) -> Any:
    """One refused request."""
    return pytest.param(order, changes, code, id=name)


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


@pytest.fixture
def hedged(client: VenueClient) -> VenueClient:
    """Hedge mode with LONG 0.010."""
    client.call("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    place(client, MARKET, positionSide="LONG")
    return client


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


@pytest.mark.parametrize(
    ("method", "path", "fields", "code"),
    [
        pytest.param("DELETE", PATH, {}, -1102, id="cancel without an id"),
        pytest.param("DELETE", PATH, {"orderId": "1"}, -2011, id="cancel of an unknown order"),
        pytest.param("GET", PATH, {}, -1102, id="query without an id"),
        pytest.param("GET", PATH, {"orderId": "1"}, -2013, id="query of an unknown order"),
        pytest.param("GET", "/fapi/v1/openOrder", {"orderId": "1"}, -2013, id="openOrder of an unknown order"),
        pytest.param("POST", "/fapi/v1/countdownCancelAll", {}, -1102, id="countdown without its time"),
        pytest.param(
            "POST", "/fapi/v1/countdownCancelAll", {"countdownTime": "-1"}, -1130, id="countdown of negative time"
        ),
        pytest.param("POST", BATCH, {"batchOrders": json.dumps([LIMIT] * 6)}, -4082, id="six orders in a batch"),
        pytest.param(
            "PUT",
            "/fapi/v1/batchOrders",
            {"batchOrders": json.dumps([LIMIT] * 6)},
            -4082,
            id="six amendments in a batch",
        ),
        pytest.param(
            "DELETE",
            "/fapi/v1/batchOrders",
            {"orderIdList": json.dumps([1] * 11)},
            -4032,
            id="eleven cancels in a batch",
        ),
    ],
)
def test_a_request_about_orders_is_refused_with_its_code(
    refusing: VenueClient, method: str, path: str, fields: dict[str, Any], code: int
) -> None:
    assert refusing.call(method, path, symbol="BTCUSDT", **fields)["code"] == code


def test_a_finished_order_can_be_neither_cancelled_nor_found_open(client: VenueClient) -> None:
    order = place(client, LIMIT)
    about = {"symbol": "BTCUSDT", "orderId": order["orderId"]}
    assert client.call("DELETE", PATH, **about)["status"] == "CANCELED"
    assert client.call("DELETE", PATH, **about)["code"] == -2011
    assert client.call("GET", "/fapi/v1/openOrder", **about)["code"] == -2013


Prepare = Callable[[VenueClient], Any]


def order_open(client: VenueClient) -> None:
    place(client, LIMIT)


def position_open(client: VenueClient) -> None:
    place(client, MARKET)


def nothing(_: VenueClient) -> None:
    """A flat account."""


MODE, MARGIN = "/fapi/v1/positionSide/dual", "/fapi/v1/marginType"


@pytest.mark.parametrize(
    ("prepare", "path", "fields", "code"),
    [
        pytest.param(nothing, MODE, {"dualSidePosition": "false"}, -4059, id="position mode unchanged"),
        pytest.param(order_open, MODE, {"dualSidePosition": "true"}, -4067, id="position mode with open orders"),
        pytest.param(position_open, MODE, {"dualSidePosition": "true"}, -4068, id="position mode with a position"),
        pytest.param(nothing, MARGIN, {"marginType": "CROSSED"}, -4046, id="margin type unchanged"),
        pytest.param(order_open, MARGIN, {"marginType": "ISOLATED"}, -4047, id="margin type with open orders"),
        pytest.param(position_open, MARGIN, {"marginType": "ISOLATED"}, -4048, id="margin type with a position"),
        pytest.param(nothing, "/fapi/v1/leverage", {"leverage": "0"}, -4028, id="leverage 0"),
        pytest.param(nothing, "/fapi/v1/leverage", {"leverage": "126"}, -4028, id="leverage above the first bracket"),
        pytest.param(
            nothing, "/fapi/v1/positionMargin", {"amount": "10", "type": "1"}, -4049, id="margin without a position"
        ),
    ],
)
def test_a_setting_is_refused_with_its_code(
    client: VenueClient, prepare: Prepare, path: str, fields: dict[str, Any], code: int
) -> None:
    prepare(client)
    assert client.call("POST", path, symbol="BTCUSDT", **fields)["code"] == code
