"""Holds the results of a sweep: metrics by combination, and the objective that scores them."""

from dataclasses import dataclass

import numpy as np

from skills_lib.backtest.figures import LOWER, METRICS, Figures
from skills_lib.backtest.sweep.evaluator import COLUMNS, figures_of
from skills_lib.domain.bars import BoolArray, FloatArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.limits import MAX_COUNT, require_within
from skills_lib.optimize.space import Space

OBJECTIVES = tuple(name for name, metric in METRICS.items() if metric.better)
"""Metrics that can be optimised; of the others neither more nor less is better."""


def sign_of(metric: str) -> float:
    """1 where more of `metric` is better, -1 where less is."""
    return -1.0 if METRICS[metric].better == LOWER else 1.0


def optimised(metric: str) -> str:
    """The metric and its direction: `Sharpe maximised`, `Longest drawdown minimised`."""
    return f"{METRICS[metric].label} {'minimised' if METRICS[metric].better == LOWER else 'maximised'}"


def raw_extreme(metric: str) -> str:
    """What the best of all tried is called: `raw maximum` or `raw minimum`."""
    return "raw minimum" if METRICS[metric].better == LOWER else "raw maximum"


def is_eligible(scores: FloatArray) -> BoolArray:
    """bool[rows]: which have enough trades and a defined or perfect metric."""
    return scores > -np.inf


@dataclass(frozen=True, slots=True)
class Objective:
    """The metric to optimise, in its own direction, among combinations with at least `min_trades` trades."""

    metric: str
    min_trades: int

    @classmethod
    def parse(cls, metric: str, min_trades: int) -> "Objective":
        """Parse both.

        Raises:
            InputError: no such metric, one without a better direction, or a number of trades that is not allowed.
        """
        if metric not in METRICS:
            raise InputError(
                f"Unknown metric '{metric}'.{did_you_mean(metric, OBJECTIVES)} Allowed: {', '.join(OBJECTIVES)}."
            )
        if metric not in OBJECTIVES:
            raise InputError(
                f"'{metric}' is no objective: neither more nor less of it is better. Allowed: {', '.join(OBJECTIVES)}."
            )
        require_within("min-trades", min_trades, 0, MAX_COUNT)
        return cls(metric, min_trades)

    @property
    def sign(self) -> float:
        """1 where more of the metric is better, -1 where less is; scores are the metric times this."""
        return sign_of(self.metric)

    def scores(self, rows: FloatArray) -> FloatArray:
        """float64[rows]: the metric times `sign`, so that more is better.

        inf where it is perfect; -inf where it is undefined or there are too few trades.
        """
        values, trades = rows[:, COLUMNS[self.metric]], rows[:, COLUMNS["trades"]]
        return np.where(np.isnan(values) | ~(trades >= self.min_trades), -np.inf, self.sign * values)

    def ranks(self, rows: FloatArray, scores: FloatArray) -> FloatArray:
        """float64[rows] in the order of `scores`: the perfect ones, all inf there, by return and then by trades.

        `scores` themselves where none is perfect; else places from 0 up, equal ones equal, -inf still -inf.
        """
        is_perfect = np.isposinf(scores)
        if not is_perfect.any():
            return scores
        by_return, by_trades = (np.where(is_perfect, rows[:, COLUMNS[name]], 0.0) for name in ("return_pct", "trades"))
        order = np.lexsort((by_trades, by_return, scores))
        keys = np.column_stack([scores, by_return, by_trades])[order]
        ranks = np.empty(len(scores))
        ranks[order] = np.cumsum(np.append(False, (keys[1:] != keys[:-1]).any(axis=1)))
        return np.where(is_eligible(scores), ranks, -np.inf)


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
