"""How long a kill takes until the account is flat, over sockets. Run by `make bench`.

Daemons as processes, each at a local exchange of its own in this process; each enters, is killed by SIGUSR1, proves
that the account is flat, is reset, and enters again, all in one process. Milliseconds from the signal until the
exchange has closed the position, and until no stop rests any more. Two exchanges: one with the assumed latency of the
way there and back, and one without, which shows what this machine takes. `--busy` processes that only compute run
beside.
"""

import argparse
import asyncio
import os
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from subprocess import DEVNULL, Popen
from tempfile import TemporaryDirectory

from live.schedules.tape import ScheduleTape
from live.simulator.core.events import Event
from live.simulator.latency import NONE
from live.simulator.tape_source import Played
from tests.live.daemon.exchanges import Exchange, settings_of
from tests.live.daemon.processes import LOOK_S, SETTINGS, WITHIN_S
from tests.repository import ROOT

MARKS_MS, TARGET_MS = (5, 20, 50), 500
STEPS = 12_000
AGAIN = """
import itertools, os, sys, time
from pathlib import Path
from live.control.folder import SessionFolder
from live.control.latch import release
from scripts.cli import main
home, *words = sys.argv[1:]
for number in itertools.count():
    os.environ["XDG_RUNTIME_DIR"] = f"{home}/runtime-{number}"  # with a budget of requests that is whole
    sys.argv = ["twokey", "live", "run", *words]
    try:
        main()
    except SystemExit:
        folder = SessionFolder.of(Path(home), "simulator")
        folder.make()
        release(folder)
        time.sleep(1)
"""


@dataclass
class Killed(Exchange):
    """killed_ns: when the signal was sent, or 0. flat_ms, empty_ms: of each kill."""

    killed_ns: int = 0
    flat_ms: list[float] = field(default_factory=list)
    empty_ms: list[float] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """True while a position is open and its stop rests."""
        return self.is_protected and sum(fill.quantity for fill in self.fills) != 0

    def _on_events(self, events: list[Event]) -> None:
        super()._on_events(events)
        if not self.killed_ns:
            return
        took_ms = (time.perf_counter_ns() - self.killed_ns) / 1e6
        if len(self.flat_ms) == len(self.empty_ms) and not sum(fill.quantity for fill in self.fills):
            self.flat_ms.append(took_ms)
        if len(self.flat_ms) > len(self.empty_ms) and self.is_flat:
            self.empty_ms.append(took_ms)
            self.killed_ns = 0


async def killed(home: Path, exchange: Killed, times: int) -> None:
    """One daemon, killed so many times; it is let go on if one kill does not come about."""
    await exchange.open(iter(market(times)))
    words = [word for text in SETTINGS for word in ("--param", text)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AGAIN, str(home), "--host", exchange.host, "--capital", "40000", *words),
        cwd=ROOT,
        env=os.environ | {"TWOKEY_HOME": str(home)},
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        for number in range(times):
            async with asyncio.timeout(WITHIN_S):
                while not exchange.holds:
                    await asyncio.sleep(LOOK_S)
                exchange.killed_ns = time.perf_counter_ns()
                process.send_signal(signal.SIGUSR1)
                while len(exchange.empty_ms) == number:
                    await asyncio.sleep(LOOK_S)
                exchange.venue.gateway.limits._addresses.clear()
    finally:
        process.kill()
        await process.wait()
        await exchange.close()


def market(seed: int) -> list[Played]:
    """A long market of one symbol with deep books."""
    tapes = (ScheduleTape(number) for number in count(seed))
    return next(tape for tape in tapes if tape.symbols == ("BTCUSDT",) and not tape.thin).draw(STEPS)


async def measured(daemons: int, times: int, *, latency: bool) -> list[Killed]:
    """The exchanges of daemons that run beside each other."""
    with TemporaryDirectory(prefix="twokey-") as folder:
        homes = [Path(folder) / str(number) for number in range(daemons)]
        settings = settings_of(Path(folder), [])
        if not latency:
            settings = replace(settings, inbound=NONE, outbound=NONE)
        exchanges = [Killed(settings) for _ in homes]
        await asyncio.gather(*(killed(*pair, times) for pair in zip(homes, exchanges, strict=True)))
    return exchanges


@contextmanager
def busy(number: int) -> Iterator[None]:
    """So many processes that only compute."""
    processes = [Popen((sys.executable, "-c", "while True: pass")) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def row(name: str, times: list[float]) -> str:
    """Percentiles and how many were within each mark."""
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100, method="inclusive")[98]
    marks = ", ".join(f"{sum(one <= mark for one in times) / len(times):.0%} in {mark} ms" for mark in MARKS_MS)
    return f"  {name:16} n {len(times)}  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  max {max(times):6.1f} ms  ({marks})"


def main() -> None:
    """Print both exchanges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--daemons", type=int, default=8)
    parser.add_argument("--times", type=int, default=25)
    parser.add_argument("--busy", type=int, default=0)
    options = parser.parse_args()
    with busy(options.busy):
        for latency in (True, False):
            exchanges = asyncio.run(measured(options.daemons, options.times, latency=latency))
            load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {options.busy} busy processes"
            print(f"{'Assumed latency' if latency else 'No latency'}; {load}; target p99 under {TARGET_MS} ms")
            print(row("position closed", [one for exchange in exchanges for one in exchange.flat_ms]))
            print(row("nothing rests", [one for exchange in exchanges for one in exchange.empty_ms]), flush=True)


if __name__ == "__main__":
    main()
