"""Malformed requests are answered with a payload or an error code, never a stack trace."""

import json
import random
from typing import Any

from live.simulator.http.endpoints.served import ENDPOINTS
from live.simulator.http.rate_limits import RateLimits
from live.simulator.http.rest import Request, answer
from live.simulator.http.runner import run
from live.simulator.http.websocket_api import METHODS, Session
from tests.live.conftest import KEY, Running, Serve
from tests.live.simulator.http_requests import HttpClient, event, run_scenario

NAMES = """
symbol side type timeInForce quantity price newClientOrderId orderId origClientOrderId algoType algoId triggerPrice
callbackRate closePosition reduceOnly positionSide goodTillDate priceMatch limit startTime endTime fromId interval
leverage marginType dualSidePosition countdownTime batchOrders orderIdList amount newOrderRespType
"""
VALUES = """
BTCUSDT ETHUSDT BUY SELL LIMIT MARKET STOP_MARKET TRAILING_STOP_MARKET GTC IOC FOK GTX GTD CONDITIONAL 59990.0 60100.0
0 -1 1e9 NaN inf 0.010 0.0001 1000000000000000 999999999999999999999999 true false maybe 1m 1s LONG BOTH OPPONENT_5
QUEUE [] [1] [{}] {} null "" %00 1000000001 2000001 ISOLATED RESULT 59000.0 1 5 1000
"""
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}


def generated_params(rng: random.Random) -> dict[str, str]:
    """Random parameters, mostly invalid; half of the time a valid order with one parameter replaced."""
    max_fields = rng.choice([2, 14])
    fields = {name: rng.choice(VALUES.split()) for name in rng.sample(NAMES.split(), rng.randrange(1, max_fields))}
    return (ORDER | {"price": "59990.0"} if max_fields == 2 else {}) | fields


def test_no_request_is_answered_with_anything_but_a_payload_or_a_code(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        rng, seen = random.Random(11), set()
        endpoints = [
            *ENDPOINTS,
            *[("POST", "/fapi/v1/order"), ("POST", "/fapi/v1/algoOrder"), ("PUT", "/fapi/v1/order")] * 8,
        ]
        for number in range(2_000):
            if number % 200 == 0:
                running.venue.gateway.limits = RateLimits(10**9)
            method, path = rng.choice(endpoints)
            query = client.sign(generated_params(rng))
            found = run(
                answer(running.venue.gateway, Request(method, path, query, "", KEY, "")), running.venue.engine.carry_out
            )
            assert found.status in (200, 400, 401, 429, 503), (method, path, query)
            if found.status != 200:
                assert set(found.body) == {"code", "msg"}
                seen.add(found.body["code"])
        assert len(seen) > 10

    run_scenario(serve, scenario, weight_limit=10**9)


def test_no_text_breaks_the_websocket_api(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        rng = random.Random(12)
        session = Session(running.venue.gateway, "")
        texts = [
            "",
            "[]",
            "5",
            "null",
            '{"id":1}',
            '{"method":5}',
            '{"id":[1],"method":"ping","params":[1]}',
            "{" * 500,
        ]
        for _ in range(400):
            method = rng.choice([*METHODS, "session.status", "order.dance"])
            params: dict[str, Any] = generated_params(rng) | {"apiKey": rng.choice([KEY, "x", 5]), "timestamp": 1.5}
            texts.append(json.dumps({"id": rng.choice([1, "a", None]), "method": method, "params": params}))
        for text in texts:
            found = run(session.answer(text), running.venue.engine.carry_out)
            assert found is not None
            assert ("result" in found) != ("error" in found), text

    run_scenario(serve, scenario, weight_limit=10**9)


def test_no_text_breaks_a_stream(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        for text in [
            "",
            "[]",
            "5",
            '{"id":1}',
            '{"method":"SUBSCRIBE","params":5,"id":1}',
            '{"method":"SUBSCRIBE","params":[5]}',
        ]:
            socket = await client.socket("/public/ws")
            await socket.send_str(text)
            found = await event(socket)
            assert "msg" in found or "error" in found, text
            await socket.close()
        socket = await client.socket("/public/ws")
        await socket.send_json({"method": "SUBSCRIBE", "params": ["btcusdt@depth"] * 2, "id": 1})
        assert await event(socket) == {"result": None, "id": 1}

    run_scenario(serve, scenario)
