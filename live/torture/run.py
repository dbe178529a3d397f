"""Runs a bot under each fault of the catalogue and once without any."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from live.simulator.faults import FaultPlan
from live.simulator.faults.catalogue import CATALOGUE, VARIANTS
from live.simulator.settings import SimulatorSettings, Start
from live.torture.bot_process import arguments
from live.torture.trial import BotRun, Trial, run_trial
from skills_lib.domain.errors import InputError
from skills_lib.progress import Progress

CONTROL = "none"
"""The run without a fault: what the bot does of its own accord."""
ALL = "all"


class TortureRequest(BaseModel):
    """speed: exchange seconds a second. jobs: faults at once; each needs a port of its own. logs: None keeps none."""

    model_config = ConfigDict(frozen=True)

    run: BotRun
    faults: tuple[str, ...]
    speed: float
    seed: int
    jobs: int

    @classmethod
    def checked(cls, faults: str, speed: float, seed: int, jobs: int, **run: Any) -> Self:
        """The request, with its fault names looked up.

        Raises:
            InputError: an unknown fault, a command that cannot be read, or several jobs on one port.
        """
        arguments(run["command"], 0)
        if jobs > 1 and run["port"]:
            raise InputError(f"--jobs {jobs} needs --port 0: each exchange has a port of its own.")
        return cls(run=BotRun(**run), faults=named(faults), speed=speed, seed=seed, jobs=jobs)


def named(text: str) -> tuple[str, ...]:
    """The faults that a comma-separated text names, after the control.

    Raises:
        InputError: one of them does not exist.
    """
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    names = list(CATALOGUE) if wanted == [ALL] else [name for name in wanted if name != CONTROL]
    for name in names:
        if name not in VARIANTS:
            raise InputError(
                f"There is no fault {name[:60]}. Name {ALL}, or some that `twokey simulate --faults list` prints."
            )
    return (CONTROL, *dict.fromkeys(names))


def torture_bot(request: TortureRequest, progress: Progress) -> list[Trial]:
    """Run the bot under each fault, the control first.

    Raises:
        InputError: the port is in use, the tape cannot be played, or the bot cannot be started.
    """
    with tempfile.TemporaryDirectory() as folder:
        logs = request.run.logs or Path(folder)
        logs.mkdir(parents=True, exist_ok=True)
        run = request.run.model_copy(update={"logs": logs})
        return asyncio.run(_run_all(request.model_copy(update={"run": run}), progress))


async def _run_all(request: TortureRequest, progress: Progress) -> list[Trial]:
    slots, done = asyncio.Semaphore(request.jobs), 0

    async def one(fault: str) -> Trial:
        nonlocal done
        async with slots:
            trial = await run_trial(request.run, fault, settings_of(request, fault))
        done += 1
        progress(done, len(request.faults), fault)
        return trial

    async with asyncio.TaskGroup() as group:
        tasks: Sequence[asyncio.Task[Trial]] = [group.create_task(one(fault)) for fault in request.faults]
    return [task.result() for task in tasks]


def settings_of(request: TortureRequest, fault: str) -> SimulatorSettings:
    """The exchange's settings of one run."""
    plan = FaultPlan(faults=(VARIANTS[fault],)) if fault != CONTROL else FaultPlan()
    return SimulatorSettings(speed=request.speed, seed=request.seed, start=Start.FIRST_REQUEST, faults=plan)
