"""A strategy that an interface hands in, with the settings of its run."""

from dataclasses import dataclass

from live.bars.decider import Computes
from live.bars.series import LONGEST_LIST
from live.engine.settings import BarSettings
from skills_lib.domain.errors import InputError
from skills_lib.domain.timeframes import Timeframe

LONGEST_HISTORY = LONGEST_LIST - 1
"""One answer of the exchange's list, whose last bar is open."""


@dataclass(frozen=True)
class BarStrategy:
    """settings: of the run, which the journal holds. compute: the strategy with its parameters.

    Raises:
        InputError: an unknown timeframe, or a history that one answer of the exchange cannot hold.
    """

    settings: BarSettings
    compute: Computes

    def __post_init__(self) -> None:
        Timeframe.parse(self.settings.timeframe)
        if not 2 <= self.settings.history_bars <= LONGEST_HISTORY:
            raise InputError(
                f"history_bars is {self.settings.history_bars}. Give a number from 2 to {LONGEST_HISTORY}."
            )

    @property
    def interval_ms(self) -> int:
        """Length of a bar."""
        return Timeframe.parse(self.settings.timeframe).seconds * 1_000
