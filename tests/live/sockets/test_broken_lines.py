"""Bytes and lines that break: a request ends without an answer, was written once, and others go on."""

import asyncio
import socket

import pytest

from live.client.wire import TIMEOUT_NS, S
from live.sockets.clock import FROZEN_NS
from live.sockets.http.messages import MAX_BODY_BYTES
from live.sockets.http.pool import CONNECTIONS, KEPT_FOR_ORDERS
from live.sockets.loop_wire import SocketWire
from live.wire import HttpRequest, HttpResponse
from tests.live.sockets.wires import OK, SPEED, BareServer, MovedClock, bytes_waiting, run_with_server

ORDER = HttpRequest("POST", "/fapi/v1/order", {}, b"symbol=BTCUSDT")
READ = HttpRequest("GET", "/fapi/v1/time")
Answer = asyncio.Future[HttpResponse | None]


def send(wire: SocketWire, request: HttpRequest = ORDER) -> Answer:
    """Send a request; its answer."""
    answer: Answer = asyncio.get_running_loop().create_future()
    wire.request(request, answer.set_result)
    return answer


def carrier_of(connections: list[socket.socket]) -> socket.socket:
    """The connection that has just received a request."""
    found = bytes_waiting(connections)
    (carrier,) = [connection for connection, data in zip(connections, found, strict=True) if data]
    return carrier


@pytest.mark.parametrize(
    "reply",
    [
        b"nonsense\r\n\r\n",
        b"\x00\xff" * 100,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (MAX_BODY_BYTES + 1, b"x" * (MAX_BODY_BYTES + 1)),
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        OK + OK,
    ],
    ids=["text", "bytes", "lengths", "negative", "chunk", "long", "head", "two"],
)
def test_what_is_no_answer_ends_its_request_and_its_connection(reply: bytes) -> None:
    async def scenario(wire: SocketWire, server: BareServer) -> None:
        connections = await server.accept_all(wire)
        answer = send(wire)
        carrier = carrier_of(connections)
        await asyncio.get_running_loop().sock_sendall(carrier, reply)
        assert await answer is None
        assert not any(bytes_waiting([one for one in connections if one is not carrier]))
        another = await server.accept()
        assert bytes_waiting([another]) == [b""]

    run_with_server(scenario, MovedClock().clock())


def test_a_connection_that_ends_within_an_answer_ends_its_request_at_once() -> None:
    async def scenario(wire: SocketWire, server: BareServer) -> None:
        connections = await server.accept_all(wire)
        answer = send(wire)
        carrier = carrier_of(connections)
        carrier.send(OK[:-1])
        carrier.close()
        assert await answer is None

    run_with_server(scenario, MovedClock().clock())


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"{}"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"{}"),
    ],
    ids=["close", "until the end", "continue", "chunked"],
)
def test_other_forms_of_an_answer_are_read(reply: bytes, body: bytes) -> None:
    async def scenario(wire: SocketWire, server: BareServer) -> None:
        connections = await server.accept_all(wire)
        answer = send(wire)
        carrier = carrier_of(connections)
        for place in range(len(reply)):
            carrier.send(reply[place : place + 1])
            await asyncio.sleep(0)
        if b"Content-Length" not in reply and b"chunked" not in reply:
            carrier.shutdown(socket.SHUT_WR)
        found = await answer
        assert found is not None
        assert (found.status, found.body) == (200, body)

    run_with_server(scenario, MovedClock().clock())


def test_bytes_that_nobody_asked_for_are_no_answer_to_the_next_request() -> None:
    """A late answer to something else, taken for that of an order, would say that it was filled."""

    async def scenario(wire: SocketWire, server: BareServer) -> None:
        connections = await server.accept_all(wire)
        for connection in connections:
            connection.send(OK)
        fresh = [await server.accept() for _ in range(CONNECTIONS)]
        answer = send(wire)
        while not any(found := bytes_waiting(fresh)):
            await asyncio.sleep(0)
        assert not answer.done()
        fresh[next(place for place, data in enumerate(found) if data)].send(OK)
        assert await answer is not None

    run_with_server(scenario, MovedClock().clock())


