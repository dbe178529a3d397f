"""Runs many schedules in several processes and adds up what they came to."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from live.schedules.numbers import ScheduleNumber
from live.schedules.run import ScheduleResult, WatchSteps, run_schedule

BLOCK = 10


@dataclass(slots=True)
class Tally:
    """What schedules came to. kinds: how often each kind of fault applied. failures: with their violations."""

    schedules: int = 0
    events: int = 0
    trades: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[ScheduleResult] = field(default_factory=list)

    def add(self, result: ScheduleResult) -> None:
        """Count one schedule."""
        self.schedules += 1
        self.events += result.events
        self.trades += result.trades
        self.kinds.update(result.kinds)
        if result.violations:
            self.failures.append(result)

    @property
    def violations(self) -> int:
        """How many invariants were broken."""
        return sum(len(failure.violations) for failure in self.failures)


class RunsSchedule(Protocol):
    """Runs the schedule of a number, such as `run_schedule`."""

    def __call__(self, integer: int, watch_steps: WatchSteps | None = None, /) -> ScheduleResult: ...


def run_many(
    first_seed: int,
    count: int,
    processes: int,
    progress: Callable[[Tally], None] | None = None,
    run: RunsSchedule = run_schedule,
) -> Tally:
    """Run the schedules of `count` seeds, counting from `first_seed`; the tally does not depend on `processes`.

    run: a function of a module, which runs the schedule of a number.
    """
    tally = Tally()
    for result in results(first_seed, count, processes, run):
        tally.add(result)
        if progress is not None:
            progress(tally)
    return tally


def results(first_seed: int, count: int, processes: int, run: RunsSchedule = run_schedule) -> Iterator[ScheduleResult]:
    """The results in order of their seeds."""
    numbers = [ScheduleNumber(seed).integer for seed in range(first_seed, first_seed + count)]
    if processes == 1:
        yield from map(run, numbers)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(run, numbers, chunksize=BLOCK)
