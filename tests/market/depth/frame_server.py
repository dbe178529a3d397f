"""A venue on the loopback interface that plays a recording: real sockets, real frames, snapshots of its own book."""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Venue
from skills_lib.market.depth.wire import decode

TIMEOUT_S = 20.0


def frames_of(path: Path, max_frames: int) -> Iterator[bytes]:
    """Exact messages of the first `max_frames` lines of a recording."""
    with gzip.open(path) as lines:
        for _, line in zip(range(max_frames), lines, strict=False):
            yield line.split(b" ", 1)[1].rstrip(b"\n")


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it does not.
    """
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.002)


@dataclass
class FrameServer:
    """Frames are sent on request of the test; `book` is the venue's own book."""

    symbol: str
    venue: Venue
    frames: list[bytes]
    requested: list[str] = field(default_factory=list)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    sockets: list[ServerConnection] = field(default_factory=list)
    position: int = 0
    server_time_ms: int = 0
    drops: int = 0  # requests whose connection is closed without an answer
    answers: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.book = LocalBook(self.symbol, self.venue)
        self.lists("TRADING")
        while not self.book.in_sync:
            self._advance()

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> "FrameServer":
        """Start listening."""
        self._server: Server = await serve(
            self._serve, "127.0.0.1", 0, process_request=self._answer, ping_interval=None
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        self._server.close()
        await self._server.wait_closed()

    async def play(self, count: int) -> None:
        """Send the next frames to all clients."""
        for _ in range(count):
            raw = self._advance()
            for socket in list(self.sockets):
                with suppress(ConnectionClosed):
                    await socket.send(raw, text=True)

    def skip(self, count: int) -> None:
        """Apply the next frames without sending them."""
        for _ in range(count):
            self._advance()

    def cut(self) -> None:
        """Abort every connection."""
        for socket in self.sockets:
            socket.transport.abort()
        self.sockets.clear()

    def lists(self, status: str) -> None:
        """Answer requests for `exchangeInfo` with this status of the symbol from now on."""
        listed = {"symbols": [{"symbol": self.symbol, "status": status}]}
        self.answers["exchangeInfo"] = json.dumps(listed).encode()

    def snapshot(self) -> bytes:
        """What the venue answers to `GET /depth` now."""
        top = self.book.book.top_text(1000)
        fields = {"lastUpdateId": self.book.book.update_id, "bids": top.bids, "asks": top.asks}
        return json.dumps(fields).encode()

    def _advance(self) -> bytes:
        raw = self.frames[self.position]
        self.position += 1
        message = decode(raw)
        if isinstance(message, DepthUpdate):
            self.book.receive(message)
        elif isinstance(message, Snapshot):
            self.book.load(message)
            return self._advance()
        return raw

    async def _serve(self, socket: ServerConnection) -> None:
        self.routes.append(socket.request.path if socket.request else "")
        self.sockets.append(socket)
        await socket.wait_closed()
        if socket in self.sockets:
            self.sockets.remove(socket)

    def _answer(self, socket: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" in request.headers:
            return None
        self.requested.append(request.path)
        if self.drops:
            self.drops -= 1
            socket.transport.close()
            return self._response(503, b"")  # never sent
        return self._rest_answer(urlsplit(request.path))

    def _rest_answer(self, address: SplitResult) -> Response:
        if address.path.endswith("/time"):
            return self._response(200, json.dumps({"serverTime": self.server_time_ms}).encode())
        if body := self.answers.get(address.path.rpartition("/")[2]):
            return self._response(200, body)
        if self.refusals:
            status, headers = self.refusals.pop(0)
            return self._response(status, b'{"code":-1003,"msg":"Too many requests"}', headers)
        if parse_qs(address.query)["symbol"] != [self.symbol]:
            return self._response(400, b'{"code":-1121,"msg":"Invalid symbol."}')
        return self._response(200, self.snapshot())

    @staticmethod
    def _response(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
        length = str(len(body))  # websockets closes the connection after each of these answers
        fields = {"Content-Type": "application/json", "Content-Length": length, "Connection": "close"}
        message = Headers(fields | (headers or {}))
        return Response(status, "", message, body)
