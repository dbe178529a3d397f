"""Request weights, order counts and the headers and arrays that show them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.simulator.requests.byte_client import LIMIT_ORDER, MARKET_ORDER, ByteClient, Reply, open_bytes

SHORT, LONG, WEIGHT = "X-MBX-ORDER-COUNT-10S", "X-MBX-ORDER-COUNT-1M", "X-MBX-USED-WEIGHT-1M"


@pytest.fixture
def client(generated_tape: Path) -> ByteClient:
    return open_bytes(generated_tape)


def counts(reply: Reply) -> tuple[str | None, str | None]:
    return reply.headers.get(SHORT), reply.headers.get(LONG)


def place_batch(client: ByteClient, size: int = 5) -> Reply:
    return client.ask("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps([LIMIT_ORDER] * size))


def test_a_batch_counts_five_in_ten_seconds_and_one_in_a_minute(client: ByteClient) -> None:
    assert counts(client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER)) == ("1", "1")
    assert counts(place_batch(client)) == ("6", "2")
    assert counts(place_batch(client, 2)) == ("11", "3")


def test_changing_counts_as_placing_and_cancelling_counts_nothing(client: ByteClient) -> None:
    order_id = client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER).body["orderId"]
    change = {"symbol": "BTCUSDT", "orderId": order_id, "side": "BUY", "quantity": "0.010", "price": "59980.0"}
    assert counts(client.ask("PUT", "/fapi/v1/order", **change)) == ("2", "2")
    again = json.dumps([change | {"price": "59970.0"}])
    assert counts(client.ask("PUT", "/fapi/v1/batchOrders", batchOrders=again)) == ("7", "3")
    gone = client.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=order_id)
    assert (gone.body["status"], counts(gone)) == ("CANCELED", (None, None))


def test_a_refused_order_counts_and_a_refused_signature_does_not(client: ByteClient) -> None:
    refused = client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER | {"price": "1.0000"})
    assert (refused.status, counts(refused)) == (400, ("1", "1"))
    assert counts(client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER | {"signature": "0"})) == (None, None)
    stop = MARKET_ORDER | {"type": "STOP_MARKET", "side": "SELL", "triggerPrice": "59000.0", "algoType": "CONDITIONAL"}
    assert counts(client.ask("POST", "/fapi/v1/algoOrder", **stop)) == ("2", "2")


def test_counters_start_again_with_their_windows(client: ByteClient) -> None:
    place_batch(client)
    client.run((60_000 - client.venue.now_ms % 60_000) * 10**6)
    assert counts(client.ask("POST", "/fapi/v1/order", **LIMIT_ORDER)) == ("1", "1")


def test_the_batch_that_exceeds_ten_seconds_is_refused(client: ByteClient) -> None:
    client.run((10_000 - client.venue.now_ms % 10_000) * 10**6)
    codes = [place_batch(client, 1).code for _ in range(61)]
    assert codes == [None] * 60 + [-1015]
    late = place_batch(client, 1)
    assert (late.status, late.body["msg"]) == (
        429,
        "Too many new orders; current limit is 300 orders per 10 SECOND.",
    )
    assert 0 < int(late.headers["Retry-After"]) <= 10


WEIGHTS: dict[str, int] = {
    "/fapi/v1/depth?symbol=BTCUSDT&limit=5": 2,
    "/fapi/v1/depth?symbol=BTCUSDT&limit=50": 2,
    "/fapi/v1/depth?symbol=BTCUSDT&limit=100": 5,
    "/fapi/v1/depth?symbol=BTCUSDT": 10,
    "/fapi/v1/depth?symbol=BTCUSDT&limit=1000": 20,
    "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=99": 1,
    "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=100": 2,
    "/fapi/v1/klines?symbol=BTCUSDT&interval=1m": 5,
    "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1000": 5,
    "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1001": 10,
    "/fapi/v1/aggTrades?symbol=BTCUSDT": 20,
    "/fapi/v1/trades?symbol=BTCUSDT": 5,
    "/fapi/v1/historicalTrades?symbol=BTCUSDT": 200,
    "/fapi/v1/fundingRate": 0,
    "/fapi/v1/fundingInfo": 0,
    "/fapi/v1/openInterest?symbol=BTCUSDT": 1,
    "/fapi/v1/premiumIndex": 10,
    "/fapi/v1/premiumIndex?symbol=BTCUSDT": 1,
    "/fapi/v1/ticker/24hr": 40,
    "/fapi/v1/ticker/24hr?symbol=BTCUSDT": 1,
    "/fapi/v1/depth?symbol=BTCUSDT&limit=--5": 1,
}
SIGNED_WEIGHTS: dict[tuple[str, str, str], int] = {
    ("GET", "/fapi/v1/openOrders", ""): 40,
    ("GET", "/fapi/v1/openOrders", "symbol=BTCUSDT"): 1,
    ("GET", "/fapi/v1/openAlgoOrders", ""): 40,
    ("GET", "/fapi/v1/forceOrders", ""): 50,
    ("GET", "/fapi/v1/forceOrders", "symbol=BTCUSDT"): 20,
    ("GET", "/fapi/v1/income", ""): 30,
    ("GET", "/fapi/v1/apiTradingStatus", ""): 10,
    ("GET", "/fapi/v1/feeBurn", ""): 30,
    ("GET", "/fapi/v1/adlQuantile", ""): 5,
    ("POST", "/fapi/v1/order", ""): 0,
    ("PUT", "/fapi/v1/order", ""): 0,
    ("POST", "/fapi/v1/algoOrder", ""): 0,
    ("POST", "/fapi/v1/batchOrders", ""): 5,
    ("DELETE", "/fapi/v1/batchOrders", ""): 1,
}


@pytest.mark.parametrize("target", WEIGHTS)
def test_a_public_request_weighs_what_the_page_says(generated_tape: Path, target: str) -> None:
    assert open_bytes(generated_tape).send("GET", target).headers[WEIGHT] == str(WEIGHTS[target])


@pytest.mark.parametrize("request_", SIGNED_WEIGHTS, ids=" ".join)
def test_a_signed_request_weighs_what_the_page_says(generated_tape: Path, request_: Any) -> None:
    assert open_bytes(generated_tape).ask_text(*request_).headers[WEIGHT] == str(SIGNED_WEIGHTS[request_])


def test_a_refused_request_shows_the_weight_used(client: ByteClient) -> None:
    client.send("GET", "/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
    assert client.send("GET", "/fapi/v1/nothing").headers[WEIGHT] == "20"
    assert client.send("GET", "/fapi/v1/trades?symbol=NOSUCH").headers[WEIGHT] == "25"


def test_over_the_limit_the_weight_is_shown_with_the_429(generated_tape: Path) -> None:
    client = open_bytes(generated_tape, weight_limit=10)
    client.send("GET", "/fapi/v1/depth?symbol=BTCUSDT")
    over = client.send("GET", "/fapi/v1/ping")
    assert (over.status, over.code, over.headers[WEIGHT]) == (429, -1003, "11")


def test_funding_requests_share_five_hundred_in_five_minutes(client: ByteClient) -> None:
    paths = ["/fapi/v1/fundingRate", "/fapi/v1/fundingInfo"]
    assert {client.send("GET", paths[number % 2]).status for number in range(500)} == {200}
    over = client.send("GET", "/fapi/v1/fundingInfo")
    assert (over.status, over.code) == (429, -1003)
    assert client.send("GET", "/futures/data/openInterestHist?symbol=BTCUSDT&period=5m").body == []
    assert client.send("GET", "/fapi/v1/ping").status == 200


def test_a_call_of_the_websocket_api_shows_the_counters_it_touched(client: ByteClient) -> None:
    connection = client.venue.connect("/ws-fapi/v1")
    placed = client.api(connection, "order.place", **LIMIT_ORDER)
    assert [(limit["interval"], limit["limit"], limit["count"]) for limit in placed["rateLimits"]] == [
        ("SECOND", 300, 1),
        ("MINUTE", 1200, 1),
        ("MINUTE", 2400, 0),
    ]
    shown = client.api(connection, "order.status", symbol="BTCUSDT", orderId=placed["result"]["orderId"])
    assert [(limit["rateLimitType"], limit["count"]) for limit in shown["rateLimits"]] == [("REQUEST_WEIGHT", 1)]
    assert "rateLimits" not in client.api(connection, "v2/account.balance", returnRateLimits="false")
    assert client.api(connection, "depth", symbol="BTCUSDT", limit=1000)["rateLimits"][0]["count"] == 1 + 5 + 20
    assert client.api(connection, "ticker.book")["rateLimits"][0]["count"] == 26 + 5
    assert client.send("GET", "/fapi/v1/ping").headers[WEIGHT] == "32"


def test_the_limits_are_those_that_are_kept(client: ByteClient) -> None:
    listed = client.send("GET", "/fapi/v1/exchangeInfo").body["rateLimits"]
    assert [(limit["rateLimitType"], limit["intervalNum"], limit["limit"]) for limit in listed] == [
        ("REQUEST_WEIGHT", 1, 2400),
        ("ORDERS", 1, 1200),
        ("ORDERS", 10, 300),
    ]
    own = client.ask("GET", "/fapi/v1/rateLimit/order").body
    assert [(limit["interval"], limit["limit"]) for limit in own] == [("SECOND", 300), ("MINUTE", 1200)]
