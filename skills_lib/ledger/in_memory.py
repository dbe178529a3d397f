"""Counts trials in memory, for generated markets, which have no earlier trials."""

from collections.abc import Sequence

import numpy as np

from skills_lib.backtest.model import Parameters
from skills_lib.backtest.trials import TrialCount
from skills_lib.domain.bars import FloatArray


class InMemoryTrialCounter:
    """A `TrialCounter` of one examination, without earlier trials."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self._tried: set[tuple[object, ...]] = set()
        self._sharpes: FloatArray = np.empty(0)
        self._days = 0.0

    def reserve(self, combinations: Sequence[Parameters]) -> None:
        self._tried.update(tuple(parameters.items()) for parameters in combinations)

    def note(self, combinations: Sequence[Parameters], daily_sharpes: FloatArray, days: float) -> None:
        """Store only ratios over the longest span: shorter ones scatter by sampling error alone."""
        self.reserve(combinations)
        if days < self._days:
            return
        earlier = self._sharpes if days == self._days else np.empty(0)
        self._sharpes, self._days = np.concatenate([earlier, daily_sharpes[np.isfinite(daily_sharpes)]]), days

    def flush(self) -> None:
        """Nothing to write."""

    def count(self) -> TrialCount:
        return TrialCount(
            configurations=len(self._tried),
            evaluated=len(self._tried),
            sharpes=len(self._sharpes),
            sharpe_variance=float(self._sharpes.var(ddof=1)) if len(self._sharpes) > 1 else None,
            notices=[],
        )
