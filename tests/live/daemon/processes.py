"""Daemons as processes, at a local exchange over loopback whose tape moves by itself."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from live.control.client import NotRunningError, ask
from live.control.folder import SessionFolder
from live.control.protocol import ControlCommand, ControlReply, Cover, LiveStatus
from live.simulator.venue import LocalVenue
from tests.live.daemon.exchanges import Exchange, settings_of
from tests.live.daemon.lines import Line, line_to
from tests.live.daemon.together import Body
from tests.repository import ROOT

WITHIN_S = 90.0
LOOK_S = 0.1
PROGRAM = "from scripts.cli import main; main()"
SETTINGS = ("max_spread_bps=2", "max_age_ms=5000", "cooldown_ms=100", "target_bps=500", "stop_bps=500")
"""A position stays open for a minute: target and stop are far away."""


@dataclass
class Daemon:
    """A process of `twokey live`."""

    process: asyncio.subprocess.Process

    @property
    def number(self) -> int:
        """Its process id."""
        return self.process.pid

    async def end(self) -> tuple[int, str]:
        """Its exit code and all that it printed."""
        out, _ = await asyncio.wait_for(self.process.communicate(), WITHIN_S)
        return int(self.process.returncode or 0), out.decode()

    async def says(self, text: str) -> None:
        """Read what it prints up to a line with a text."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            while line := await self.process.stdout.readline():
                if text in line.decode():
                    return
        raise AssertionError(f"it never said: {text}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)


@dataclass
class Site:
    """A workspace, an exchange, the line to it, and the session. host: where daemons find the exchange."""

    home: Path
    exchange: Exchange
    line: Line
    host: str
    environment: dict[str, str] = field(default_factory=dict)
    started: list[Daemon] = field(default_factory=list)

    @property
    def venue(self) -> LocalVenue:
        """The exchange behind the sockets."""
        return self.exchange.venue

    @property
    def folder(self) -> SessionFolder:
        """The session."""
        return SessionFolder.of(self.home, "simulator")

    @property
    def is_flat(self) -> bool:
        """The truth."""
        return self.exchange.is_flat

    async def start(self, *options: str) -> Daemon:
        """Start a daemon, of the imbalance unless its options name another strategy."""
        options = options or tuple(part for text in SETTINGS for part in ("--param", text))
        return await self.begin("run", "--host", self.host, "--capital", "40000", *options)

    async def begin(self, *arguments: str) -> Daemon:
        """Start a verb of `twokey live`, which is ended with the scenario."""
        daemon = Daemon(await self._process(*arguments))
        self.started.append(daemon)
        return daemon

    async def call(self, *arguments: str) -> tuple[int, str]:
        """Exit code and output of another verb of `twokey live`."""
        return await (await self.begin(*arguments)).end()

    async def answer(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit code and the object of a verb with `--json`."""
        code, out = await self.call(*arguments, "--json")
        return code, json.loads(out)

    async def held(self) -> LiveStatus:
        """The status, once a position is covered by its stop."""
        return await self.status(lambda status: [one.cover for one in status.positions] == [Cover.COVERED])

    async def status(self, holds: Callable[[LiveStatus], bool]) -> LiveStatus:
        """The status, once something holds."""

        seen: list[LiveStatus] = []

        async def look() -> LiveStatus | None:
            status = (await self.ask(ControlCommand.STATUS)).status
            assert status is not None
            seen[:] = [status]
            return status if holds(status) else None

        found: LiveStatus = await until(look, seen)
        return found

    async def ask(self, command: ControlCommand, reason: str = "test") -> ControlReply:
        """Ask the daemon, once it listens."""

        async def look() -> ControlReply | None:
            with suppress(NotRunningError):
                return await asyncio.to_thread(ask, self.folder, command, reason, WITHIN_S)
            return None

        found: ControlReply = await until(look)
        return found

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds."""

        async def look() -> object:
            return holds()

        await until(look)

    async def passed(self, milliseconds: int) -> None:
        """Wait until so much time has passed at the exchange."""
        end_ns = self.venue.now_ns + milliseconds * 1_000_000
        await self.until(lambda: self.venue.now_ns >= end_ns)

    async def at_a_terminal(self, *arguments: str, typed: str) -> int:
        """The exit code of a verb whose input and output are a terminal where somebody types a line."""
        ours, theirs = os.openpty()
        os.write(ours, f"{typed}\n".encode())
        process = await self._process(*arguments, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        code = await asyncio.wait_for(process.wait(), WITHIN_S)
        os.close(ours)
        return code

    async def _process(self, *arguments: str, **streams: Any) -> asyncio.subprocess.Process:
        own = {"TWOKEY_HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home / "runtime")}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, "live", *arguments),
            cwd=ROOT,
            env=os.environ | own | self.environment,
            **({"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT} | streams),
        )


async def until(look: Callable[[], Awaitable[Any]], seen: Sequence[object] = ()) -> Any:
    """What `look` finds, as soon as it finds something. seen: what it has found so far, to be shown where it fails."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + WITHIN_S
    while loop.time() < end_s:
        if found := await look():
            return found
        await asyncio.sleep(LOOK_S)
    raise AssertionError(f"it did not happen in time; seen: {seen}")


async def at_a_site(body: Body, settings: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    """Run a scenario at an exchange of its own; processes that it leaves are ended.

    settings: `faults` and settings of the exchange. parameters: of the scenario.
    """
    changes = dict(settings)
    faults = changes.pop("faults", [])
    with TemporaryDirectory(prefix="twokey-") as folder:
        exchange = Exchange(settings_of(Path(folder), faults(**parameters) if callable(faults) else faults, **changes))
        await _played(Path(folder), exchange, partial(body, **parameters))


def run_at(home: Path, scenario: Callable[[Site], Awaitable[None]], **changes: Any) -> None:
    """The same by itself, in a workspace that has to be there. changes: settings of the exchange."""
    asyncio.run(_played(home, Exchange(settings_of(home, [], **changes)), scenario))


async def _played(home: Path, exchange: Exchange, scenario: Callable[[Site], Awaitable[None]]) -> None:
    async with AsyncExitStack() as stack:
        await exchange.open()
        stack.push_async_callback(exchange.close)
        line, host = await stack.enter_async_context(line_to(exchange.host))
        site = Site(home, exchange, line, host)
        stack.push_async_callback(_end_all, site)
        await scenario(site)


async def _end_all(site: Site) -> None:
    for daemon in site.started:
        with suppress(ProcessLookupError):
            daemon.process.kill()
        await daemon.process.communicate()
