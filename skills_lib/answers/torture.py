"""Answers about a bot under the faults of the local exchange."""

from typing import ClassVar

from skills_lib.answers.model import Answer
from skills_lib.domain.models import FrozenModel


class TortureLine(FrozenModel):
    """One fault: how often it was applied, and what the exchange saw. Times in seconds of exchange time.

    `ended`: running (until it was asked to end), killed, silent (it never called the exchange), or the exit code.
    """

    fault: str
    applied: int
    ended: str
    orders: int
    fills: int
    refused: int
    duplicate_intents: int
    naked_positions: int
    longest_naked_s: float
    orphan_stops: int
    flat_after_s: float | None


class TortureAnswer(Answer):
    """Each fault's line. `clean`: faults under which nothing was repeated, naked, orphaned or left open.

    violations: of the daemon, a line each: orders repeated, an end that was not as it said, a journal that does not
    hold.
    """

    MATTERS: ClassVar = ("violations", "faults")

    bot: str
    faults: list[TortureLine]
    clean: int
    violations: tuple[str, ...] = ()
    limits: str
