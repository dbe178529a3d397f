"""Chooses parameters on each train span and tests them on the test span that follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skills_lib.backtest.model import Span
from skills_lib.backtest.sweep.evaluator import COLUMNS, Evaluator
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.rounding import NO_CHANGE
from skills_lib.optimize.checkpoint import Checkpoint
from skills_lib.optimize.measure import Measurer, measure_ahead
from skills_lib.optimize.search import SearchPlan, search
from skills_lib.optimize.space import Space
from skills_lib.optimize.stability import PeakKind, RankedPoint, Surface
from skills_lib.optimize.table import Objective, SearchTable
from skills_lib.progress import Progress, no_progress
from skills_lib.walk_forward.windows import Window

Pick = Literal["plateau", "peak"]
"""Which point of a train span is tested: the recommended centre of the best plateau, or the raw maximum."""


def parse_pick(text: str) -> Pick:
    """Parse a pick.

    Raises:
        InputError: neither plateau nor peak.
    """
    picks: tuple[Pick, ...] = ("plateau", "peak")
    for pick in picks:
        if text == pick:
            return pick
    raise InputError(f"Unknown pick '{text}'.{did_you_mean(text, ('plateau', 'peak'))} Allowed: plateau, peak.")


@dataclass(frozen=True, slots=True)
class ChosenPoint:
    """The point chosen on one train span. `index`: the point in the space; `train`, `test`: rows of metrics."""

    index: int
    parameters: dict[str, Value]
    kind: PeakKind
    train: FloatArray
    test: FloatArray


@dataclass(frozen=True, slots=True)
class WindowChoice:
    """One window. `chosen` is None if no combination was eligible on the train span; then nothing is traded."""

    window: Window
    chosen: ChosenPoint | None
    evaluated: int


class WalkForward:
    """Chooses and tests parameters window by window."""

    def __init__(
        self, evaluator: Evaluator, space: Space, plan: SearchPlan, objective: Objective, pick: Pick = "plateau"
    ) -> None:
        self._evaluator, self._space, self._plan = evaluator, space, plan
        self._objective, self._pick = objective, pick
        self._surface: Surface | None = None

    def run(
        self, windows: Sequence[Window], checkpoint: Checkpoint | None = None, progress: Progress = no_progress
    ) -> list[WindowChoice]:
        """Choose and test in every window, oldest first; `progress` counts windows and may raise to cancel."""
        outcomes: list[WindowChoice] = []
        size = self._windows_at_once()
        for first in range(0, len(windows), size):
            progress(first, len(windows), f"{self._evaluator.name}: windows")
            outcomes += self._run_batch(first, windows[first : first + size], checkpoint)
        progress(len(windows), len(windows), f"{self._evaluator.name}: windows")
        return outcomes

    def _windows_at_once(self) -> int:
        """Windows per batch: a grid is known in advance, so an engine can run several train spans at once."""
        return max(1, self._evaluator.batch_size // len(self._space.admissible)) if self._plan.method == "grid" else 1

    def _run_batch(self, first: int, windows: Sequence[Window], checkpoint: Checkpoint | None) -> list[WindowChoice]:
        trains = [self._measurer(window.train, checkpoint, first + i) for i, window in enumerate(windows)]
        if len(trains) > 1:
            measure_ahead(self._space, self._evaluator, [(train, self._space.admissible) for train in trains])
        tables = [search(self._space, self._plan, train, self._objective) for train in trains]
        chosen_places = [self._place(table) for table in tables]
        tests = [
            (self._measurer(window.test, checkpoint, -1 - first - i), table.indices[place.row : place.row + 1])
            for i, (window, table, place) in enumerate(zip(windows, tables, chosen_places, strict=True))
            if place
        ]
        measure_ahead(self._space, self._evaluator, tests)
        tested = iter(tests)
        return [
            WindowChoice(window, _chosen(table, place, *next(tested)) if place else None, len(table))
            for window, table, place in zip(windows, tables, chosen_places, strict=True)
        ]

    def _measurer(self, span: Span, checkpoint: Checkpoint | None, number: int) -> Measurer:
        return Measurer(self._space, self._evaluator, span, checkpoint, number)

    def _place(self, table: SearchTable) -> RankedPoint | None:
        """The point to test; None if no combination was eligible."""
        scores = self._objective.scores(table.rows)
        peaks = self._surface_of(table).peaks(scores, self._objective.ranks(table.rows, scores))
        if peaks is None:
            return None
        return peaks.recommended if self._pick == "plateau" else peaks.best

    def _surface_of(self, table: SearchTable) -> Surface:
        """The surface of the table's points, cached because a grid has the same points in every window."""
        known = self._surface
        if known is None or (known.indices is not table.indices and not np.array_equal(known.indices, table.indices)):
            known = self._surface = Surface(self._space, table.indices)
        return known


def _chosen(table: SearchTable, place: RankedPoint, measure: Measurer, index: IntArray) -> ChosenPoint:
    train, test = table.rows[place.row], measure(index)[0]
    return ChosenPoint(int(index[0]), table.parameters(place.row), place.kind, train, test)


def efficiency(outcomes: Sequence[WindowChoice]) -> float | None:
    """Daily return out of sample over daily return in sample: each compounds to the returns of all windows together.

    None if nothing was chosen or the train spans did not earn money: the ratio would be meaningless.
    """
    chosen = [(o.window, o.chosen) for o in outcomes if o.chosen is not None]
    in_sample = _daily_return([found.train for _, found in chosen], sum(window.train_days for window, _ in chosen))
    out_of_sample = _daily_return([found.test for _, found in chosen], sum(window.test_days for window, _ in chosen))
    if not in_sample > NO_CHANGE:
        return None
    return out_of_sample / in_sample if np.isfinite(out_of_sample) else None


def _daily_return(rows: Sequence[FloatArray], days: float) -> float:
    """The return per day, a fraction, that compounds over `days` to the returns of all runs, one after the other."""
    multiples = np.array([1 + row[COLUMNS["return_pct"]] / 100 for row in rows])
    with np.errstate(divide="ignore"):  # log 0 after a total loss: -100 % a day
        return float(np.expm1(np.log(multiples).sum() / days)) if len(rows) else np.nan


def positive_share(outcomes: Sequence[WindowChoice]) -> float:
    """Share of all windows whose test span earned money after costs; a window without trades did not."""
    column = COLUMNS["return_pct"]
    threshold_pct = 100 * NO_CHANGE
    return sum(o.chosen is not None and bool(o.chosen.test[column] > threshold_pct) for o in outcomes) / len(outcomes)


def chosen_places(space: Space, outcomes: Sequence[WindowChoice]) -> dict[str, list[int]]:
    """For each varied parameter, the position of its chosen value in each window that chose."""
    indices = np.array([o.chosen.index for o in outcomes if o.chosen is not None], dtype=np.int64)
    found = space.positions(indices) if len(indices) else np.empty((0, len(space.shape)), dtype=np.int64)
    return {name: found[:, axis].tolist() for name, axis in space.varied.items()}
