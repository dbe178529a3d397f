"""The answer of a replay on recorded order books."""

from typing import ClassVar

from pydantic import Field

from skills_lib.answers.model import SearchAnswer
from skills_lib.domain.models import FrozenModel


class MeanAnswer(FrozenModel):
    """A mean with its 95 % interval; null where there are too few trades."""

    mean: float | None
    ci95: tuple[float, float] | None


class LineAnswer(FrozenModel):
    """Trades of one variant: bps of the entry value, before and after costs."""

    trades: int
    gross_bps: MeanAnswer
    net_bps: MeanAnswer


class RandomAnswer(LineAnswer):
    """Random entries, all runs pooled. as_good: runs whose net mean is at least the strategy's."""

    runs: int
    as_good: int


class ControlsAnswer(FrozenModel):
    """The controls under the fill model of the replay; those under the other models are in the file at `path`."""

    random: RandomAnswer
    inverted: LineAnswer
    delayed: LineAnswer


class JournalAnswer(FrozenModel):
    """The journal of the first tape; those of others are in the file at `path`. head: hash of its last record."""

    file: str
    head: str


class ReplayAnswer(SearchAnswer):
    """A replay. verdict: survives, not_shown, does_not_survive or too_few_trades; sentence and reasons say why.

    updates: books that reached the engine; signals: those on which the signal named a side. win_rate and
    break_even_win_rate: shares of trades after costs. fills: the strategy under each fill model. trials: counted on
    these tapes up to the choice. chosen: the best combination of a sweep, or nothing. effective_limits: with their
    units; limits: of the method.
    """

    MATTERS: ClassVar = ("controls", "fills")

    verdict: str
    sentence: str
    reasons: list[str]
    synthetic: bool
    id: str
    decisions_sha256: str
    journal: JournalAnswer
    updates: int
    signals: int
    trades: int
    gross_bps: MeanAnswer
    net_bps: MeanAnswer
    break_even_cost_bps: float | None
    win_rate: float | None
    break_even_win_rate: float | None
    profit_factor: float | None
    exits: dict[str, int]
    controls: ControlsAnswer
    fills: dict[str, LineAnswer]
    trials: int
    chosen: dict[str, str] = Field(default_factory=dict)
    effective_limits: dict[str, str]
    limits: list[str]
    seconds: float
