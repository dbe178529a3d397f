"""A WebSocket of aiohttp: queues what the venue sends, and writes it."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from live.simulator.outputs import ABNORMAL, Closed, Frame
from live.wire import Opcode

MAX_QUEUED_FRAMES = 20_000
DRAINED_FRAMES = 2_000
DRAIN_TIMEOUT_S = 10.0
_GOING_AWAY = 1001
_TYPES = {Opcode.TEXT: WSMsgType.TEXT, Opcode.PING: WSMsgType.PING, Opcode.PONG: WSMsgType.PONG}


@dataclass(eq=False)
class Socket:
    """A WebSocket with its own queue and writer, so that a slow client does not delay others.

    A client that does not read is disconnected, as at Binance. opened: True once the venue accepted the handshake.
    """

    request: web.BaseRequest
    ws: web.WebSocketResponse
    opened: asyncio.Future[bool]
    ending: bool = False
    _waiting: deque[Frame | Closed] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._ready, self._drained = asyncio.Event(), asyncio.Event()
        self._drained.set()

    def push(self, output: Frame | Closed) -> None:
        """Queue a message, or the end of the connection; never waits."""
        if isinstance(output, Closed) and not self.opened.done():
            self.opened.set_result(False)
        self._waiting.append(output)
        self._ready.set()
        if len(self._waiting) > MAX_QUEUED_FRAMES:
            self.disconnect()
        elif len(self._waiting) > DRAINED_FRAMES:
            self._drained.clear()

    def accept(self) -> None:
        """The venue has accepted the handshake."""
        if not self.opened.done():
            self.opened.set_result(True)

    def disconnect(self) -> None:
        """Abort the connection without a close frame."""
        self.ending = True
        self._ready.set()
        self._drained.set()
        if self.request.transport:
            self.request.transport.abort()

    async def go_away(self) -> None:
        """The server stops: close the connection, or break off a handshake that was not answered."""
        if self.ws.prepared:
            await self.ws.close(code=_GOING_AWAY, message=b"Server shutdown")
        else:
            self.disconnect()

    async def write(self) -> None:
        """Send what is queued until the socket closes."""
        with suppress(ConnectionError, RuntimeError):
            while not (self.ending or self.ws.closed):
                await self._ready.wait()
                self._ready.clear()
                while self._waiting and not self.ending:
                    await self._write(self._waiting.popleft())
                    if len(self._waiting) < DRAINED_FRAMES:
                        self._drained.set()
            return
        self.disconnect()

    async def _write(self, output: Frame | Closed) -> None:
        if isinstance(output, Frame):
            await self.ws.send_frame(output.data, _TYPES[output.opcode])
        elif output.code != ABNORMAL:
            self.ending = True
            await self.ws.close(code=output.code, message=output.reason.encode())
        elif output.partial:
            self._tear(output.partial)
        else:
            self.disconnect()

    def _tear(self, partial: bytes) -> None:
        """Send a part of a frame and close the connection."""
        self.ending = True
        if self.request.transport:
            self.request.transport.write(_part_of_a_frame(partial))
            self.request.transport.close()

    async def wait_for_drain(self) -> None:
        """Wait until few frames are queued; disconnect the client on timeout."""
        if self._drained.is_set() or self.ending:
            return
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                await self._drained.wait()
        except TimeoutError:
            self.disconnect()


def _part_of_a_frame(part: bytes) -> bytes:
    """Header of a text frame twice as long as `part`, and `part` (RFC 6455, section 5.2)."""
    length = min(2 * len(part), 65_535)
    header = b"\x81" + (bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2, "big"))
    return header + part[: max(1, length // 2)]
