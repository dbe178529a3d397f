"""One trial: a fresh exchange with one fault, the bot's process against it, and the score."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from live.simulator.core.events import Event
from live.simulator.server import serving
from live.simulator.simulator import Simulator, SimulatorSettings
from live.simulator.tape_source import TapeSource
from live.torture.bot_process import BotProcess, start
from live.torture.score import Score
from live.torture.watcher import Watcher
from skills_lib.market.depth.tape.lines import read_lines

POLL_S = 0.05


class BotRun(BaseModel):
    """How the bot is run. seconds: on this machine's clock, from its first request. end_within_s: after SIGTERM."""

    model_config = ConfigDict(frozen=True)

    command: str
    tape: Path
    port: int = 0
    seconds: float = 20.0
    start_within_s: float = 60.0
    end_within_s: float = 10.0
    logs: Path | None = None


class Trial(BaseModel):
    """The result of one fault. exit_code: of a bot that ended by itself; None if it ran until it was stopped."""

    model_config = ConfigDict(frozen=True)

    fault: str
    applied: int
    connected: bool
    killed: bool
    exit_code: int | None
    score: Score

    @property
    def ended(self) -> str:
        """How the bot ended, in a word."""
        if self.exit_code is not None:
            return f"exit code {self.exit_code}"
        if self.killed:
            return "killed"
        return "running" if self.connected else "silent"


@dataclass(eq=False)
class _Observed:
    """The exchange's events, passed on to the watcher and to whoever observed them before."""

    watcher: Watcher
    before: Any
    first: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, events: list[Event]) -> None:
        self.watcher.on_events(events)
        self.before(events)


async def run_trial(run: BotRun, fault: str, settings: SimulatorSettings) -> Trial:
    """Run the bot against a fresh exchange with `settings.faults`, and score it.

    Raises:
        InputError: the port is in use, the tape cannot be played, or the bot cannot be started.
    """
    simulator = Simulator(settings, TapeSource().read(read_lines(run.tape)))
    watcher = Watcher(settings.credentials[0].account)
    observed = _Observed(watcher, simulator.venue.observe)
    simulator.venue.observe = observed
    async with serving(simulator, "127.0.0.1", run.port) as address:
        key = settings.credentials[0]
        environment = {
            "TWOKEY_EXCHANGE": f"http://{address}",
            "TWOKEY_API_KEY": key.api_key,
            "TWOKEY_API_SECRET": key.secret,
        }
        bot = await start(run.command, int(address.rpartition(":")[2]), environment, run.logs / f"{fault}.log")
        try:
            return await _watch(run, fault, simulator, watcher, bot)
        finally:
            await bot.kill()


async def _watch(run: BotRun, fault: str, simulator: Simulator, watcher: Watcher, bot: BotProcess) -> Trial:
    connected = await _first_request(run, simulator, bot)
    simulator.player.start_tape()
    killed = False
    if not await bot.ended_within(run.seconds if connected else 0.0):
        watcher.asked_to_stop(simulator.venue.now_ms)
        bot.ask_to_end()
        killed = not await bot.ended_within(run.end_within_s)
        exit_code = None
    else:
        exit_code = bot.exit_code
        watcher.asked_to_stop(simulator.venue.now_ms)
    return Trial(
        fault=fault,
        applied=simulator.faults.applied,
        connected=connected,
        killed=killed,
        exit_code=exit_code,
        score=watcher.score(simulator.venue.now_ms),
    )


async def _first_request(run: BotRun, simulator: Simulator, bot: BotProcess) -> bool:
    """Wait for the bot's first request, so that its imports use up no tape; False if none came in time."""
    waited_s = 0.0
    while not simulator.gateway.limits.used and waited_s < run.start_within_s:
        if await bot.ended_within(POLL_S):
            break
        waited_s += POLL_S
    return simulator.gateway.limits.used
