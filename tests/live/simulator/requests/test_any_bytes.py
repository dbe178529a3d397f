"""Whatever bytes a client sends as query, body, path, header or frame, the answer has the venue's form."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from live.simulator.http.endpoints.served import ENDPOINTS
from live.simulator.http.websocket_api import METHODS
from live.simulator.outputs import Response
from live.wire import HttpRequest
from tests.live.conftest import KEY
from tests.live.simulator.requests.byte_client import MARKET_ORDER, MS, ORDER, ByteClient, open_bytes, sign

NAMES = """
symbol side type timeInForce quantity price newClientOrderId orderId origClientOrderId algoType algoId interval
triggerPrice callbackRate closePosition reduceOnly positionSide goodTillDate priceMatch limit startTime endTime fromId
leverage marginType dualSidePosition countdownTime batchOrders orderIdList amount newOrderRespType page recvWindow pair
contractType period incomeType selfTradePreventionMode activatePrice workingType feeBurn
"""
VALUES = """
BTCUSDT ETHUSDT BUY SELL LIMIT MARKET STOP_MARKET TRAILING_STOP_MARKET GTC IOC FOK GTX GTD CONDITIONAL 59990.0 60100.0 0
-1 1e9 NaN inf 0.010 0.0001 1000000000000000 999999999999999999999999 true false maybe 1m 1s LONG BOTH OPPONENT_5 QUEUE
[] [1] [{}] {} null "" 1000000001 2000001 ISOLATED RESULT 59000.0 1 5 1000 --5 ² ٣ PERPETUAL 5m COMMISSION
9223372036854775808
"""
REFUSED = {400, 401, 404, 408, 413, 429}

values = st.one_of(
    st.sampled_from(VALUES.split()).map(str.encode),
    st.binary(max_size=30),
    st.text(max_size=10).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
parameters = st.dictionaries(st.one_of(st.sampled_from(NAMES.split()), st.text(max_size=5)), values, max_size=12)
forms = st.one_of(
    st.binary(max_size=60).map(lambda data: data.decode("latin-1")),
    parameters.map(lambda fields: "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields.items())),
)
orders = st.one_of(st.just({}), st.just(ORDER | {"price": "59990.0"}), st.just(MARKET_ORDER))
json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(VALUES.split())
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


methods = st.one_of(st.sampled_from([*METHODS, "session.status", "session.logon"]), st.text(max_size=6))


@pytest.fixture(scope="module")
def client(generated_tape: Path) -> Iterator[ByteClient]:
    """One exchange for all examples: what earlier ones did to its state is part of the test."""
    found = open_bytes(generated_tape, weight_limit=10**9)
    found.ask("POST", "/fapi/v1/order", **MARKET_ORDER)
    yield found
    assert found.ask("GET", "/fapi/v3/account").status == 200


def response_to(client: ByteClient, request: HttpRequest) -> None:
    """Send a request and check that its response has the venue's form: a payload, or a code with a message."""
    number = client.venue.request(request)
    [found] = [output for output in client.run(MS) if isinstance(output, Response) and output.request == number]
    assert found.response is not None
    body = json.loads(found.response.body)
    assert found.response.headers["Content-Type"] == "application/json"
    if found.response.status != 200:
        assert found.response.status in REFUSED | {503}, (request, body)
        assert isinstance(body["code"], int)
        assert set(body) == {"code", "msg"}


@given(st.sampled_from(sorted(ENDPOINTS)), orders, forms, st.binary(max_size=40), st.booleans())
@settings(max_examples=200)
@example(("GET", "/fapi/v1/trades"), {}, "symbol=BTCUSDT&limit=%C2%B2", b"", False)
@example(("POST", "/fapi/v1/order"), {}, "a=1;b=2&&=&=x&%=%&symbol", b"\xff\x00", True)
def test_any_signed_query_or_body_is_answered(
    client: ByteClient, endpoint: tuple[str, str], order: dict[str, str], form: str, body: bytes, in_body: bool
) -> None:
    text = "&".join(f"{name}={value}" for name, value in order.items() if f"{name}=" not in form)
    text = f"{text}&{form}&timestamp={client.venue.now_ms}"
    method, path = endpoint
    headers = {"X-MBX-APIKEY": KEY}
    if in_body:
        payload = f"{text}&signature={sign(text)}".encode()
        response_to(client, HttpRequest(method, path, headers, payload + body))
    else:
        response_to(client, HttpRequest(method, f"{path}?{text}&signature={sign(text)}", headers))


@given(
    st.one_of(st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]), st.text(max_size=5)),
    st.text(max_size=30),
    st.dictionaries(st.one_of(st.just("X-MBX-APIKEY"), st.text(max_size=8)), st.text(max_size=8), max_size=3),
    st.binary(max_size=30),
)
@example("GET", "/%ff%00?%ED%A0%80", {"x-mbx-apikey": "\ud800"}, b"\xff")
@example("GET", "/fapi/v1/order?" + "a=" * 50_000, {}, b"")
def test_any_path_header_or_method_is_answered(
    client: ByteClient, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    response_to(client, HttpRequest(method, target, headers, body))


@given(st.one_of(st.binary(max_size=60), json_values.map(lambda value: json.dumps(value).encode())))
@example(b'{"id":"\\ud800","method":"SUBSCRIBE","params":["\\ud800"]}')
@example(b'{"id":1,"method":"LIST_SUBSCRIPTIONS"}')
@example(b'{"id":' + b"[" * 900 + b"]" * 900 + b',"method":"SUBSCRIBE","params":[]}')
def test_any_frame_of_a_stream_is_answered_or_ends_it(client: ByteClient, data: bytes) -> None:
    connection = client.venue.connect("/public/ws")
    client.run(MS)
    answer = client.say(connection, data)
    closed = connection not in client.venue.connections.open
    assert closed or "result" in answer or "error" in answer or set(answer) == {"code", "msg"}
    client.venue.close(connection)


@given(
    st.one_of(st.sampled_from([*METHODS, "session.status", "session.logon"]), st.text(max_size=6)),
    json_values,
    json_values,
)
@example("order.place", {"apiKey": KEY, "timestamp": "9" * 5_000}, {"a": "\ud800"})
def test_any_call_of_the_websocket_api_is_answered(client: ByteClient, method: str, number: Any, params: Any) -> None:
    connection = client.venue.connect("/ws-fapi/v1")
    answer = client.say(connection, json.dumps({"id": number, "method": method, "params": params}).encode())
    check_api_answer(answer, number)
    client.venue.close(connection)


@given(st.sampled_from(sorted(METHODS)), parameters)
def test_any_signed_call_of_the_websocket_api_is_answered(
    client: ByteClient, method: str, fields: dict[str, bytes]
) -> None:
    connection = client.venue.connect("/ws-fapi/v1")
    texts = {
        name: value.decode("utf-8", "replace") for name, value in fields.items() if name not in ("apiKey", "timestamp")
    }
    check_api_answer(client.api(connection, method, **texts), 7)
    client.venue.close(connection)


def check_api_answer(answer: Any, number: Any) -> None:
    """A result or a refusal, with the id of the request if that is an integer or text, and its HTTP status."""
    assert ("result" in answer) != ("error" in answer)
    assert answer["status"] in REFUSED | {200, 503}, answer
    if isinstance(number, str) or (isinstance(number, int) and abs(number) < 2**63 and not isinstance(number, bool)):
        assert answer["id"] == number
    else:
        assert answer["id"] is None
    if "error" in answer:
        assert set(answer["error"]) == {"code", "msg"}
