"""Every kind of fault, as a client observes it."""

from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from live.enums import OrderStatus
from live.money import plain
from live.simulator.faults import FaultPlan, Reply
from live.simulator.http.fault_replies import REPLIES
from tests.live.conftest import Running, Serve
from tests.live.simulator.http_requests import HttpClient, call, event, run_scenario

TICKER = "/public/ws/btcusdt@bookTicker"


def plan(*faults: dict[str, Any]) -> FaultPlan:
    return FaultPlan.model_validate({"faults": faults})


def tickers(serve: Serve, wanted: int, *faults: dict[str, Any]) -> list[int]:
    """Update ids of the first tickers that a client receives under a plan, counted from the first of the tape."""
    received: list[int] = []

    async def scenario(client: HttpClient, running: Running) -> None:
        first = running.venue.feed.books["BTCUSDT"].local.book.update_id or 0
        socket = await client.socket(TICKER)
        running.play(60)
        received.extend([((await event(socket))["u"] - first) // 7 + 1 for _ in range(wanted)])

    run_scenario(serve, scenario, faults=plan(*faults))
    return received


def test_without_faults_messages_come_whole_and_in_order(serve: Serve) -> None:
    assert tickers(serve, 5) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("kind", "received"),
    [
        ("drop", [1, 4, 5, 6]),
        ("duplicate", [1, 2, 2, 3, 3, 4]),
        ("reorder", [1, 3, 2, 4, 5]),
    ],
)
def test_frames_are_dropped_duplicated_and_reordered(serve: Serve, kind: str, received: list[int]) -> None:
    fault = {"kind": kind, "stream": "*@bookTicker", "when": {"nth": 2}, "end": {"count": 2}}
    assert tickers(serve, len(received), fault) == received


def test_a_delayed_frame_comes_after_its_time_in_the_venue(serve: Serve) -> None:
    assert tickers(serve, 4, {"kind": "delay", "delay_ms": 100})[:3] == [2, 1, 3]


def test_a_gap_in_pu_breaks_the_chain_of_diffs(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket("/public/ws/btcusdt@depth@0ms")
        running.play(40)
        updates = [await event(socket) for _ in range(4)]
        chained = [after["pu"] == before["u"] for before, after in pairwise(updates)]
        assert chained == [True, False, True]

    run_scenario(serve, scenario, faults=plan({"kind": "gap_pu", "stream": "*@depth*", "when": {"nth": 3}}))


def test_a_frozen_socket_stays_open_and_sends_nothing_not_even_pong(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        frozen, other = await client.socket(TICKER), await client.socket(TICKER)
        opened_ns = running.venue.now_ns
        running.play(60)
        while (await event(other))["u"] < 1_000_070:
            pass
        [stuck] = [entry for entry in running.venue.connections.open.values() if entry.frozen_by]
        assert not stuck.closed
        assert stuck.delivered_ns == opened_ns
        assert not frozen.closed

    run_scenario(serve, scenario, faults=plan({"kind": "freeze", "stream": "*@bookTicker"}))


def test_a_connection_is_cut_mid_frame(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket(TICKER)
        running.play(10)
        messages = [await socket.receive() for _ in range(2)]
        assert messages[0].type is aiohttp.WSMsgType.TEXT
        assert messages[1].type is not aiohttp.WSMsgType.TEXT
        assert socket.close_code == 1006

    run_scenario(serve, scenario, faults=plan({"kind": "cut", "when": {"nth": 2}}))


def test_a_response_is_dropped_after_the_order_was_carried_out(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        with pytest.raises(aiohttp.ClientError):
            await client.order(newClientOrderId="mine")
        again = await client.order(newClientOrderId="mine")
        assert again.body["code"] == -4116
        found = await client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="mine")
        assert found.body["status"] == "NEW"

    run_scenario(serve, scenario, faults=plan({"kind": "lose_response", "path": "/fapi/v1/order", "method": "POST"}))


@pytest.mark.parametrize("reply", Reply)
@pytest.mark.parametrize("landed", [False, True])
def test_each_canned_answer_can_hide_an_order_that_was_carried_out(serve: Serve, reply: Reply, landed: bool) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        answer = await client.order()
        assert (answer.status, answer.body) == (REPLIES[reply].status, REPLIES[reply].body)
        assert ("Retry-After" in answer.headers) == (answer.status in (418, 429))
        assert len(running.venue.state.orders) == landed
        assert (await client.order(newClientOrderId="second")).status == 200

    fault = {"kind": "answer", "path": "/fapi/v1/order", "reply": reply.value, "landed": landed}
    run_scenario(serve, scenario, faults=plan(fault))


def test_an_expired_listen_key_says_so_once_and_the_socket_stays_open(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        key = await client.listen_key()
        socket = await client.socket(f"/private/ws?listenKey={key}")
        running.play(60)
        expired = await event(socket)
        assert (expired["e"], expired["listenKey"]) == ("listenKeyExpired", key)
        await client.market()
        await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert (await event(socket))["id"] == 1
        assert (await client.request("PUT", "/fapi/v1/listenKey")).body["code"] == -1125

    run_scenario(serve, scenario, faults=plan({"kind": "expire_listen_key", "when": {"at_ms": 500}}))


def test_an_allow_list_without_it_hides_the_expiry(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket(f"/private/ws?listenKey={await client.listen_key()}&events=ORDER_TRADE_UPDATE")
        running.play(60)
        await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert (await event(socket))["id"] == 1

    run_scenario(serve, scenario, faults=plan({"kind": "expire_listen_key", "when": {"at_ms": 500}}))


def test_after_a_clock_jump_a_client_must_read_the_time_again(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        assert (await client.signed("GET", "/fapi/v3/balance")).status == 200
        running.play(60)
        assert (await client.signed("GET", "/fapi/v3/balance")).body["code"] == -1021
        server_time = (await client.request("GET", "/fapi/v1/time")).body["serverTime"]
        assert (await client.signed("GET", "/fapi/v3/balance", timestamp=server_time)).status == 200

    run_scenario(serve, scenario, faults=plan({"kind": "jump_clock", "when": {"at_ms": 500}, "by_ms": 30_000}))


def test_changed_filters_hold_from_their_moment_and_are_listed(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        assert (await client.order(price="59990.1")).status == 200
        running.play(60)
        assert (await client.order(price="59990.1")).body["code"] == -4014
        [symbol] = (await client.request("GET", "/fapi/v1/exchangeInfo")).body["symbols"]
        assert {"filterType": "PRICE_FILTER", "tickSize": "0.50"}.items() <= symbol["filters"][0].items()

    fault = {"kind": "change_filters", "when": {"at_ms": 500}, "symbol": "BTCUSDT"}
    run_scenario(serve, scenario, faults=plan(fault | {"filters": {"PRICE_FILTER": {"tickSize": "0.50"}}}))


def test_a_liquidation_comes_with_its_orders_and_its_public_notice(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        public = await client.socket("/market/ws/btcusdt@forceOrder")
        private = await client.socket(f"/private/ws?listenKey={await client.listen_key()}")
        await client.market(quantity="0.500")
        standing = (await client.order(price="59000.0")).body["orderId"]
        running.play(60)
        notice = await event(public, "forceOrder")
        assert (notice["o"]["S"], notice["o"]["q"]) == ("SELL", "0.500")
        while not (await event(private, "ORDER_TRADE_UPDATE"))["o"]["c"].startswith("autoclose-"):
            pass
        state = running.venue.state
        assert state.orders[standing].status is OrderStatus.EXPIRED
        assert plain(state.accounts["paper"].position("BTCUSDT").amount) == "0"

    run_scenario(serve, scenario, faults=plan({"kind": "liquidate", "when": {"at_ms": 500}, "symbol": "BTCUSDT"}))


def test_a_restricted_account_may_reduce_and_nothing_else(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        await client.market()
        running.play(60)
        assert (await client.market()).body["code"] == -4400
        assert (await client.market(side="SELL", reduceOnly="true")).body["status"] == "FILLED"

    run_scenario(serve, scenario, faults=plan({"kind": "restrict_account", "when": {"at_ms": 500}}))


def test_throttling_spares_what_reduces_or_cancels(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        placed = (await client.order()).body
        assert (await client.order()).body["code"] == -1008
        gone = await client.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=placed["orderId"])
        assert gone.body["status"] == "CANCELED"
        assert (await client.order(reduceOnly="true")).body["code"] == -2022

    fault = {"kind": "answer", "path": "/fapi/v1/order", "reply": "throttled_503"}
    fault |= {"when": {"nth": 2}, "end": {"count": 9}}
    run_scenario(serve, scenario, faults=plan(fault))


def test_the_websocket_api_loses_answers_and_leaves_the_status_unknown(serve: Serve) -> None:
    fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}

    async def scenario(client: HttpClient, running: Running) -> None:
        first = await client.socket("/ws-fapi/v1")
        unknown = await call(first, "order.place", price="59990.0", newClientOrderId="one", **fields)
        assert (unknown["status"], unknown["error"]["code"]) == (503, -1000)
        assert [order.client_id for order in running.venue.state.orders.values()] == ["one"]
        with pytest.raises(AssertionError, match="CLOSED"):
            await call(first, "order.place", price="59990.0", newClientOrderId="two", **fields)
        assert len(running.venue.state.orders) == 2

    unknown_status = {"kind": "answer", "method": "WS", "path": "order.place", "landed": True}
    dropped = {"kind": "lose_response", "method": "WS", "path": "order.place", "when": {"nth": 2}}
    run_scenario(serve, scenario, faults=plan(unknown_status, dropped))
