"""Requests and streams of a client over real sockets on loopback, against the local exchange and its faults."""

import asyncio
import json
from dataclasses import replace

from live.client.wire import S
from live.sockets.clock import FROZEN_NS
from live.sockets.endpoints import TradingVenue, VenueAddress
from live.sockets.loop_wire import SocketWire
from live.wire import HttpRequest, HttpResponse
from tests.live.conftest import Running, Serve
from tests.live.sockets.wires import TIMEOUT_S, BareServer, Client, Listening, MovedClock, bytes_waiting, run_client

DIFFS = "/public/stream?streams=btcusdt@depth@100ms"
ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.010",
    "price": "50000.0",
}


def raises(error: Exception) -> None:
    raise error


def test_requests_are_answered_over_connections_that_stay_open(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        for number in range(8):
            answer = await client.send(client.signed("POST", "/fapi/v1/order", **ORDER, newClientOrderId=f"a{number}"))
            assert answer is not None
            assert answer.status == 200, answer.body
        listed = await client.send(client.signed("GET", "/fapi/v1/openOrders", symbol="BTCUSDT"))
        assert listed is not None
        assert {row["clientOrderId"] for row in json.loads(listed.body)} == {f"a{number}" for number in range(8)}
        assert client.errors == []

    run_client(serve, scenario)


def test_requests_of_the_wallet_go_to_its_own_host_whose_weight_is_its_own(serve: Serve) -> None:
    """On mainnet `/sapi` is at another host than `/fapi`; here the two are two exchanges."""
    rights = "/sapi/v1/account/apiRestrictions"

    async def scenario() -> None:
        errors: list[Exception] = []
        async with serve() as futures, serve() as wallet:
            address = VenueAddress.of(TradingVenue.SIMULATOR, futures.host)
            async with SocketWire(replace(address, wallet=f"http://{wallet.host}"), errors.append) as wire:
                client = Client(wire, errors)
                for path in ("/fapi/v3/balance", rights):
                    answer = await client.send(client.signed("GET", path))
                    assert answer is not None
                    assert answer.status == 200, answer.body
                used = [
                    one.venue.gateway.limits.used("127.0.0.1", one.venue.gateway.clock.now_ms())
                    for one in (futures, wallet)
                ]
                assert used == [5, 1]
                wire.weights.observe(HttpResponse(418, b"", {"Retry-After": "60"}))
                waits, goes = await client.get("/fapi/v1/time"), await client.send(client.signed("GET", rights))
                assert waits is not None
                assert goes is not None
                assert (waits.status, goes.status) == (429, 200)
        assert errors == []

    asyncio.run(asyncio.wait_for(scenario(), TIMEOUT_S))


def test_a_request_is_on_the_socket_before_the_call_returns() -> None:
    """The loop does not run between the call and the look at the other end."""

    async def scenario() -> None:
        server, answers = BareServer(), list[HttpResponse | None]()
        async with SocketWire(server.address, raises) as wire:
            accepted = await server.accept_all(wire)
            wire.request(HttpRequest("POST", "/fapi/v1/order", {}, b"symbol=BTCUSDT"), answers.append)
            (request,) = filter(None, bytes_waiting(accepted))
            assert request.startswith(b"POST /fapi/v1/order HTTP/1.1\r\nHost: 127.0.0.1:")
            assert request.endswith(b"\r\nContent-Length: 14\r\n\r\nsymbol=BTCUSDT")
        server.close()

    asyncio.run(asyncio.wait_for(scenario(), TIMEOUT_S))


def test_more_requests_than_connections_are_all_answered(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        answers = await asyncio.gather(*(client.get("/fapi/v1/time") for _ in range(40)))
        assert all(answer is not None and answer.status == 200 for answer in answers)

    run_client(serve, scenario)


def test_a_stream_opens_brings_frames_and_closes(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        listener = Listening()
        number = client.wire.connect(DIFFS, listener)
        assert await listener.given.get() == "opened"
        running.play(60)
        frame = await listener.given.get()
        assert isinstance(frame, bytes)
        assert json.loads(frame)["stream"] == "btcusdt@depth@100ms"
        client.wire.close(number)
        running.play(60)
        await client.ready()
        assert not any(kind == "closed" for kind in listener.given._queue)  # type: ignore[attr-defined]

    run_client(serve, scenario)


def test_a_stream_that_cannot_be_opened_is_one_that_closes(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        listener = Listening()
        client.wire.connect("/nowhere", listener)
        assert await listener.given.get() == "closed"

    run_client(serve, scenario)


def test_a_request_whose_connection_breaks_is_answered_with_nothing_and_sent_once(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        await client.ready()
        answer = await client.send(client.signed("POST", "/fapi/v1/order", **ORDER, newClientOrderId="once"))
        assert answer is None
        found = await client.send(client.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT"))
        assert found is not None
        assert [row["clientOrderId"] for row in json.loads(found.body)] == ["once"]

    lost = {"kind": "lose_response", "method": "POST", "path": "/fapi/v1/order"}
    run_client(serve, scenario, faults=[lost])


def test_after_a_freeze_streams_are_closed_before_a_frame_is_handed_on(serve: Serve) -> None:
    moved = MovedClock()

    async def scenario(client: Client, running: Running) -> None:
        listener = Listening()
        client.wire.connect(DIFFS, listener)
        assert await listener.given.get() == "opened"
        moved.advance(FROZEN_NS + S)
        running.play(60)
        assert await listener.given.get() == "closed"
        assert client.wire.freezes == 1
        assert await client.get("/fapi/v1/time") is not None
        assert listener.given.empty()

    run_client(serve, scenario, moved.clock())


def test_an_error_of_the_client_is_reported_and_the_wire_goes_on(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        def fail(_: object) -> None:
            raise RuntimeError("the journal is full")

        client.wire.request(HttpRequest("GET", "/fapi/v1/time"), fail)
        client.wire.later(0, lambda: fail(None))
        while len(client.errors) < 2:
            await client.ready()
        assert {str(error) for error in client.errors} == {"the journal is full"}

    run_client(serve, scenario)
