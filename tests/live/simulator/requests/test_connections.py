"""What the server's HTTP layer refuses, as raw bytes over a socket: it answers in the venue's form. And its end."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from live.simulator.latency import Distribution
from live.simulator.settings import Start
from tests.live.conftest import Running, Serve

HEAD = b"GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n"


async def exchange(running: Running, request: bytes) -> tuple[int, Any]:
    """Send bytes and read one response: status and decoded body."""
    host, port = running.host.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length"))
        assert "content-type: application/json" in head.lower()
        return int(head.split()[1]), json.loads(await reader.readexactly(int(length)))
    finally:
        writer.close()


def answer_to(serve: Serve, request: bytes) -> tuple[int, Any]:
    async def run() -> tuple[int, Any]:
        async with serve() as running:
            return await asyncio.wait_for(exchange(running, request), 20)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00\xff\x00\xff\r\n\r\n",
        HEAD + b"no colon\r\n\r\n",
        HEAD + b"Bad\x00Name: 1\r\n\r\n",
        b"GET /fapi/v1/ping\xff HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_what_is_not_http_is_answered_with_a_code(serve: Serve, request_: bytes) -> None:
    status, body = answer_to(serve, request_)
    assert (status, set(body), body["code"]) == (400, {"code", "msg"}, -1000)


def test_a_query_of_half_a_megabyte_reaches_the_exchange(serve: Serve) -> None:
    request = HEAD.replace(b"ping", b"trades?symbol=BTCUSDT&limit=" + b"9" * 500_000)
    assert answer_to(serve, request + b"\r\n")[1]["code"] == -1130


def test_a_body_of_more_than_a_megabyte_is_refused(serve: Serve) -> None:
    size = (1 << 20) + 1
    head = b"POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    assert answer_to(serve, head + b"a" * size) == (
        413,
        {"code": -1130, "msg": "Data sent for parameter 'body' is not valid."},
    )


@pytest.mark.parametrize("target", [b"/%ff%00", b"/../../x", b"//fapi", b"/fapi/v1/order%2f", b"/ws/x%ff", b"/"])
def test_a_path_that_is_nothing_is_named_as_invalid(serve: Serve, target: bytes) -> None:
    status, body = answer_to(serve, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (status, body["code"]) == (404, -5000)


def test_the_exchange_stops_while_a_handshake_waits_for_it(serve: Serve) -> None:
    minute_ns = 60 * 10**9
    late = Distribution(((0, minute_ns), (1_000_000, minute_ns)))

    async def run() -> None:
        async with aiohttp.ClientSession() as client:
            async with serve(start=Start.NOW, speed=1, inbound=late) as running:
                opening = asyncio.ensure_future(client.ws_connect(f"ws://{running.host}/ws/btcusdt@bookTicker"))
                while not running.server.sockets:
                    await asyncio.sleep(0.001)
            with pytest.raises(aiohttp.ClientError):
                await opening

    asyncio.run(asyncio.wait_for(run(), 20))
