"""The interface of the trial ledger: pipelines count every configuration before they evaluate it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from skills_lib.backtest.model import BacktestSettings, Parameters
from skills_lib.backtest.source import StrategySource
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.models import FrozenModel
from skills_lib.market.candles.model import Candles


class TrialCount(FrozenModel):
    """All trials ever recorded on some candles.

    `configurations`: distinct strategy code, parameters, settings and timeframe. `evaluated`: those with a recorded
    result; the rest were reserved by interrupted runs and count too. `sharpe_variance`: of daily Sharpe ratios over
    spans at least half as long as the candles, None if fewer than two; `sharpes`: their number. `notices`: problems
    of the ledger's files, shown with every result.
    """

    configurations: int
    evaluated: int
    sharpes: int
    sharpe_variance: float | None
    notices: list[str]


class TrialCounter(Protocol):
    """Counts configurations of one strategy on one set of candles. `notices`: warnings about the count."""

    notices: list[str]

    def reserve(self, combinations: Sequence[Parameters]) -> None:
        """Durably record that these are about to be evaluated; each counts once.

        Raises:
            OSError: the count cannot be stored; do not evaluate.
        """
        ...

    def note(self, combinations: Sequence[Parameters], daily_sharpes: FloatArray, days: float) -> None:
        """Store the results of reserved combinations over `days`: float64[combinations], per day, nan if undefined."""
        ...

    def flush(self) -> None:
        """Write the noted results."""
        ...

    def count(self) -> TrialCount:
        """All trials recorded on these candles, including this counter's."""
        ...


OpenTrialCounter = Callable[[StrategySource, Candles, BacktestSettings], TrialCounter]
"""Opens the counter of a strategy, its candles and settings; pipelines call it before they evaluate."""
