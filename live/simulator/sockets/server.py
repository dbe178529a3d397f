"""Web server of a venue: REST, streams and the WebSocket API on one port."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web

from live.simulator.http.connections import is_websocket
from live.simulator.outputs import Opened, Output, Response
from live.simulator.settings import SimulatorSettings, Start
from live.simulator.sockets.player import Player
from live.simulator.sockets.protocol import MAX_BODY_BYTES, MAX_LINE_BYTES, HttpServer, answer_of, too_large
from live.simulator.sockets.socket import Socket
from live.simulator.tape_source import Played
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest, HttpResponse, Opcode
from skills_lib.domain.errors import InputError

_OPCODES = {WSMsgType.TEXT: Opcode.TEXT, WSMsgType.PING: Opcode.PING, WSMsgType.PONG: Opcode.PONG}


class Server:
    """Passes what clients send to the venue, and what the venue puts out to the clients."""

    def __init__(self, settings: SimulatorSettings, tape: Iterator[Played]) -> None:
        self.venue = LocalVenue(settings, tape, time.time_ns)
        self.player = Player(self.venue, self.dispatch, self._wait_for_drain)
        self.playing: asyncio.Task[None] | None = None
        self.sockets: dict[int, Socket] = {}
        self._responses: dict[int, asyncio.Future[HttpResponse | None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        if settings.start is Start.NOW:
            self.player.start_tape()
        elif settings.start is Start.FIRST_STREAM:
            self.venue.hub.on_first = self._start_once

    def http(self) -> HttpServer:
        """The server of HTTP connections."""
        return HttpServer(self.handle, access_log=None, max_line_size=MAX_LINE_BYTES, max_field_size=MAX_LINE_BYTES)

    def start(self) -> None:
        """Start to move time."""
        self.playing = asyncio.ensure_future(self.player.run())
        self._tasks = [self.playing, asyncio.ensure_future(self.player.run_clocked())]

    async def stop(self) -> None:
        """Stop all tasks, close sockets and save the state."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for waiting in list(self._responses.values()):
            if not waiting.done():
                waiting.set_result(None)  # whoever still waits sees the connection break
        for socket in list(self.sockets.values()):
            await socket.go_away()
        self.venue.save()

    def dispatch(self, outputs: list[Output]) -> None:
        """Hand the venue's outputs to the requests and sockets they belong to."""
        for output in outputs:
            if isinstance(output, Response):
                waiting = self._responses.pop(output.request, None)
                if waiting and not waiting.done():
                    waiting.set_result(output.response)
            elif socket := self.sockets.get(output.connection):
                if isinstance(output, Opened):
                    socket.accept()
                else:
                    socket.push(output)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one request or one WebSocket."""
        ws = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=MAX_BODY_BYTES)
        if is_websocket(request.path) and ws.can_prepare(request):
            return await self._serve_socket(request, ws)
        return await self._answer(request)

    async def _answer(self, incoming: web.BaseRequest) -> web.Response:
        try:
            body = await incoming.read()
        except web.HTTPRequestEntityTooLarge:
            return answer_of(too_large())
        sent = HttpRequest(
            incoming.method, incoming.raw_path, dict(incoming.headers), body, address=incoming.remote or ""
        )
        self._called()
        self.player.catch_up()
        number = self.venue.request(sent)
        waiting = self._responses[number] = asyncio.get_running_loop().create_future()
        self.player.wake()
        try:
            response = await waiting
        finally:
            self._responses.pop(number, None)
        if response is None:
            if incoming.transport:
                incoming.transport.abort()
            return web.Response()
        return web.Response(body=response.body, status=response.status, headers=response.headers)

    async def _serve_socket(self, request: web.BaseRequest, ws: web.WebSocketResponse) -> web.StreamResponse:
        self._called()
        self.player.catch_up()
        number = self.venue.connect(request.raw_path, request.remote or "")
        socket = self.sockets[number] = Socket(request, ws, asyncio.get_running_loop().create_future())
        self.player.wake()
        try:
            if not await socket.opened:
                socket.disconnect()
                return ws
            await ws.prepare(request)
            await self._exchange_messages(number, socket)
        except ConnectionResetError:
            pass  # the client went while its WebSocket was being opened
        finally:
            self.sockets.pop(number, None)
            self.venue.close(number)
            self.player.wake()
        return ws

    async def _exchange_messages(self, number: int, socket: Socket) -> None:
        writing = asyncio.ensure_future(socket.write())
        try:
            async for message in socket.ws:
                if message.type in _OPCODES:
                    data = message.data.encode() if isinstance(message.data, str) else message.data
                    self.player.catch_up()
                    self.venue.send(number, data, _OPCODES[message.type])
                    self.player.wake()
        finally:
            writing.cancel()

    def _called(self) -> None:
        """A client has called."""
        if self.venue.settings.start is Start.FIRST_REQUEST:
            self._start_once()

    def _start_once(self) -> None:
        if self.player.held:
            self.player.start_tape()

    async def _wait_for_drain(self) -> None:
        for socket in list(self.sockets.values()):
            await socket.wait_for_drain()


@asynccontextmanager
async def serving(
    server: Server, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve until the block ends; yields `host:port`, with a free port if `port` is 0. tls: by TLS only.

    Raises:
        InputError: the port is in use.
    """
    runner = web.ServerRunner(server.http(), shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise InputError(f"Port {port} of {host} is not free ({error.strerror}). Choose another with --port.") from None
    server.start()
    try:
        yield f"{host}:{runner.addresses[0][1]}"
    finally:
        await server.stop()
        await runner.cleanup()
