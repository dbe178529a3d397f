"""Who counts the configurations that were tried: an examination asks before it evaluates and tells what it found."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from skills_lib.backtest.evaluator import Evaluator, Parameters, Span
from skills_lib.backtest.execution import Execution
from skills_lib.domain.bars import FloatArray


class TrialCount(NamedTuple):
    """Configurations ever evaluated on the candles, and the variance of their daily Sharpe ratios."""

    configurations: int
    sharpe_variance: float


class TrialBook(Protocol):
    """Where trials are counted. A ledger writes `reserve` down before it returns, so that a kill cannot undercount."""

    def reserve(self, combinations: Sequence[Parameters]) -> None:
        """These are about to be evaluated; those reserved before count once."""
        ...

    def record(self, combinations: Sequence[Parameters], daily_sharpes: FloatArray) -> TrialCount:
        """What was found, float64[combinations], nan where undefined; everything counted so far comes back."""
        ...


class OwnTrials:
    """Counts only what one examination tries, for markets that nobody has searched before."""

    def __init__(self) -> None:
        self._tried: set[tuple[object, ...]] = set()

    def reserve(self, combinations: Sequence[Parameters]) -> None:
        self._tried.update(tuple(parameters.items()) for parameters in combinations)

    def record(self, combinations: Sequence[Parameters], daily_sharpes: FloatArray) -> TrialCount:
        self.reserve(combinations)
        defined = daily_sharpes[np.isfinite(daily_sharpes)]
        variance = float(defined.var(ddof=1)) if len(defined) > 1 else 0.0
        return TrialCount(len(self._tried), variance)


class Reserving:
    """An evaluator that has every combination counted before it is evaluated."""

    def __init__(self, inner: Evaluator, book: TrialBook) -> None:
        self.name, self.batch_size, self.notes = inner.name, inner.batch_size, inner.notes
        self._inner, self._book = inner, book

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        self._book.reserve(combinations)
        return self._inner.evaluate(combinations, span)

    def daily_returns(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        self._book.reserve(combinations)
        return self._inner.daily_returns(combinations, span)

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        self._book.reserve([parameters])
        return self._inner.execute(parameters, span, cash)
