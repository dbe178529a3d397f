"""Holds the results of a sweep: metrics by combination, and the objective that scores them."""

from dataclasses import dataclass

import numpy as np

from skills_lib.backtest.metrics import METRICS, Figures
from skills_lib.backtest.sweep.evaluator import COLUMNS, figures_of
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.optimize.space import Space


@dataclass(frozen=True, slots=True)
class Objective:
    """The metric to maximise, among combinations with at least `min_trades` trades."""

    metric: str
    min_trades: int

    @classmethod
    def parse(cls, metric: str, min_trades: int) -> "Objective":
        """Parse both.

        Raises:
            InputError: no such metric, or a negative number of trades.
        """
        if metric not in METRICS:
            raise InputError(
                f"Unknown metric '{metric}'.{did_you_mean(metric, METRICS)} Allowed: {', '.join(METRICS)}."
            )
        if min_trades < 0:
            raise InputError(f"min-trades={min_trades} is not allowed. Give 0 or more.")
        return cls(metric, min_trades)

    def scores(self, rows: FloatArray) -> FloatArray:
        """float64[rows]: the metric of each row; -inf if it is undefined or there are too few trades."""
        values, trades = rows[:, COLUMNS[self.metric]], rows[:, COLUMNS["trades"]]
        return np.where(np.isnan(values) | ~(trades >= self.min_trades), -np.inf, values)


@dataclass(frozen=True, slots=True)
class SearchTable:
    """Evaluated points of a space: ascending flat `indices`, and their `rows` of metrics."""

    space: Space
    indices: IntArray
    rows: FloatArray

    def __len__(self) -> int:
        return len(self.indices)

    def parameters(self, row: int) -> dict[str, Value]:
        """The combination in `row`."""
        return self.space.combinations(self.indices[row : row + 1])[0]

    def figures(self, row: int) -> Figures:
        """The metrics in `row`."""
        return figures_of(self.rows[row])
