"""Market streams, user streams and the WebSocket API, over bare sockets."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from live.money import parse, show
from live.simulator.http.credentials import Credential
from live.simulator.latency import ASSUMED, Distribution
from live.simulator.settings import Start
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.model import Snapshot, Venue
from skills_lib.market.depth.wire import decode
from tests.live.conftest import KEY, SECRET, Running, Serve
from tests.live.simulator.http_requests import HttpClient, call, event, run_scenario
from tests.live.simulator.tapes import write_tape

DIFFS = "btcusdt@depth@100ms"


async def subscribe(socket: aiohttp.ClientWebSocketResponse, *names: str, number: Any = 1) -> Any:
    """SUBSCRIBE, and its answer."""
    await socket.send_json({"method": "SUBSCRIBE", "params": list(names), "id": number})
    return await event(socket)


@pytest.mark.parametrize("path", ["/public/ws/", "/ws/", "/public/stream?streams=", "/stream?streams="])
def test_depth_is_served_on_its_route_and_on_the_legacy_paths(serve: Serve, path: str) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket(path + DIFFS)
        running.play(30)
        frame = await event(socket, "depthUpdate")
        data = frame["data"] if "stream" in path else frame
        assert (data["s"], data["st"], data["ps"]) == ("BTCUSDT", 1, "BTCUSDT")

    run_scenario(serve, scenario)


def test_a_wrong_route_connects_acknowledges_and_stays_silent(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        wrong, right = await client.socket("/market/ws"), await client.socket("/public/ws")
        assert await subscribe(wrong, DIFFS, number="a-uuid") == {"result": None, "id": "a-uuid"}
        await subscribe(right, DIFFS)
        running.play(60)
        await event(right, "depthUpdate")
        await wrong.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 2})
        assert await event(wrong) == {"result": [DIFFS], "id": 2}

    run_scenario(serve, scenario)


def test_an_unknown_stream_is_acknowledged_and_silent_too(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket("/public/ws")
        assert await subscribe(socket, "btcusdt@nonsense") == {"result": None, "id": 1}
        await socket.send_json({"method": "DANCE", "id": 3})
        assert (await event(socket))["error"]["code"] == 2

    run_scenario(serve, scenario)


@pytest.mark.parametrize("speed", ["0ms", "100ms", "250ms", "500ms"])
def test_every_depth_speed_gives_the_same_book(serve: Serve, speed: str) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket(f"/public/ws/btcusdt@depth@{speed}")
        running.play(100)
        snapshot = await client.request("GET", "/fapi/v1/depth", symbol="BTCUSDT", limit=1000)
        local = LocalBook("BTCUSDT", Venue.USDM)
        body = snapshot.body
        local.load(Snapshot(body["lastUpdateId"], body["bids"], body["asks"]))
        running.play(400)
        running.venue.publisher.flush(running.venue.now_ms)
        ours = running.venue.feed.books["BTCUSDT"]
        while local.book.update_id != ours.local.book.update_id:
            local.receive(decode((await socket.receive()).data.encode()))  # type: ignore[arg-type]
        assert local.in_sync
        assert local.book.top_text(30) == _as_written(ours, 30)

    run_scenario(serve, scenario)


def _as_written(book: Any, count: int) -> Any:
    bids, asks = book.top(count)
    return tuple([(show(p, 2), show(q, 3)) for p, q in side] for side in (bids, asks))


PUBLISHED = {
    "btcusdt@depth5@100ms": "depthUpdate",
    "btcusdt@bookTicker": "bookTicker",
    "btcusdt@markPrice@1s": "markPriceUpdate",
    "!markPrice@arr": "markPriceUpdate",
    "btcusdt@kline_1m": "kline",
    "btcusdt@aggTrade": "aggTrade",
    "btcusdt@trade": "trade",
    "btcusdt@ticker": "24hrTicker",
    "btcusdt@miniTicker": "24hrMiniTicker",
}


def test_partial_depth_marks_klines_tickers_and_trades_are_published(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket("/stream?streams=" + "/".join(PUBLISHED))
        running.play(200)
        received: dict[str, str] = {}
        while len(received) < len(PUBLISHED):
            frame = await event(socket)
            payload = frame["data"][0] if isinstance(frame["data"], list) else frame["data"]
            received[frame["stream"]] = payload["e"]
        assert received == PUBLISHED

    run_scenario(serve, scenario)


def test_the_array_of_mark_prices_carries_coin_m_neighbours_to_be_filtered(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket("/market/ws/!markPrice@arr")
        running.play(50)
        marks = await event(socket)
        assert [(mark["s"], mark["st"]) for mark in marks] == [("BTCUSDT", 1), ("BTCUSD_PERP", 2)]

    run_scenario(serve, scenario)


def test_a_closed_listen_key_receives_no_more_events(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        closed = await client.socket(f"/private/ws?listenKey={await client.listen_key()}")
        await client.request("DELETE", "/fapi/v1/listenKey")
        fresh = await client.socket(f"/private/ws?listenKey={await client.listen_key()}")
        await client.order()
        assert (await event(fresh))["e"] == "ORDER_TRADE_UPDATE"
        await closed.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert (await event(closed))["id"] == 1

    run_scenario(serve, scenario)


def test_the_tape_starts_with_the_first_stream_and_plays_to_its_end(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        player = running.player
        await client.request("GET", "/fapi/v1/exchangeInfo")
        assert player.held
        socket = await client.socket("/public/ws/btcusdt@bookTicker")
        await player.finished.wait()
        last = {}
        while last.get("u") != running.venue.feed.books["BTCUSDT"].local.book.update_id:
            last = await event(socket)

    run_scenario(serve, scenario, start=Start.FIRST_STREAM)


def test_a_paced_tape_plays_by_itself_while_orders_come_and_go(serve: Serve, tmp_path: Path) -> None:
    tape = write_tape(tmp_path / "short.ts_jsonl", updates=12)

    async def scenario(client: HttpClient, running: Running) -> None:
        placed = await client.market()
        assert placed.body["status"] == "FILLED"
        await running.player.finished.wait()
        assert (await client.market(side="SELL")).body["status"] == "FILLED"
        account = running.venue.state.accounts["paper"]
        assert account.position("BTCUSDT").amount == 0

    run_scenario(serve, scenario, tape=tape, speed=10, start=Start.NOW, inbound=ASSUMED, outbound=ASSUMED)


def test_the_user_stream_reports_a_fill_in_three_events(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket(f"/private/ws?listenKey={await client.listen_key()}")
        await client.market()
        events = [await event(socket) for _ in range(4)]
        assert [entry["e"] for entry in events] == [
            "ORDER_TRADE_UPDATE",
            "TRADE_LITE",
            "ACCOUNT_UPDATE",
            "ORDER_TRADE_UPDATE",
        ]
        assert (events[2]["a"]["m"], events[2]["a"]["B"][0]["wb"]) == ("ORDER", "99999.70000000")
        assert (events[3]["o"]["x"], events[3]["o"]["n"], events[3]["o"]["m"]) == ("TRADE", "0.30000000", False)
        assert {(entry["E"], entry["T"]) for entry in events[1:]} == {(events[1]["E"], events[1]["T"])}

    run_scenario(serve, scenario)


def test_the_events_parameter_is_an_allow_list(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        key = await client.listen_key()
        socket = await client.socket(f"/private/ws?listenKey={key}&events=ACCOUNT_UPDATE")
        await client.market()
        assert (await event(socket))["e"] == "ACCOUNT_UPDATE"

    run_scenario(serve, scenario)


def test_a_bogus_listen_key_completes_the_handshake_and_receives_nothing(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        bogus = await client.socket("/private/ws?listenKey=bogus")
        real = await client.socket(f"/private/ws?listenKey={await client.listen_key()}")
        await client.market()
        await event(real, "ACCOUNT_UPDATE")
        await bogus.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert (await event(bogus))["id"] == 1

    run_scenario(serve, scenario)


def test_more_than_ten_messages_a_second_end_the_connection(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket("/public/ws")
        for number in range(12):
            await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": number})
        while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)

    run_scenario(serve, scenario)


def test_a_ping_of_the_client_is_answered(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.session.ws_connect(f"ws://{client.host}/public/ws", autoping=False)
        await socket.ping(b"there?")
        answer = await socket.receive()
        assert (answer.type, bytes(answer.data)) == (aiohttp.WSMsgType.PONG, b"there?")

    run_scenario(serve, scenario)


def test_a_connection_ends_when_its_life_is_over(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket("/public/ws")
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE

    run_scenario(serve, scenario, socket_life_s=0.01)


def test_the_websocket_api_trades_like_rest(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket("/ws-fapi/v1")
        fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
        placed = await call(socket, "order.place", price="59990.0", **fields)
        assert (placed["id"], placed["status"], placed["result"]["status"]) == ("7", 200, "NEW")
        counts = [(limit["rateLimitType"], limit["intervalNum"], limit["count"]) for limit in placed["rateLimits"]]
        assert counts == [("ORDERS", 10, 1), ("ORDERS", 1, 1), ("REQUEST_WEIGHT", 1, 0)]
        order_id = placed["result"]["orderId"]
        amended = await call(
            socket,
            "order.modify",
            symbol="BTCUSDT",
            side="BUY",
            quantity="0.020",
            price="59990.0",
            orderId=order_id,
        )
        assert amended["result"]["origQty"] == "0.020"
        status = await call(socket, "order.status", symbol="BTCUSDT", orderId=order_id)
        assert status["result"]["origQty"] == "0.020"
        gone = await call(socket, "order.cancel", symbol="BTCUSDT", orderId=order_id)
        assert gone["result"]["status"] == "CANCELED"
        again = await call(socket, "order.cancel", symbol="BTCUSDT", orderId=order_id)
        assert (again["status"], again["error"]["code"]) == (400, -2011)
        stop = await call(socket, "order.place", **fields | {"type": "STOP_MARKET"})
        assert stop["error"]["code"] == -4120
        balance = await call(socket, "v2/account.balance")
        assert balance["result"][0]["balance"] == "100000.00000000"
        depth = await call(socket, "depth", signed=False, symbol="BTCUSDT", limit=5)
        assert len(depth["result"]["bids"]) == 5
        unknown = await call(socket, "order.dance")
        assert unknown["error"]["code"] == -1000

    run_scenario(serve, scenario)


def test_a_session_logs_on_with_an_ed25519_key_only(serve: Serve) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    kind, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    public = private.public_key().public_bytes(kind, form).decode()
    keys = (Credential("paper", KEY, SECRET), Credential("signer", "ed-key", ed25519_public_key=public))

    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket("/ws-fapi/v1")
        refused = await call(socket, "session.logon")
        assert refused["status"] == 401
        params = {"apiKey": "ed-key", "timestamp": str(time.time_ns() // 1_000_000)}
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        params["signature"] = base64.b64encode(private.sign(text.encode())).decode()
        await socket.send_json({"id": 1, "method": "session.logon", "params": params})
        assert (await event(socket))["result"]["apiKey"] == "ed-key"
        stamp = {"timestamp": time.time_ns() // 1_000_000}
        await socket.send_json({"id": 2, "method": "v2/account.balance", "params": stamp})
        assert (await event(socket))["result"][0]["accountAlias"] == "sign"
        forged = base64.b64encode(b"x" * 64).decode()
        await socket.send_json({"id": 3, "method": "session.logon", "params": params | {"signature": forged}})
        assert (await event(socket))["error"]["code"] == -1022

    run_scenario(serve, scenario, credentials=keys)


def test_an_order_arrives_after_its_latency_and_matches_the_book_of_that_time(serve: Serve) -> None:
    way = Distribution(((0, 500_000_000), (1_000_000, 500_000_000)))

    async def scenario(client: HttpClient, running: Running) -> None:
        sent_ms = running.venue.now_ms
        reply = await client.market()
        assert reply.body["updateTime"] == sent_ms + 500
        assert running.venue.now_ms == sent_ms + 1_000
        assert running.venue.engine.lines > 10

    run_scenario(serve, scenario, inbound=way, outbound=way)


def test_a_held_tape_gives_the_same_fills_twice_over_real_sockets(serve: Serve) -> None:
    outcomes = []

    async def scenario(client: HttpClient, running: Running) -> None:
        for price in range(20):
            running.play(20)
            await client.order(
                side="BUY" if price % 2 else "SELL", price=f"{59_999 + price / 10:.1f}", quantity="0.100"
            )
        running.play(400)
        outcomes.append(json.dumps((await client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")).body))

    for seed in (3, 3, 4):
        run_scenario(serve, scenario, seed=seed, inbound=ASSUMED, outbound=ASSUMED)
    assert outcomes[0] == outcomes[1]
    assert outcomes[0] != outcomes[2]
    assert parse(json.loads(outcomes[0])[0]["qty"]) > 0


def test_two_sockets_of_one_account_receive_the_same_events(serve: Serve) -> None:
    async def scenario(client: HttpClient, running: Running) -> None:
        key = await client.listen_key()
        first = await client.socket(f"/private/ws?listenKey={key}")
        second = await client.socket("/private/stream")
        await subscribe(second, key)
        await client.order()
        assert (await event(second))["stream"] == key
        assert (await event(first))["e"] == "ORDER_TRADE_UPDATE"

    run_scenario(serve, scenario)
