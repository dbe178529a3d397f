"""An exchange on a market without end, whose time moves while a test waits for something."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

from live.simulator.sockets.server import Server, serving
from live.simulator.tape_source import Played, TapeSource
from skills_lib.market.depth.wire import decode
from tests.live.simulator.tapes import TapeWriter
from tests.live.simulator.venue_client import MS

LINES = 10**9
STEP_NS, STEP_S = 50 * MS, 0.005


def endless(market: TapeWriter) -> Iterator[Played]:
    """The lines of a generated market, made as they are asked for."""
    source = TapeSource()
    for line in market.lines(LINES):
        time_ns, _, text = line.partition(" ")
        raw = text.encode()
        yield source.played(decode(raw), raw, market.symbol, int(time_ns))


@asynccontextmanager
async def playing(server: Server) -> AsyncIterator[str]:
    """Serve an exchange whose tape is held, and move its time in small steps, at most ten times as fast as real time.

    A busy machine makes it slower, and what its clients do is never left behind. Yields `host:port`.
    """

    async def play() -> None:
        while True:
            server.player.advance(server.venue.now_ns + STEP_NS)
            await asyncio.sleep(STEP_S)

    async with serving(server) as host:
        assert server.playing is not None
        server.playing.cancel()
        moving = asyncio.ensure_future(play())
        try:
            yield host
        finally:
            moving.cancel()
            with suppress(asyncio.CancelledError):
                await moving
