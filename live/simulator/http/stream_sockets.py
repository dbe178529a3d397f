"""Sockets of market and user streams: paths, subscriptions, keep-alive and user events."""

import asyncio
import json
import time
from collections import deque
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from live.simulator.core.events import Event
from live.simulator.faults import Faults
from live.simulator.http.gateway import Gateway
from live.simulator.http.socket import Socket
from live.simulator.streams import user_frames
from live.simulator.streams.hub import MAX_STREAMS, Hub, encode
from live.simulator.streams.names import Route

PING_S = 180.0
PONG_WITHIN_S = 600.0
LIFE_S = 24 * 3600.0
MAX_MESSAGES_PER_SECOND = 10
USER = "user"


class StreamSockets:
    """All open sockets. Each is closed after `life_s` seconds."""

    def __init__(self, gateway: Gateway, hub: Hub, faults: Faults, life_s: float = LIFE_S) -> None:
        self.gateway, self.hub, self.faults, self.life_s = gateway, hub, faults, life_s
        self.open: list[Socket] = []

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one socket until it closes."""
        ws = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=1 << 20)
        await ws.prepare(request)
        socket = Socket(ws, request, self.faults, *_route(request.path))
        socket.on_time(self.gateway.venue.now_ms)
        self.open.append(socket)
        self._subscribe(socket, _streams_of_path(request))
        allowed = request.query.get("events", "")
        socket.events = frozenset(allowed.split("/")) if allowed else frozenset()
        tasks = [asyncio.ensure_future(socket.write()), asyncio.ensure_future(self._keep_alive(socket))]
        try:
            await self._listen(socket)
        finally:
            for task in tasks:
                task.cancel()
            self.hub.remove(socket)
            self.open.remove(socket)
        return ws

    async def _keep_alive(self, socket: Socket) -> None:
        """Ping every three minutes; close after `life_s`, or after ten minutes without a pong."""
        socket.pong_at = time.monotonic()
        ends = socket.pong_at + self.life_s
        while (left := ends - time.monotonic()) > 0 and time.monotonic() - socket.pong_at < PONG_WITHIN_S:
            await asyncio.sleep(min(PING_S, left))
            if not socket.frozen:
                with suppress(ConnectionError):
                    await socket.ws.ping()
        await socket.ws.close(code=1008, message=b"Disconnected")

    async def _listen(self, socket: Socket) -> None:
        times: deque[float] = deque(maxlen=MAX_MESSAGES_PER_SECOND + 1)
        async for message in socket.ws:
            times.append(time.monotonic())
            if len(times) > MAX_MESSAGES_PER_SECOND and times[-1] - times[0] < 1.0:
                await socket.ws.close(code=1008, message=b"Too many requests")
                return
            if message.type is WSMsgType.PING and not socket.frozen:
                await socket.ws.pong(message.data)
            elif message.type is WSMsgType.PONG:
                socket.pong_at = time.monotonic()
            elif message.type is WSMsgType.TEXT:
                socket.push(encode(self._answer(socket, message.data)), "answer")

    def _answer(self, socket: Socket, text: str) -> dict[str, Any]:
        try:
            request = json.loads(text)
            number, method, params = request.get("id"), request["method"], request.get("params") or []
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            return {"code": 2, "msg": f"Invalid request: {type(error).__name__}"}
        try:
            return {"result": self._carry_out(socket, method, params), "id": number}
        except ValueError as error:
            return {"error": {"code": 2, "msg": f"Invalid request: {error}"}, "id": number}

    def _carry_out(self, socket: Socket, method: str, params: Any) -> list[str] | None:
        if not (isinstance(params, list) and all(isinstance(name, str) for name in params)):
            raise ValueError("params must be an array of strings")
        if method == "LIST_SUBSCRIPTIONS":
            return self.hub.subscriptions(socket)
        if method == "SUBSCRIBE" and len(self.hub.subscriptions(socket)) + len(params) > MAX_STREAMS:
            raise ValueError(f"at most {MAX_STREAMS} streams on one connection")
        if method == "SUBSCRIBE":
            self._subscribe(socket, params)
        elif method == "UNSUBSCRIBE":
            self.hub.unsubscribe(socket, params)
        else:
            raise ValueError(f"unknown method {method}")
        return None

    def _subscribe(self, socket: Socket, names: list[str]) -> None:
        """Subscribe to market streams; a listen key subscribes to its account's user stream."""
        keys = [name for name in names if self.gateway.listen_keys.owner(name)]
        for key in keys:
            if socket.route in (Route.PRIVATE, Route.ANY):
                socket.account, socket.listen_key = self.gateway.listen_keys.owner(key) or "", key
        self.hub.subscribe(socket, names)

    def send_event(self, account: str, event: Event) -> None:
        """Send an event to the account's user streams with a valid listen key."""
        alive = self.gateway.listen_keys.owner
        receivers = [socket for socket in self.open if socket.account == account and alive(socket.listen_key)]
        if not receivers:
            return
        rules = self.gateway.venue.feed.listed
        for frame in user_frames.frames(event, rules):
            self._push(receivers, frame)

    def _push(self, sockets: list[Socket], frame: dict[str, Any]) -> None:
        data = encode(frame)
        for socket in sockets:
            if not socket.events or frame["e"] in socket.events:
                wrapped = b'{"stream":"%s","data":%s}' % (socket.listen_key.encode(), data)
                socket.push(wrapped if socket.combined else data, USER)

    def expire(self, account: str, key: str) -> None:
        """Send listenKeyExpired and stop sending the account's events."""
        receivers = [socket for socket in self.open if socket.account == account]
        self._push(receivers, user_frames.listen_key_expired(key, self.gateway.venue.now_ms))
        for socket in receivers:
            socket.account = ""

    def on_time(self, now_ms: int) -> None:
        """Queue frames whose fault delay has passed."""
        for socket in self.open:
            socket.on_time(now_ms)

    async def wait_for_drain(self) -> None:
        """Wait until every client has read its frames."""
        for socket in list(self.open):
            await socket.wait_for_drain()

    async def close(self) -> None:
        """Close every socket."""
        for socket in list(self.open):
            await socket.ws.close(code=1001, message=b"Server shutdown")


def _route(path: str) -> tuple[Route, bool]:
    """The route, and whether frames are wrapped with their stream name."""
    parts = path.strip("/").split("/")
    route = Route(parts[0]) if parts[0] in ("public", "market", "private") else Route.ANY
    return route, "stream" in parts[:2]


def _streams_of_path(request: web.Request) -> list[str]:
    """Streams of `/ws/a/b`, `?streams=a/b` or `?listenKey=`, without the counter that ccxt appends to the path."""
    path = request.path.strip("/").split("/")
    tail = path[path.index("ws") + 1 :] if "ws" in path else []
    query = request.query.get("streams", "")
    named = [*tail, *query.split("/"), request.query.get("listenKey", "")]
    return [name for name in named if name and not name.isdigit()]
