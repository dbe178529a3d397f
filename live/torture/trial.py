"""One trial: a fresh exchange with one fault, the bot's process against it, and the score."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from live.simulator.settings import SimulatorSettings
from live.simulator.sockets.server import Server, serving
from live.simulator.tape_source import TapeSource
from live.torture.bot_process import BotProcess, start
from live.torture.score import Score
from live.torture.watcher import Watcher
from skills_lib.market.depth.tape.lines import read_lines

POLL_S = 0.05
START_AGAIN_S = 1.0
DEATHS_SHARE = 0.6
"""Of the time that it trades: behind it comes no death, so that a start can be over before it is asked to end."""


class BotRun(BaseModel):
    """How the bot is run. seconds: on this machine's clock, from its first request. end_within_s: after SIGTERM.

    deaths: how often it is killed (SIGKILL) meanwhile, at times drawn from the seed, and started again at once.
    starts_again: it is started again where it ends by itself, as a service manager does.
    environment: variables beside those of this process.
    """

    model_config = ConfigDict(frozen=True)

    command: str
    tape: Path
    port: int = 0
    seconds: float = 20.0
    start_within_s: float = 60.0
    end_within_s: float = 10.0
    logs: Path | None = None
    deaths: int = 0
    starts_again: bool = False
    environment: dict[str, str] = Field(default_factory=dict)


class Trial(BaseModel):
    """The result of one fault. exit_code: of a bot that ended by itself; None if it ran until it was stopped.

    deaths: how often it was killed and started again. stopped_code: its exit code after it was asked to end; None if it
    did not end in time.
    """

    model_config = ConfigDict(frozen=True)

    fault: str
    applied: int
    connected: bool
    killed: bool
    exit_code: int | None
    score: Score
    deaths: int = 0
    stopped_code: int | None = None

    @property
    def ended(self) -> str:
        """How the bot ended, in a word."""
        if self.exit_code is not None:
            return f"exit code {self.exit_code}"
        if self.killed:
            return "killed"
        return "running" if self.connected else "silent"


async def run_trial(run: BotRun, fault: str, settings: SimulatorSettings) -> Trial:
    """Run the bot against a fresh exchange with `settings.faults`, and score it.

    Raises:
        InputError: the port is in use, the tape cannot be played, or the bot cannot be started.
    """
    key = settings.credentials[0]
    server, watcher = Server(settings, TapeSource().read(read_lines(run.tape))), Watcher(key.account)
    server.venue.observe = watcher.on_events
    async with serving(server, "127.0.0.1", run.port) as address:
        environment = {
            "TWOKEY_EXCHANGE": f"http://{address}",
            "TWOKEY_API_KEY": key.api_key,
            "TWOKEY_API_SECRET": key.secret,
        }
        log = run.logs / f"{fault}.log" if run.logs else Path(os.devnull)
        port = int(address.rpartition(":")[2])
        bots = _Bots(partial(start, run.command, port, run.environment | environment, log), run.starts_again)
        await bots.start()
        try:
            return await _watch(run, fault, server, watcher, bots)
        finally:
            await bots.current.kill()


@dataclass
class _Bots:
    """The bot's processes, one after another."""

    make: Callable[[], Awaitable[BotProcess]]
    starts_again: bool = False
    deaths: int = -1
    current: BotProcess = field(init=False)

    async def start(self) -> None:
        self.current = await self.make()
        self.deaths += 1

    async def trade(self, seconds: float, pauses: Sequence[float]) -> bool:
        """Let it trade, killed and started again after each pause; True if it ended by itself."""
        for pause in pauses:
            if await self._ended_within(pause):
                return True
            await self.current.kill()
            await self.start()
        return await self._ended_within(seconds - sum(pauses))

    async def _ended_within(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + seconds
        while await self.current.ended_within(until_s - loop.time()):
            if not self.starts_again:
                return True
            await asyncio.sleep(min(START_AGAIN_S, max(0.0, until_s - loop.time())))
            await self.start()
        return False


def pauses_of(seed: int, fault: str, deaths: int, seconds: float) -> tuple[float, ...]:
    """Seconds before each death."""
    source = random.Random(f"torture deaths {seed} {fault}")
    times = sorted(source.uniform(0, seconds * DEATHS_SHARE) for _ in range(deaths))
    return tuple(later - earlier for earlier, later in pairwise([0.0, *times]))


async def _watch(run: BotRun, fault: str, server: Server, watcher: Watcher, bots: _Bots) -> Trial:
    """Let the bot trade, ask it to end, and wait until it has."""
    connected = await _called(run, server, bots.current)
    pauses = pauses_of(server.venue.settings.seed, fault, run.deaths if connected else 0, run.seconds)
    ended, killed = await bots.trade(run.seconds if connected else 0.0, pauses), False
    bot = bots.current
    watcher.asked_to_stop(server.venue.now_ms)
    exit_code = bot.exit_code
    if not ended:
        bot.ask_to_end()
        killed = not await bot.ended_within(run.end_within_s)
    return Trial(
        fault=fault,
        applied=server.venue.faults.applied,
        connected=connected,
        killed=killed,
        exit_code=exit_code,
        score=watcher.score(server.venue.now_ms),
        deaths=bots.deaths,
        stopped_code=None if killed else bot.exit_code,
    )


async def _called(run: BotRun, server: Server, bot: BotProcess) -> bool:
    """Wait for the bot's first request, which starts the tape; False if none came in time."""
    waited_s = 0.0
    while server.player.held and waited_s < run.start_within_s and not await bot.ended_within(POLL_S):
        waited_s += POLL_S
    return not server.player.held
