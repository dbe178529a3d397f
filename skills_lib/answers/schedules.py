"""The answer of `twokey live faults`."""

from typing import ClassVar

from skills_lib.answers.model import Answer
from skills_lib.domain.models import FrozenModel


class WorstSchedule(FrozenModel):
    """The first schedule that broke an invariant, as small as it could be made. seed: repeats it with --schedule."""

    seed: int
    invariant: str


class SchedulesAnswer(Answer):
    """What schedules came to. events: that the engines took. trades: entries with a fill. violations: of invariants.

    kinds: how often each kind of fault applied. story: of the worst schedule, a line each.
    """

    MATTERS: ClassVar = ("violations", "worst", "kinds")

    schedules: int
    events: int
    trades: int
    violations: int
    worst: WorstSchedule | None
    kinds: dict[str, int]
    story: list[str]
    limits: str
