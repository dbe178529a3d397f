"""Answers of `twokey explain`. Basis points are decimal text, so that sums stay exact."""

from pathlib import Path
from typing import ClassVar

from skills_lib.answers.model import Answer
from skills_lib.domain.models import FrozenModel


class ExplainedTradeLine(FrozenModel):
    """A trade of the session beside the same one of the replay; an id is empty where that side did not make it.

    `exits`: why each was closed.
    """

    symbol: str
    side: str
    session: str
    replay: str
    session_net_bps: str
    replay_net_bps: str
    difference_bps: str
    parts_bps: dict[str, str]
    exits: tuple[str, str]


class ExplanationAnswer(Answer):
    """Sums over all trades: the session's result less the replay's, and the parts that add up to it.

    `outside`: trades of the replay on books that the session did not see. `incomplete`: trades that are left out.
    """

    MATTERS: ClassVar[tuple[str, ...]] = ("difference_bps", "parts_bps")
    PARTS: ClassVar[tuple[str, ...]] = ("signal", "latency", "queue", "fee", "funding", "missed")

    difference_bps: str
    parts_bps: dict[str, str]
    session_net_bps: str
    replay_net_bps: str
    both: int
    session_only: int
    replay_only: int
    outside: int
    incomplete: int
    journal: Path
    tape: str
    limits: str
    trades: tuple[ExplainedTradeLine, ...]
