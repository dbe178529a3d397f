"""Fixtures of a running local exchange (real sockets on loopback, a generated tape, no latency) and of scenarios."""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from live.simulator.sockets.player import Player
from live.simulator.sockets.server import Server, serving
from live.simulator.tape_source import TapeSource
from live.simulator.venue import LocalVenue
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.daemon.together import Together
from tests.live.simulator.tapes import write_tape
from tests.live.simulator.venue_client import BY_HAND

KEY, SECRET = "paper-key", "paper-secret"


@dataclass
class Running:
    """A running exchange and its address."""

    server: Server
    host: str

    @property
    def venue(self) -> LocalVenue:
        """The exchange behind the sockets."""
        return self.server.venue

    @property
    def player(self) -> Player:
        """What moves its time."""
        return self.server.player

    def play(self, lines: int) -> None:
        """Play some lines of the held tape."""
        self.player.play(lines)


Serve = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture(scope="session")
def generated_tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tape of 20 seconds of a generated market."""
    return write_tape(tmp_path_factory.mktemp("tapes") / "btcusdt.ts_jsonl")


@pytest.fixture(scope="module")
def together() -> Iterator[Together]:
    """What runs the scenarios of a module at the same time."""
    made = Together()
    yield made
    made.end()


@pytest.fixture
def serve(generated_tape: Path) -> Serve:
    """`async with serve(speed=1) as running`: defaults are a held tape and no latency."""

    @asynccontextmanager
    async def run(
        tape: Path = generated_tape, tls: ssl.SSLContext | None = None, **changes: Any
    ) -> AsyncIterator[Running]:
        settings = replace(BY_HAND, **changes)
        server = Server(settings, TapeSource().read(read_lines(tape)))
        async with serving(server, tls=tls) as host:
            yield Running(server, host)

    return run
