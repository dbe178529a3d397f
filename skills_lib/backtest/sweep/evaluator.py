"""The contract between a sweep's engine and everything that asks it: spans in, a matrix of metrics out."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.figures import METRICS, Figures
from skills_lib.backtest.model import Parameters, Span
from skills_lib.domain.bars import FloatArray

COLUMNS: Mapping[str, int] = {name: column for column, name in enumerate(METRICS)}
"""Column of each metric in a matrix of metrics."""

_COUNTS = frozenset({"trades"})


SpanWork = tuple[Sequence[Parameters], Span]


class Evaluator(Protocol):
    """An engine bound to one strategy, its bars and settings.

    `name`: the engine, as results report it. `batch_size`: combinations worth handing over at once; progress is
    reported and a checkpoint written after each batch. `notes`: what the user must know (a worker lost, an engine
    replaced by another, combinations that could not run); it grows while the engine works.

    A run on a span starts flat with the full cash, sees indicators computed from all bars up to each bar, acts
    first at the close of the span's second bar, and closes what it holds with the span's last bar.
    """

    name: str
    batch_size: int
    notes: list[str]

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        """float64[combinations, metrics] in the order of METRICS: inf where perfect or too large (`metrics.measure`).

        nan where undefined or where a run is impossible.
        """
        ...

    def evaluate_spans(self, work: Sequence[SpanWork]) -> list[FloatArray]:
        """What `evaluate` gives for each pair of combinations and span; an engine may run them side by side."""
        ...

    def daily_returns(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        """float64[combinations, UTC days of the span]: fractions, net of costs; nan where a run is impossible."""
        ...

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        """One run with `cash` quote currency at the start; bars are counted from the span's first.

        Raises:
            InputError: the strategy cannot run on this span.
        """
        ...


def row_of(figures: Figures) -> list[float]:
    """Figures as one row of the matrix; what is None in them is nan, perfect or not."""
    return [np.nan if (value := figures[name]) is None else float(value) for name in METRICS]


def figures_of(row: FloatArray) -> Figures:
    """One row of the matrix as figures: None where there is no finite number, counts whole."""
    return {name: _figure(name, float(row[column])) for name, column in COLUMNS.items()}


def _figure(name: str, value: float) -> float | int | None:
    if not np.isfinite(value):
        return None
    return int(value) if name in _COUNTS else value
