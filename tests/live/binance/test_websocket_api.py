"""Frames of the WebSocket API and what its answers say, which is what REST says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.binance.calls import RECV_WINDOW_MS, Call, CallWriter
from live.binance.outcomes import retry_after_ns
from live.binance.signing import Signer
from live.binance.websocket_api import METHODS, answer_of, frame_of
from live.simulator.http.websocket_api import METHODS as SERVED
from skills_lib.market.weights.headers import ORDERS_IN_A_MINUTE, USED_WEIGHT
from tests.live.signing import signed_params

CALLS = CallWriter(Signer("the-key", "the-secret"), clock_offset_ns=-2_000_000)
ORDER = Call("POST", "/fapi/v1/order", {"symbol": "BTCUSDT", "quantity": "0.010", "reduceOnly": "true"})


def test_a_frame_is_signed_over_its_parameters_by_name_with_the_exchanges_time() -> None:
    frame = json.loads(frame_of(ORDER, CALLS, 7, 1_700_000_000_125_000_000))
    timed = {"apiKey": "the-key", "recvWindow": RECV_WINDOW_MS, "timestamp": 1_700_000_000_123, **ORDER.parameters}
    assert frame == {"id": 7, "method": "order.place", "params": signed_params(timed, "the-secret")}


def test_a_frame_on_a_connection_that_is_logged_on_holds_neither_key_nor_signature() -> None:
    frame = json.loads(frame_of(ORDER, CALLS, 7, 0, logged_on=True))
    assert set(frame["params"]) == {"recvWindow", "timestamp", *ORDER.parameters}


def test_every_method_is_one_of_the_exchange() -> None:
    assert set(METHODS.values()) <= set(SERVED)


def test_an_answer_is_that_of_rest() -> None:
    weight = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400, "count": 17}
    orders = {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200, "count": 3}
    frame = {"id": 7, "status": 200, "result": {"orderId": 1}, "rateLimits": [orders, weight]}
    found = answer_of(json.dumps(frame).encode())
    assert found is not None
    assert (found.number, found.answer.status, json.loads(found.answer.body)) == (7, 200, {"orderId": 1})
    assert {name.lower(): value for name, value in found.answer.headers.items()} == {
        USED_WEIGHT: "17",
        ORDERS_IN_A_MINUTE: "3",
    }


def test_a_refusal_says_how_long_to_wait() -> None:
    data = {"serverTime": 1_000_000, "retryAfter": 1_007_001}
    frame = {"id": 7, "status": 418, "error": {"code": -1003, "msg": "banned", "data": data}}
    found = answer_of(json.dumps(frame).encode())
    assert found is not None
    assert (found.answer.status, json.loads(found.answer.body)["code"]) == (418, -1003)
    assert retry_after_ns(found.answer.headers) == 8 * 10**9


@pytest.mark.parametrize("frame", [b'{"id":null,"status":200}', b'{"id":"7","status":200}', b'{"id":7}', b"[]"])
def test_a_frame_that_names_no_request_answers_nothing(frame: bytes) -> None:
    assert answer_of(frame) is None


@given(st.binary(max_size=60) | st.text(max_size=30).map(lambda text: json.dumps({"id": 7, "error": text}).encode()))
def test_any_bytes_are_an_answer_or_none(frame: bytes) -> None:
    found = answer_of(frame)
    assert found is None or found.answer.status != 200
