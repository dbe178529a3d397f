"""Faults over real sockets: what the wire shows where in process there is an output, or none."""

import asyncio
from typing import Any

import aiohttp
import pytest

from live.simulator.faults import FaultPlan
from tests.live.conftest import Running, Serve
from tests.live.simulator.http_requests import HttpClient, event, run_scenario

PLACE = {"method": "POST", "path": "/fapi/v1/order"}
TICKER = "/public/ws/btcusdt@bookTicker"


def plan(*faults: dict[str, Any]) -> FaultPlan:
    return FaultPlan.model_validate({"faults": faults})


def test_a_lost_request_leaves_the_client_waiting_until_it_gives_up(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        waiting = asyncio.ensure_future(client.order(newClientOrderId="lost"))
        while not running.venue.faults.affected:
            await client.request("GET", "/fapi/v1/ping")
        assert (await client.order(newClientOrderId="kept")).status == 200
        assert not waiting.done()
        assert [order.client_id for order in running.venue.state.orders.values()] == ["kept"]
        waiting.cancel()

    run_scenario(serve, scenario, faults=plan({"kind": "lose_request"} | PLACE))


def test_an_html_page_and_an_empty_response_arrive_as_such(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        url = f"http://{client.host}/fapi/v1/ping"
        async with client.session.get(url) as answer:
            assert (answer.status, answer.content_type) == (502, "text/html")
            assert (await answer.read()).startswith(b"<html>")
        async with client.session.get(url) as answer:
            assert (answer.status, await answer.read()) == (200, b"")
        async with client.session.get(url) as answer:
            assert await answer.json() == {}

    html = {"kind": "garbage_response", "form": "html_502"}
    empty = {"kind": "garbage_response", "form": "empty_200", "when": {"nth": 2}}
    run_scenario(serve, scenario, faults=plan(html, empty))


def test_refused_requests_and_handshakes_see_a_broken_connection(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        running.play(20)
        with pytest.raises(aiohttp.ClientError):
            await client.request("GET", "/fapi/v1/ping")
        with pytest.raises(aiohttp.ClientError):
            await client.socket(TICKER)
        running.play(60)
        assert (await client.request("GET", "/fapi/v1/ping")).status == 200
        await client.socket(TICKER)

    refusal = {"kind": "refuse_connect", "when": {"at_ms": 300}, "end": {"duration_ms": 1_000}}
    run_scenario(serve, scenario, faults=plan(refusal))


def test_a_close_frame_carries_code_and_reason(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket(TICKER)
        running.play(60)
        while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, 4001, "Going away")
        again = await client.socket(TICKER)
        running.play(30)
        assert (await event(again))["e"] == "bookTicker"

    close = {"kind": "server_close", "code": 4001, "reason": "Going away", "when": {"at_ms": 500}}
    run_scenario(serve, scenario, faults=plan(close))


def test_an_order_found_by_no_query_fills_on_the_user_stream(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        user = await client.socket(f"/private/ws?listenKey={await client.listen_key()}")
        placed = await client.market(newClientOrderId="hidden")
        assert placed.body["status"] == "FILLED"
        found = await client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="hidden")
        assert found.body["code"] == -2013
        assert (await event(user, "ORDER_TRADE_UPDATE"))["o"]["c"] == "hidden"

    run_scenario(serve, scenario, faults=plan({"kind": "late_visible", "hidden_ms": 60_000}))
