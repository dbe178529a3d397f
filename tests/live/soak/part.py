"""One part of the soak: an exchange with a drawn tape and random faults, and the daemon's process."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from live.control.folder import SessionFolder
from live.control.latch import latched, release
from live.journal.replaying import compared
from live.schedules.run import MOVES_MONEY
from live.simulator.faults import FaultModel, FaultPlan
from live.simulator.faults.catalogue import CATALOGUE
from live.simulator.settings import SimulatorSettings
from live.simulator.sockets.server import Server, serving
from live.simulator.tape_source import Played, TapeSource
from live.torture.watcher import Watcher
from skills_lib.domain.errors import TwokeyError
from skills_lib.market.depth.tape.drawing.parameters import fitted
from skills_lib.market.depth.tape.drawing.wire import SyntheticLines
from skills_lib.market.depth.tape.lines import TapeLine

FAULT_EVERY_S = 300
"""Seconds of the tape between two faults, about."""
LEFT_OUT = MOVES_MONEY | {"jump_clock", "symbol_status", "commission"}
"""Faults that change the wallet or end trading; the others shall show what lasts."""
SAMPLE_S = 5.0
END_WITHIN_S = 60.0
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class PartResult:
    """What a part came to. seconds: of the tape. memory_mb: of each process, every five seconds.

    known, wallet: profit in units of 1e-8, by the journals and by the exchange. kinds: of faults, how often each
    applied. ends: exit code and last line of each process.
    """

    seconds: float = 0
    runs: int = 0
    orders: int = 0
    fills: int = 0
    repeated: int = 0
    longest_naked_ms: int = 0
    known: int = 0
    wallet: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    memory_mb: list[list[float]] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def faults_of(seed: int, seconds: int) -> FaultPlan:
    """Faults at times drawn from the seed."""
    source = random.Random(f"soak {seed}")
    names = [name for name, fault in CATALOGUE.items() if fault.kind not in LEFT_OUT]
    times = range(FAULT_EVERY_S // 2, seconds - FAULT_EVERY_S // 2, FAULT_EVERY_S)
    faults = [_at(CATALOGUE[source.choice(names)], (at + source.randrange(FAULT_EVERY_S // 2)) * 1_000) for at in times]
    return FaultPlan(faults=tuple(faults))


def _at(fault: FaultModel, at_ms: int) -> FaultModel:
    given = fault.model_dump(mode="json") | {"when": {"at_ms": at_ms}}
    try:
        return type(fault).model_validate(given)
    except ValueError:
        return type(fault).model_validate(given | {"end": {"duration_ms": 20_000}})


def tape_lines(seed: int, seconds: int) -> Iterator[Played]:
    """A drawn tape, line by line."""
    lines = SyntheticLines(fitted("BTCUSDT"), seed).lines(seconds)
    return TapeSource().read(TapeLine(raw, time_ns, "") for time_ns, raw in lines)


def run_part(home: Path, seed: int, seconds: int, speed: int) -> dict[str, Any]:
    """Play a part. seconds: of the tape."""
    return asdict(asyncio.run(_Part(home, seed, seconds, speed).play()))


class _Part:
    def __init__(self, home: Path, seed: int, seconds: int, speed: int) -> None:
        self._home, self._seconds, self._speed = home, seconds, speed
        self._folder = SessionFolder.of(home, f"soak{seed}")
        settings = SimulatorSettings(
            speed=speed, seed=seed, balance="40000", faults=faults_of(seed, seconds), weight_limit=2_400 * speed
        )
        self._server = Server(settings, tape_lines(seed, seconds + 3_600))
        self._watcher = Watcher(settings.credentials[0].account)
        self._server.venue.observe = self._watcher.on_events
        self._result = PartResult(seconds=seconds)

    async def play(self) -> PartResult:
        async with serving(self._server) as host:
            began_ns = self._server.venue.now_ns
            until_ns = began_ns + self._seconds * 1_000_000_000
            while self._server.venue.now_ns < until_ns:
                await self._one_run(host, until_ns)
        self._conclude()
        return self._result

    async def _one_run(self, host: str, until_ns: int) -> None:
        """A process of the daemon, until it ends or the part is over; then it is asked to stop."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.live.soak.daemon", host, self._folder.name, str(self._speed)),
            env=os.environ | {"TWOKEY_HOME": str(self._home)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        ended = asyncio.ensure_future(process.communicate())
        self._result.runs += 1
        self._result.memory_mb.append([])
        while self._server.venue.now_ns < until_ns and not ended.done():
            await asyncio.wait([ended], timeout=SAMPLE_S)
            self._sample(process.pid)
        if not ended.done():
            process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(ended, END_WITHIN_S)
        last = output.decode().strip().splitlines()[-1:]
        self._result.ends.append(f"{process.returncode}: {last[0][:120] if last else ''}")
        if latched(self._folder) is not None:
            release(self._folder)

    def _sample(self, number: int) -> None:
        try:
            pages = int(Path(f"/proc/{number}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):
            return
        self._result.memory_mb[-1].append(round(pages * PAGE / 1e6, 1))

    def _conclude(self) -> None:
        venue, found = self._server.venue, self._result
        score = self._watcher.score(venue.now_ms)
        found.orders, found.fills = score.orders, score.fills
        found.repeated, found.longest_naked_ms = score.duplicate_intents, score.longest_naked_ms
        found.kinds = {kind: count for kind, count in venue.faults.applied_by_kind.items() if count}
        (account,) = venue.state.accounts.values()
        found.wallet = account.wallet - account.deposited
        for journal in sorted(self._folder.journals.glob("*.journal")):
            self._replay(journal)
        if found.repeated:
            found.violations.append(f"{found.repeated} orders were repeated")
        if account.held():
            found.violations.append("a position is open at the end")
        if found.known != found.wallet:
            found.violations.append(f"profit by the journals {found.known}, by the exchange {found.wallet} (1e-8)")

    def _replay(self, journal: Path) -> None:
        try:
            engine = compared(journal).engine
        except TwokeyError as error:
            self._result.violations.append(str(error))
            return
        if engine is not None:
            account = engine.state.account
            self._result.known += account.realised - account.fees + account.funding
