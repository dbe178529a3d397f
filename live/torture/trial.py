"""One trial: a fresh exchange with one fault, the bot's process against it, and the score."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from live.simulator.settings import SimulatorSettings
from live.simulator.sockets.server import Server, serving
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
        bot = await start(run.command, int(address.rpartition(":")[2]), environment, log)
        try:
            return await _watch(run, fault, server, watcher, bot)
        finally:
            await bot.kill()


async def _watch(run: BotRun, fault: str, server: Server, watcher: Watcher, bot: BotProcess) -> Trial:
    """Let the bot trade, ask it to end, and wait until it has."""
    connected = await _called(run, server, bot)
    ended, killed = await bot.ended_within(run.seconds if connected else 0.0), False
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
    )


async def _called(run: BotRun, server: Server, bot: BotProcess) -> bool:
    """Wait for the bot's first request, which starts the tape; False if none came in time."""
    waited_s = 0.0
    while server.player.held and waited_s < run.start_within_s and not await bot.ended_within(POLL_S):
        waited_s += POLL_S
    return not server.player.held
