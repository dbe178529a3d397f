"""The contract between everything that evaluates and the trial ledger: counted first, evaluated afterwards."""

from collections.abc import Callable, Sequence
from typing import Protocol

from skills_lib.backtest.model import BacktestSettings, Parameters
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.domain.bars import FloatArray
from skills_lib.market.candles.model import Candles


class TrialCounter(Protocol):
    """Counts configurations of one strategy on one set of candles. `notices`: what the user must know of the count."""

    notices: list[str]

    def reserve(self, combinations: Sequence[Parameters]) -> None:
        """Write down, durably and before returning, that these are about to be evaluated; each counts once.

        Raises:
            OSError: the count cannot be kept, so nothing may be evaluated.
        """
        ...

    def note(self, combinations: Sequence[Parameters], daily_sharpes: FloatArray, days: float) -> None:
        """Keep what reserved combinations showed over `days`: float64[combinations], per day, nan where undefined."""
        ...

    def flush(self) -> None:
        """Write down what was noted."""
        ...


OpenTrialCounter = Callable[[LoadedStrategy, Candles, BacktestSettings], TrialCounter]
"""Opens the count for one strategy, its candles and settings; every pipeline asks for it before it evaluates."""
