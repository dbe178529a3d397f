"""Measures points of a space: cached rows from memory or checkpoint, the rest from the evaluator."""

from collections.abc import Callable, Sequence

import numpy as np

from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.model import Span
from skills_lib.backtest.sweep.evaluator import Evaluator
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.optimize.checkpoint import Checkpoint
from skills_lib.optimize.space import Space
from skills_lib.optimize.table import SearchTable
from skills_lib.progress import Progress, no_progress

Measure = Callable[[IntArray], FloatArray]
"""Flat indices in, rows of metrics out, in the same order."""


class Measurer:
    """A `Measure` on one span that evaluates each point once and caches its row.

    Calls `progress(points measured, total, message)` after each batch; `progress` may raise to cancel.
    """

    def __init__(
        self,
        space: Space,
        evaluator: Evaluator,
        span: Span,
        checkpoint: Checkpoint | None = None,
        number: int = 0,
        progress: Progress = no_progress,
        total: int = 0,
    ) -> None:
        self._space, self._evaluator, self.span = space, evaluator, span
        self._checkpoint, self._number = checkpoint, number
        self._progress, self._total = progress, total
        self._indices, self._rows = np.empty(0, dtype=np.int64), np.empty((0, len(METRICS)))
        if checkpoint is not None:
            self._add(*_sorted(*checkpoint.known(number)))

    def __call__(self, indices: IntArray) -> FloatArray:
        if indices is self._indices:
            return self._rows
        missing = np.setdiff1d(indices, self._indices) if len(self._indices) else _ascending(indices)
        self._report_progress()
        size = self._evaluator.batch_size
        for first in range(0, len(missing), size):
            batch = missing[first : first + size] if len(missing) > size else missing
            self.learn(batch, self._evaluator.evaluate(self._space.combinations(batch), self.span))
            self._report_progress()
        return self._rows[np.searchsorted(self._indices, indices)]

    def __len__(self) -> int:
        """Points measured so far."""
        return len(self._indices)

    def learn(self, indices: IntArray, rows: FloatArray) -> None:
        """Store rows of points that were not measured before."""
        if self._checkpoint is not None:
            self._checkpoint.append(self._number, indices, rows)
        self._add(indices, rows)

    def table(self) -> SearchTable:
        """All points measured so far."""
        return SearchTable(self._space, self._indices, self._rows)

    def _add(self, indices: IntArray, rows: FloatArray) -> None:
        if not len(self._indices):
            self._indices, self._rows = indices, rows
            return
        together = np.concatenate([self._indices, indices])
        self._indices, first = np.unique(together, return_index=True)
        self._rows = np.concatenate([self._rows, rows])[first]

    def _report_progress(self) -> None:
        done = len(self._indices)
        self._progress(done, max(self._total, done), f"{self._evaluator.name}: combinations")


def _ascending(indices: IntArray) -> IntArray:
    """`indices` itself if ascending, so that all windows of a grid share one array."""
    return indices if (np.diff(indices) > 0).all() else np.unique(indices)


def _sorted(indices: IntArray, rows: FloatArray) -> tuple[IntArray, FloatArray]:
    found, first = np.unique(indices, return_index=True)
    return found, rows[first]


def measure_ahead(space: Space, evaluator: Evaluator, requests: Sequence[tuple[Measurer, IntArray]]) -> None:
    """Measure the points of all measurers that are still empty in one call of the evaluator."""
    fresh = [(measure, indices) for measure, indices in requests if not len(measure)]
    found = evaluator.evaluate_spans([(space.combinations(indices), measure.span) for measure, indices in fresh])
    for (measure, indices), rows in zip(fresh, found, strict=True):
        measure.learn(indices, rows)
