"""Rates points as plateau or spike by the scores in their neighbourhood, and recommends one.

The neighbourhood of a point is the point and, along every varied numeric parameter, the next smaller and the next
larger value with all other parameters equal, as far as they were tried. Its median is the lower median of these
scores; a combination with too few trades or without a defined score counts as the worst, a perfect one as the best.
The value of a point is the smaller of this median and its own score, so that neither a spike nor a pit is rated high.
The point with the highest value is recommended; among ties, the one closest to the centre of their largest connected
group.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.optimize.space import Space

PeakKind = Literal["plateau", "spike", "unknown"]

PLATEAU_SHARE = 0.5
"""A plateau's neighbourhood median retains at least this share of the point's lead over the median combination."""


@dataclass(frozen=True, slots=True)
class RankedPoint:
    """One rated point. `row`: its row in the table; `neighbours`: how many of its neighbours were tried."""

    row: int
    score: float
    neighbourhood_median: float
    neighbours: int
    kind: PeakKind


@dataclass(frozen=True, slots=True)
class Peaks:
    """The raw maximum, and the recommended centre of the best plateau."""

    best: RankedPoint
    recommended: RankedPoint


class Surface:
    """Neighbour relations of a set of tried points; built once, then used with any scores of these points."""

    def __init__(self, space: Space, indices: IntArray) -> None:
        self.space, self.indices = space, indices
        self._around = _rows_around(space, indices)
        self._counts = (self._around >= 0).sum(axis=1)
        self._each = np.arange(len(indices))
        self._neighbourhoods = np.column_stack([self._each, self._around])
        self._supported = self._counts >= (len(space.ordered) or np.inf)
        """Points with at least as many tried neighbours as a corner of the grid has; other points are not rated."""

    def medians(self, scores: FloatArray) -> FloatArray:
        """Lower median of the scores in each point's neighbourhood."""
        padded = np.append(scores, np.inf)  # a missing neighbour, at row -1, sorts last
        ascending: FloatArray = np.sort(padded[self._neighbourhoods], axis=1)
        medians: FloatArray = ascending[self._each, self._counts // 2]
        return medians

    def peaks(self, scores: FloatArray, ranks: FloatArray | None = None) -> Peaks | None:
        """Best and recommended point; None if no point has a score. `ranks`: the order of the scores, ties included."""
        order = scores if ranks is None else ranks
        if not len(order) or not order[highest := int(order.argmax())] > -np.inf:
            return None
        eligible = scores > -np.inf
        medians, typical = self.medians(scores), _median(scores[eligible])
        supported = self._supported & eligible
        if not supported.any():
            only = self._place(highest, scores, medians, typical)
            return Peaks(only, only)
        worth = np.minimum(order, medians if order is scores else self.medians(order))
        tied = np.flatnonzero(supported & (worth == worth[supported].max()))
        centre = self._closest_to_centre(tied)
        return Peaks(self._place(highest, scores, medians, typical), self._place(centre, scores, medians, typical))

    def _place(self, row: int, scores: FloatArray, medians: FloatArray, typical: float) -> RankedPoint:
        score, median = float(scores[row]), float(medians[row])
        keeps = _keeps(score, median, typical)
        kind: PeakKind = "unknown" if not self._supported[row] else "plateau" if keeps else "spike"
        return RankedPoint(row, score, median, int(self._counts[row]), kind)

    def _closest_to_centre(self, tied: IntArray) -> int:
        if len(tied) == 1:
            return int(tied[0])
        group = self._largest_group(set(tied.tolist()))
        places = self.space.positions(self.indices[group]).astype(np.float64)
        distance = ((places - places.mean(axis=0)) ** 2).sum(axis=1)
        return int(group[int(distance.argmin())])

    def _largest_group(self, rows: set[int]) -> IntArray:
        largest: list[int] = []
        while rows:
            group, edge = [], [rows.pop()]
            while edge:
                group.append(row := edge.pop())
                found = rows & set(self._around[row].tolist())
                rows -= found
                edge.extend(found)
            largest = max(largest, group, key=lambda found: (len(found), -min(found, default=0)))
        return np.array(sorted(largest), dtype=np.int64)


def _keeps(score: float, median: float, typical: float) -> bool:
    """Whether a neighbourhood keeps enough of a point's lead; of a perfect score, inf, only another one is enough."""
    if np.isinf(score) or np.isinf(typical):
        return median >= score
    return median - typical >= PLATEAU_SHARE * (score - typical)


def _median(values: FloatArray) -> float:
    """Median of values, of which some may be inf; three times as fast as `numpy.median`."""
    ascending = np.sort(values)
    return float(ascending[(len(values) - 1) // 2] + ascending[len(values) // 2]) / 2


def neighbours_of(space: Space, indices: IntArray) -> list[int]:
    """Flat indices of all neighbours of the points, admissible or not, each once."""
    around = _indices_around(space, indices)
    return sorted(set(around[around >= 0].tolist()))


def _rows_around(space: Space, indices: IntArray) -> IntArray:
    """int64[points, 2 × ordered parameters]: the row of each neighbour in `indices`, -1 if not tried."""
    around = _indices_around(space, indices)
    rows = np.minimum(np.searchsorted(indices, around), max(len(indices) - 1, 0))
    return np.where(indices[rows] == around, rows, -1)


def _indices_around(space: Space, indices: IntArray) -> IntArray:
    places = space.positions(indices)
    columns = [_step(space, indices, places, axis, by) for axis in space.ordered.values() for by in (-1, 1)]
    return np.column_stack(columns) if columns else np.empty((len(indices), 0), dtype=np.int64)


def _step(space: Space, indices: IntArray, places: IntArray, axis: int, by: int) -> IntArray:
    stride = int(np.prod(space.shape[axis + 1 :], dtype=np.int64))
    moved = places[:, axis] + by
    return np.where((moved >= 0) & (moved < space.shape[axis]), indices + by * stride, -1)
