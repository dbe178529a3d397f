"""Web server of the simulator: REST, streams and the WebSocket API on one port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import WSMsgType, web

from live.simulator.http.websocket_api import Session
from live.simulator.simulator import Simulator
from live.simulator.streams.hub import encode
from skills_lib.domain.errors import InputError

_MAX_BODY_BYTES = 1 << 20


def application(simulator: Simulator) -> web.Application:
    """The aiohttp application with routes for streams, WebSocket API and REST."""
    app = web.Application(client_max_size=_MAX_BODY_BYTES)

    async def serve_api(request: web.Request) -> web.WebSocketResponse:
        return await _serve_api(simulator, request)

    app.router.add_get("/ws-fapi/v1", serve_api)
    for route in ("", "/public", "/market", "/private"):
        for path in ("/ws", "/ws/{streams:.*}", "/stream"):
            app.router.add_get(route + path, simulator.sockets.handle)
    app.router.add_route("*", "/{path:.*}", simulator.rest.handle)
    return app


async def _serve_api(simulator: Simulator, request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse(max_msg_size=_MAX_BODY_BYTES)
    await ws.prepare(request)
    session = Session(simulator.gateway, request.remote or "", simulator.faults)
    running: set[asyncio.Task[None]] = set()
    async for message in ws:
        if message.type is WSMsgType.TEXT:
            task = asyncio.ensure_future(_answer(ws, request, session, message.data))
            running.add(task)
            task.add_done_callback(running.discard)
    for task in running:
        task.cancel()
    return ws


async def _answer(ws: web.WebSocketResponse, request: web.Request, session: Session, text: str) -> None:
    answer = await session.answer(text)
    if answer is None:
        if request.transport:
            request.transport.abort()
        return
    with suppress(ConnectionError, RuntimeError):
        await ws.send_frame(encode(answer), WSMsgType.TEXT)


@asynccontextmanager
async def serving(simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve until the block ends; yields `host:port`, with a free port if `port` is 0.

    Raises:
        InputError: the port is in use, or the tape has no usable snapshot.
    """
    simulator.prime()
    runner = web.AppRunner(application(simulator), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise InputError(f"Port {port} of {host} is not free ({error.strerror}). Choose another with --port.") from None
    simulator.start()
    try:
        yield f"{host}:{runner.addresses[0][1]}"
    finally:
        await simulator.stop()
        await runner.cleanup()
