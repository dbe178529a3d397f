"""The watchdog as a real process: the daemon's heartbeat stops, and the account is closed."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from itertools import count
from pathlib import Path

from live.control.folder import SessionFolder
from live.control.latch import latched
from tests.live.conftest import Running, Serve
from tests.live.emergency.test_emergency_stop import is_flat, open_all
from tests.live.sockets.wires import TIMEOUT_S, Client, run_client
from tests.repository import ROOT

WATCHDOG = "from scripts.cli import main; main()"


async def started(running: Running, home: Path) -> Process:
    """A watchdog that watches."""
    arguments = ("watchdog", "--session", "paper", "--symbols", "BTCUSDT", "--host", running.host, "--seconds", "3")
    environment = os.environ | {"TWOKEY_HOME": str(home)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WATCHDOG, "live", *arguments, cwd=ROOT, env=environment, stderr=PIPE
    )
    assert process.stderr is not None
    assert b"Watching session 'paper'" in await process.stderr.readline()
    return process


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.05)


async def beat(folder: SessionFolder, times: int) -> None:
    """A daemon's heartbeat, some times."""
    for number in count(1):
        folder.heartbeat.write_bytes(b'{"sequence":%d,"wall_ns":0,"process":7}' % number)
        if number == times:
            return
        await asyncio.sleep(1)


def test_an_account_is_closed_when_the_heartbeat_stops_and_the_session_stays_latched(
    serve: Serve, tmp_path: Path
) -> None:
    folder = SessionFolder.of(tmp_path, "paper")

    async def scenario(client: Client, running: Running) -> None:
        process = await started(running, tmp_path)
        await open_all(client, running)
        await beat(folder, 5)
        assert not is_flat(running)
        await until(lambda: is_flat(running))
        latch = latched(folder)
        assert latch is not None
        assert latch.reason == "watchdog: the heartbeat stopped"
        assert folder.kill_file.exists()
        await until((folder.root / "watchdog").exists)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0

    run_client(serve, scenario)


def test_it_renews_the_exchanges_timers_and_its_orderly_end_leaves_the_account_alone(
    serve: Serve, tmp_path: Path
) -> None:
    folder = SessionFolder.of(tmp_path, "paper")

    async def scenario(client: Client, running: Running) -> None:
        process = await started(running, tmp_path)
        running.play(20)
        await beat(folder, 1)
        await until(lambda: bool(running.venue.state.countdowns))
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
        assert not running.venue.state.countdowns
        assert latched(folder) is None

    run_client(serve, scenario)
