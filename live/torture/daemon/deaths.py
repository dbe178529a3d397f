"""When the process of a schedule dies: at which write of its journal, how, and for how long it is gone."""

import random
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from live.client.wire import S
from live.journal.errors import JournalError
from live.journal.sinks import FileSink

_AT: Final = (1, 2, 3, 5, 8, 20, 50, 120, 300)
"""Writes of a life before it ends, about: a life of a schedule has some hundreds."""
_GONE_NS: Final = (S // 20, S // 5, S, 4 * S, 12 * S, 40 * S)
_LONGEST: Final = 4


class DiedError(BaseException):
    """The process has ended. No code of the daemon catches it."""


class Death(StrEnum):
    """How: a record is not written, half written, or written but what follows is not done.

    FULL is no death: from this write on the disk is full.
    """

    BEFORE = "before"
    TORN = "torn"
    AFTER = "after"
    FULL = "full"


class PlannedDeath(NamedTuple):
    """at: the write of a life, from 0. gone_ns: until the next process starts."""

    at: int
    death: Death
    gone_ns: int


def deaths_of(seed: int) -> tuple[PlannedDeath, ...]:
    """The deaths of a schedule, one for each life in turn; a quarter of all schedules has none."""
    source = random.Random(f"schedule deaths {seed}")
    return tuple(_death(source) for _ in range(source.randrange(_LONGEST) if source.random() < 0.75 else 0))


def _death(source: random.Random) -> PlannedDeath:
    kind = source.choices(tuple(Death), (3, 3, 6, 1))[0]
    at = source.choice(_AT)
    return PlannedDeath(at + source.randrange(at + 1), kind, source.choice(_GONE_NS))


class MortalSink(FileSink):
    """A journal's file in whose writes the process dies. planned: None if it does not."""

    planned: PlannedDeath | None = None
    writes: int = 0

    def write(self, data: bytes) -> None:
        """Write, or die.

        Raises:
            DiedError: the process has ended.
            JournalError: the disk is full.
        """
        number, planned = self.writes, self.planned
        self.writes += 1
        if planned is None or number < planned.at:
            super().write(data)
        elif planned.death is Death.FULL:
            raise JournalError(f"{self.path.name}: no space is left on the disk of this schedule")
        else:
            if planned.death is not Death.BEFORE:
                super().write(data if planned.death is Death.AFTER else data[: len(data) // 2])
            raise DiedError


def mortal(planned: PlannedDeath | None, path: Path, *, new: bool) -> MortalSink:
    """The file of a journal."""
    sink = MortalSink.create(path) if new else MortalSink.open(path)
    sink.planned = planned
    return sink
