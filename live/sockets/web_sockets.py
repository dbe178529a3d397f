"""WebSockets of a client, by picows as in the feed; a broken or dead connection is one that closes."""

from collections.abc import Callable
from dataclasses import dataclass

from live.client.wire import Listener
from live.sockets.tasks import OnError, Tasks
from skills_lib.market.depth.feed.socket import FeedSocket, SocketLimits, open_socket

LIMITS = SocketLimits(opening_s=5.0, ping_after_s=5.0, pong_within_s=5.0, message_bytes=4 << 20)
"""A user stream may be silent for hours, so only a ping shows that its line is dead: within ten seconds."""

Guard = Callable[[Callable[[], None]], None]
"""Calls something of the client; what it raises is not lost."""


@dataclass(eq=False)
class _Connection:
    listener: Listener
    socket: FeedSocket | None = None
    opened: bool = False


class WebSockets:
    """The open connections by number. guard: calls the listeners."""

    def __init__(self, guard: Guard, on_error: OnError) -> None:
        self._guard = guard
        self._open: dict[int, _Connection] = {}
        self._tasks = Tasks(on_error)
        self._made = 0

    def connect(self, url: str, listener: Listener) -> int:
        """Open a connection; returns its number."""
        self._made += 1
        self._open[self._made] = _Connection(listener)
        self._tasks.start(self._follow(self._made, url))
        return self._made

    def send(self, number: int, data: bytes) -> bool:
        """Write a text frame in this call; False if the connection is not open."""
        connection = self._open.get(number)
        return connection is not None and connection.socket is not None and connection.socket.send(data)

    def close(self, number: int) -> None:
        """Close a connection: its listener gets nothing more."""
        connection = self._open.pop(number, None)
        if connection is not None and connection.socket is not None:
            connection.socket.close()

    def end_all(self) -> None:
        """Close all connections; then let each listener know."""
        ended = list(self._open.items())
        for number, _ in ended:
            self.close(number)
        for _, connection in ended:
            self._guard(connection.listener.on_closed)

    async def stop(self) -> None:
        """Close all connections; no listener gets anything more."""
        for number in list(self._open):
            self.close(number)
        await self._tasks.stop()

    async def _follow(self, number: int, url: str) -> None:
        """Open a connection, and wait until it ends."""
        try:
            socket = await open_socket(url, lambda _, data: self._receive(number, data), LIMITS)
        except OSError:
            self._ended(number)
            return
        connection = self._open.get(number)
        if connection is None:  # closed meanwhile
            socket.close()
            return
        connection.socket = socket
        try:
            self._opened(connection)
            await socket.wait_closed()
        finally:
            socket.close()
        self._ended(number)

    def _receive(self, number: int, data: bytes) -> None:
        if connection := self._open.get(number):
            self._opened(connection)  # a frame may come in the same packet as the end of the handshake
            self._guard(lambda: self._hand_on(number, connection, data))

    def _hand_on(self, number: int, connection: _Connection, data: bytes) -> None:
        if number in self._open:
            connection.listener.on_frame(data)

    def _opened(self, connection: _Connection) -> None:
        if not connection.opened:
            connection.opened = True
            self._guard(connection.listener.on_opened)

    def _ended(self, number: int) -> None:
        if connection := self._open.pop(number, None):
            self._guard(connection.listener.on_closed)