def test_on_a_half_open_line_a_request_ends_in_time_and_the_next_one_has_another_line() -> None:
    """The other end takes bytes and says nothing: the connections beside it are as dead."""

    async def scenario(wire: SocketWire, server: BareServer) -> None:
        dead = await server.accept_all(wire)
        loop = asyncio.get_running_loop()
        began_s, answer = loop.time(), send(wire)
        assert carrier_of(dead)
        assert await answer is None
        assert loop.time() - began_s == pytest.approx(TIMEOUT_NS / S, abs=SPEED / 2)
        assert not any(bytes_waiting(dead))
        fresh = [await server.accept() for _ in range(CONNECTIONS)]
        answer = send(wire)
        while not any(found := bytes_waiting(fresh)):
            await asyncio.sleep(0)
        fresh[next(place for place, data in enumerate(found) if data)].send(OK)
        assert await answer is not None

    run_with_server(scenario, MovedClock().clock(), quickly=True)


def test_reads_leave_connections_for_orders_and_orders_go_first() -> None:
    async def scenario(wire: SocketWire, server: BareServer) -> None:
        connections = await server.accept_all(wire)
        reads = [send(wire, READ) for _ in range(CONNECTIONS + 1)]
        assert sum(data.startswith(b"GET") for data in bytes_waiting(connections)) == CONNECTIONS - KEPT_FOR_ORDERS
        orders = [send(wire) for _ in range(KEPT_FOR_ORDERS)]
        found = bytes_waiting(connections)
        assert sum(data.startswith(b"POST") for data in found) == KEPT_FOR_ORDERS
        waiting = send(wire)
        freed = connections[next(place for place, data in enumerate(found) if data)]
        freed.send(OK)
        await orders[0] if orders[0].done() else await asyncio.wait(orders, return_when=asyncio.FIRST_COMPLETED)
        while not (data := bytes_waiting([freed])[0]):
            await asyncio.sleep(0)
        assert data.startswith(b"POST")
        assert not waiting.done()
        assert not any(read.done() for read in reads)

    run_with_server(scenario, MovedClock().clock())


def test_after_a_freeze_nothing_is_written_that_waited() -> None:
    """An order decided before the process was stopped must not leave when it goes on."""
    moved = MovedClock()

    async def scenario(wire: SocketWire, server: BareServer) -> None:
        connections = await server.accept_all(wire)
        written = [send(wire) for _ in range(CONNECTIONS)]
        carriers = bytes_waiting(connections)
        waits = send(wire)
        moved.advance(FROZEN_NS + S)
        connections[0].send(OK)
        found = await asyncio.gather(*written, waits)
        assert carriers.count(b"") == 0
        assert sum(answer is None for answer in found) >= CONNECTIONS
        assert await waits is None
        assert not any(bytes_waiting(connections))
        fresh = [await server.accept() for _ in range(CONNECTIONS)]
        assert not any(bytes_waiting(fresh))
        assert wire.freezes == 1

    run_with_server(scenario, moved.clock())


def test_a_read_that_was_asked_for_before_a_freeze_has_no_answer() -> None:
    """What it says was so before the process was stopped."""
    moved = MovedClock()

    async def scenario(wire: SocketWire, server: BareServer) -> None:
        connections = await server.accept_all(wire)
        answer = send(wire, READ)
        carrier = carrier_of(connections)
        moved.advance(FROZEN_NS + S)
        carrier.send(OK)
        assert await answer is None
        assert wire.freezes == 1

    run_with_server(scenario, moved.clock())


def test_a_request_that_would_hold_another_is_not_written() -> None:
    async def scenario(wire: SocketWire, server: BareServer) -> None:
        for target in ("/fapi/v1/time HTTP/1.1\r\nHost: x\r\n\r\nGET /", "/fapi/v1/time x"):
            with pytest.raises(ValueError, match="line break or space"):
                send(wire, HttpRequest("GET", target))
        with pytest.raises(ValueError, match="line break or space"):
            send(wire, HttpRequest("GET", "/", {"X": "a\r\nY: b"}))

    run_with_server(scenario, MovedClock().clock())
