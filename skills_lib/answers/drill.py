"""The answer of `twokey live drill`."""

from typing import ClassVar

from skills_lib.answers.model import Answer
from skills_lib.domain.models import FrozenModel


class DrillStep(FrozenModel):
    """One step of a drill. found: what the exchange answered."""

    name: str
    passed: bool
    found: str


class DrillAnswer(Answer):
    """A rehearsal of closing. shadow: the positions rehearsed with; kept: whether status shows its date."""

    MATTERS: ClassVar = ("passed", "steps")

    passed: bool
    time: str
    seconds: float
    shadow: list[str]
    steps: list[DrillStep]
    kept: bool
