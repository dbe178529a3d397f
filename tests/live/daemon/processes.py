"""Daemons as processes, at a local exchange over loopback whose tape moves by itself."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from live.control.client import NotRunningError, ask
from live.control.folder import SessionFolder
from live.control.protocol import ControlCommand, ControlReply, Cover, LiveStatus
from live.schedules.tape import ScheduleTape
from live.simulator.settings import SimulatorSettings
from live.simulator.sockets.server import Server, serving
from live.simulator.tape_source import Played
from live.simulator.venue import LocalVenue
from tests.repository import ROOT

WITHIN_S = 90.0
LOOK_S = 0.05
PROGRAM = "from scripts.cli import main; main()"
SETTINGS = ("max_spread_bps=2", "max_age_ms=5000", "cooldown_ms=100", "target_bps=500", "stop_bps=500")
"""A position stays open for a minute: target and stop are far away."""


@dataclass
class Daemon:
    """A process of `twokey live run`."""

    process: asyncio.subprocess.Process

    @property
    def number(self) -> int:
        """Its process id."""
        return self.process.pid

    async def end(self) -> tuple[int, str]:
        """Its exit code and all that it printed."""
        out, _ = await asyncio.wait_for(self.process.communicate(), WITHIN_S)
        return int(self.process.returncode or 0), out.decode()

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)


@dataclass
class Site:
    """A workspace, the exchange and the session in it."""

    home: Path
    server: Server
    host: str
    started: list[Daemon] = field(default_factory=list)

    @property
    def venue(self) -> LocalVenue:
        """The exchange."""
        return self.server.venue

    @property
    def folder(self) -> SessionFolder:
        """The session."""
        return SessionFolder.of(self.home, "simulator")

    @property
    def is_flat(self) -> bool:
        """The truth."""
        state = self.venue.state
        (account,) = state.accounts.values()
        return not (account.held() or state.open_orders(account.name) or state.waiting_algos(account.name))

    async def start(self, *options: str) -> Daemon:
        """Start a daemon, of the imbalance unless its options name another strategy."""
        options = options or tuple(part for text in SETTINGS for part in ("--param", text))
        daemon = Daemon(await self._process("run", "--host", self.host, "--capital", "40000", *options))
        self.started.append(daemon)
        return daemon

    async def call(self, *arguments: str) -> tuple[int, str]:
        """Exit code and output of another verb of `twokey live`."""
        return await Daemon(await self._process(*arguments)).end()

    async def answer(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit code and the object of a verb with `--json`."""
        code, out = await self.call(*arguments, "--json")
        return code, json.loads(out)

    async def held(self) -> LiveStatus:
        """The status, once a position is covered by its stop."""

        async def look() -> LiveStatus | None:
            status = (await self.ask(ControlCommand.STATUS)).status
            assert status is not None
            return status if [one.cover for one in status.positions] == [Cover.COVERED] else None

        return await until(look)

    async def ask(self, command: ControlCommand, reason: str = "test") -> ControlReply:
        """Ask the daemon, once it listens."""

        async def look() -> ControlReply | None:
            with suppress(NotRunningError):
                return await asyncio.to_thread(ask, self.folder, command, reason, WITHIN_S)
            return None

        return await until(look)

    async def _process(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, "live", *arguments),
            cwd=ROOT,
            env=os.environ | {"TWOKEY_HOME": str(self.home)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """What `look` finds, as soon as it finds something."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + WITHIN_S
    while loop.time() < end_s:
        if found := await look():
            return found
        await asyncio.sleep(LOOK_S)
    raise AssertionError("it did not happen in time")


def run_at(home: Path, scenario: Callable[[Site], Awaitable[None]], **changes: Any) -> None:
    """Run a scenario; daemons that it leaves are ended."""

    async def played() -> None:
        server = Server(SimulatorSettings(balance="40000", **changes), _lines())
        async with serving(server) as host:
            site = Site(home, server, host)
            try:
                await scenario(site)
            finally:
                for daemon in site.started:
                    with suppress(ProcessLookupError):
                        daemon.process.kill()
                    await daemon.process.communicate()

    asyncio.run(played())


def _lines() -> Iterator[Played]:
    """A market that leans now to one side and now to the other, for some minutes."""
    for seed in count(1):
        tape = ScheduleTape(seed)
        if tape.symbols == ("BTCUSDT",):
            yield from tape.draw(2_000)
            return
