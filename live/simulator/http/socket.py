"""A client's stream socket: queues outgoing frames and applies faults to them."""

import asyncio
import re
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from live.simulator.faults import Faults, FrameFault
from live.simulator.faults.kinds.frames import Delay
from live.simulator.streams.names import Route

MAX_QUEUED_FRAMES = 20_000
DRAINED_FRAMES = 2_000
DRAIN_TIMEOUT_S = 10.0
_PREVIOUS = re.compile(rb'"pu":(\d+)')


@dataclass(eq=False)
class Socket:
    """A WebSocket with its own queue and writer, so that a slow client does not delay others.

    A client that does not read is disconnected, as at Binance. A frozen socket sends nothing, not even pongs.
    """

    ws: web.WebSocketResponse
    request: web.Request
    faults: Faults
    route: Route = Route.ANY
    combined: bool = False
    account: str = ""
    listen_key: str = ""
    events: frozenset[str] = frozenset()
    frozen: bool = False
    closing: bool = False
    pong_at: float = 0.0
    sent: int = 0
    _waiting: deque[bytes] = field(default_factory=deque)
    _delayed: list[tuple[int, bytes]] = field(default_factory=list)
    _swapped: bytes | None = None
    _torn: bytes | None = None

    def __post_init__(self) -> None:
        self._ready, self._wait_for_drain = asyncio.Event(), asyncio.Event()
        self._wait_for_drain.set()
        self._now_ms = 0

    def push(self, frame: bytes, stream: str) -> None:
        """Queue a frame of a stream; never waits."""
        if self.frozen or self.closing or self._torn is not None:
            return
        fault = self.faults.on_frame(stream)
        if fault is None:
            self._queue(frame)
        else:
            self._apply_frame_fault(fault, frame)

    def _apply_frame_fault(self, fault: FrameFault, frame: bytes) -> None:
        match fault.kind:
            case "delay" if isinstance(fault, Delay):
                self._delayed.append((self._now_ms + fault.delay_ms, frame))
            case "duplicate":
                self._queue(frame)
                self._queue(frame)
            case "reorder":
                self._swapped = frame
            case "gap_pu":
                self._queue(_PREVIOUS.sub(lambda found: b'"pu":%d' % (int(found[1]) + 1), frame, count=1))
            case "freeze":
                self.frozen = True
            case "cut":
                self._torn = frame
                self._ready.set()

    def _queue(self, frame: bytes) -> None:
        self._waiting.append(frame)
        if self._swapped is not None:
            late, self._swapped = self._swapped, None
            self._waiting.append(late)
        if len(self._waiting) > MAX_QUEUED_FRAMES:
            self.disconnect()
        if len(self._waiting) > DRAINED_FRAMES:
            self._wait_for_drain.clear()
        self._ready.set()

    def on_time(self, now_ms: int) -> None:
        """Queue the frames whose delay has passed."""
        self._now_ms = now_ms
        due = [frame for due_ms, frame in self._delayed if due_ms <= now_ms]
        self._delayed = [entry for entry in self._delayed if entry[0] > now_ms]
        for frame in due:
            self._queue(frame)

    def disconnect(self) -> None:
        """Abort the connection without a close frame."""
        self.closing = True
        self._ready.set()
        self._wait_for_drain.set()
        if self.request.transport:
            self.request.transport.abort()

    def _tear(self, frame: bytes) -> None:
        """Send half of a frame and close the connection."""
        self.closing = True
        if self.request.transport:
            self.request.transport.write(_half_of_a_frame(frame))
            self.request.transport.close()

    async def write(self) -> None:
        """Send queued frames until the socket closes."""
        while not (self.closing or self.ws.closed):
            await self._ready.wait()
            self._ready.clear()
            while self._waiting and not self.closing:
                try:
                    await self.ws.send_frame(self._waiting.popleft(), web.WSMsgType.TEXT)
                except (ConnectionError, RuntimeError):
                    self.disconnect()
                    return
                self.sent += 1
                if len(self._waiting) < DRAINED_FRAMES:
                    self._wait_for_drain.set()
            if self._torn is not None and not self.closing:
                self._tear(self._torn)

    async def wait_for_drain(self) -> None:
        """Wait until few frames are queued; disconnect the client on timeout."""
        if self._wait_for_drain.is_set() or self.frozen or self.closing:
            return
        try:
            await asyncio.wait_for(self._wait_for_drain.wait(), DRAIN_TIMEOUT_S)
        except TimeoutError:
            self.disconnect()


def _half_of_a_frame(payload: bytes) -> bytes:
    """Header and first half of an unfragmented text frame (RFC 6455, section 5.2)."""
    length = len(payload)
    header = b"\x81" + (bytes([length]) if length < 126 else b"\x7e" + min(length, 65_535).to_bytes(2, "big"))
    return header + payload[: max(1, min(length, 65_535) // 2)]
