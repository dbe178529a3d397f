"""Streams of a client over real sockets: what a reconnect restores, dead lines, and messages without end."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from live.binance.calls import Call
from live.client.market_streams import MarketStreams
from live.client.order_connection import OrderConnection
from live.client.user_stream import UserStream
from live.engine.events import BookChanged, Connection, Event, MarkChanged, StreamKind
from live.sockets.endpoints import TradingVenue, VenueAddress
from live.sockets.loop_wire import SocketWire
from live.sockets.web_sockets import LIMITS
from live.wire import HttpResponse
from tests.live.conftest import Running, Serve
from tests.live.session.clients import open_session
from tests.live.simulator.tapes import write_tape
from tests.live.sockets.test_loop_wire import ORDER
from tests.live.sockets.wires import SPEED, TIMEOUT_S, Client, Listening, MovedClock, run_client, run_loop

SYMBOL = "BTCUSDT"
AFTER_24_HOURS = {"kind": "server_close", "stream": "*", "when": {"at_ms": 10_000}}


async def until(running: Running, condition: Callable[[], bool]) -> None:
    """Play the tape line by line until the client has seen something; requests would use up its weight."""
    while not condition():
        running.play(1)
        await asyncio.sleep(0.001)


def subscribed(running: Running) -> list[str]:
    """What the exchange sends on each open connection: market streams, or the events of an account."""
    hub, connections = running.venue.connections.hub, running.venue.connections.open.values()
    return sorted(one.account or "/".join(sorted(hub.subscriptions(one))) for one in connections)


def test_a_reconnect_restores_what_a_connect_made(serve: Serve, tmp_path: Path) -> None:
    async def scenario(client: Client, running: Running) -> None:
        events: list[Event] = []
        client.wire.emit = events.append
        UserStream(client.wire, client.calls).start()
        MarketStreams(client.wire, [SYMBOL], 5).start()

        def changes(stream: StreamKind) -> list[bool]:
            return [one.up for one in events if isinstance(one, Connection) and one.stream is stream]

        def are(changed: list[bool]) -> bool:
            return changes(StreamKind.MARKET) == changes(StreamKind.USER) == changed

        while len(running.venue.connections.open) < 3:
            await client.ready()
        await until(running, lambda: are([True]))
        before = subscribed(running)
        assert before == ["btcusdt@depth@100ms", "btcusdt@markPrice@1s", "paper"]
        await until(running, lambda: are([True, False, True]))
        assert subscribed(running) == before
        down = events.index(next(one for one in events if isinstance(one, Connection) and not one.up))
        up = max(place for place, one in enumerate(events) if isinstance(one, Connection) and one.up)
        assert any(isinstance(one, MarkChanged) for one in events[down:up])
        await until(running, lambda: isinstance(events[-1], BookChanged) and events[-1].usable)
        assert client.errors == []

    # Longer than the wait for a new snapshot, which takes wall time while the tape is played as fast as it can be.
    tape = write_tape(tmp_path / "btcusdt.ts_jsonl", updates=20_000)
    open_session(streamed=True).session.play()  # compiles the book, which takes so long that the loop would seem frozen
    run_client(serve, scenario, faults=[AFTER_24_HOURS], tape=tape)


def test_orders_go_over_the_websocket_api_and_are_answered_there(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        orders = OrderConnection(client.wire, client.calls)
        orders.start()
        while not orders.up:
            await client.ready()
        for name in ("a", "b"):
            answer: asyncio.Future[HttpResponse | None] = asyncio.get_running_loop().create_future()
            call = Call("POST", "/fapi/v1/order", {**ORDER, "newClientOrderId": name})
            assert orders.send(call, answer.set_result)
            found = await answer
            assert found is not None
            assert json.loads(found.body)["clientOrderId"] == name
        assert not orders.send(Call("GET", "/fapi/v1/openOrders"), answer.set_result)
        assert client.errors == []

    no_rest = {"kind": "answer", "reply": "unknown_503", "method": "POST", "path": "/fapi/v1/order"}
    run_client(serve, scenario, faults=[no_rest])


Serving = Callable[[ServerConnection], Coroutine[Any, Any, None]]
"""Sends a client something, and returns; the connection is held until the client has ended it."""


def listen_to(serving: Serving, given: list[str | bytes]) -> None:
    """What a listener is given by a server that does anything; returns when its connection has ended."""

    async def run() -> None:
        ended = asyncio.Event()

        async def handle(connection: ServerConnection) -> None:
            with suppress(ConnectionClosed):
                await serving(connection)
            await ended.wait()
            connection.transport.abort()

        async with serve(handle, "127.0.0.1", 0, ping_interval=None, max_size=None) as server:
            address = VenueAddress.of(
                TradingVenue.SIMULATOR, f"127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            )
            errors: list[Exception] = []
            async with SocketWire(address, errors.append, MovedClock().clock()) as wire:
                listener = Listening()
                wire.connect("/private/ws?listenKey=k", listener)
                while not given or given[-1] != "closed":
                    given.append(await asyncio.wait_for(listener.given.get(), TIMEOUT_S * SPEED))
            ended.set()
            assert errors == []

    run_loop(run(), quickly=True)


def test_a_line_on_which_packets_vanish_is_a_connection_that_closes() -> None:
    """Nothing ends such a line: no frame comes, and no answer to a ping."""
    given: list[str | bytes] = []

    async def vanish(connection: ServerConnection) -> None:
        connection.transport.pause_reading()

    began_s = time.monotonic()
    listen_to(vanish, given)
    assert given == ["opened", "closed"]
    assert (time.monotonic() - began_s) * SPEED >= LIMITS.ping_after_s


@pytest.mark.parametrize("fragments", [1, 100])
def test_a_message_without_end_closes_its_connection(fragments: int) -> None:
    given: list[str | bytes] = []
    part = b"x" * (LIMITS.message_bytes // fragments + 1)

    async def flood(connection: ServerConnection) -> None:
        await connection.send(iter([part] * (fragments + 1)), text=True)

    listen_to(flood, given)
    assert given == ["opened", "closed"]


def test_a_message_in_fragments_is_handed_on_whole() -> None:
    given: list[str | bytes] = []

    async def send(connection: ServerConnection) -> None:
        await connection.send(iter([b'{"e":', b'"x"', b"}"]), text=True)
        await connection.close()

    listen_to(send, given)
    assert given == ["opened", b'{"e":"x"}', "closed"]
