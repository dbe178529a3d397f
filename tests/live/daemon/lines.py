"""A line between a client and an exchange, which a test breaks in the ways in which lines break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 65_536


@dataclass(eq=False)
class _Connection:
    """mute: it passes nothing more, either way, and neither end is let know."""

    mute: bool = False


@dataclass
class Line:
    """Passes bytes on. dead: connections that are opened from now on are mute, too."""

    target: tuple[str, int]
    dead: bool = False
    made: int = 0
    _open: set[_Connection] = field(default_factory=set)

    def mute(self) -> None:
        """Every connection that is open stays open and passes nothing more: it is half open."""
        for connection in self._open:
            connection.mute = True

    def die(self) -> None:
        """The same, and whatever is opened until `revive` is accepted and mute."""
        self.dead = True
        self.mute()

    def revive(self) -> None:
        """Connections that are opened from now on pass bytes; the mute ones stay mute."""
        self.dead = False

    async def carry(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        """One connection, until an end closes it."""
        connection = _Connection(self.dead)
        self._open.add(connection)
        self.made += 1
        far, far_out = await asyncio.open_connection(*self.target)
        try:
            ways = (_pass(connection, near, far_out), _pass(connection, far, near_out))
            await asyncio.wait([asyncio.ensure_future(way) for way in ways], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open.discard(connection)
            near_out.transport.abort()
            far_out.transport.abort()


async def _pass(connection: _Connection, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(_CHUNK):
            if not connection.mute:
                sink.write(data)
                await sink.drain()


@asynccontextmanager
async def line_to(host: str) -> AsyncIterator[tuple[Line, str]]:
    """A line to `host:port`, and its own address."""
    name, port = host.split(":")
    line = Line((name, int(port)))
    server = await asyncio.start_server(line.carry, name, 0)
    try:
        yield line, f"{name}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
