"""Measures the effect of each parameter and finds points at the edge of the space."""

import math
from collections.abc import Iterator

import numpy as np

from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.optimize.model import Sensitivity, ValueMedian, finite
from skills_lib.optimize.table import SearchTable, is_eligible


def sensitivities(table: SearchTable, scores: FloatArray, sign: float = 1.0) -> dict[str, Sensitivity]:
    """For each varied parameter, the median metric at each of its values over all other parameters tried.

    The metric is a score times `sign`: -1 where less of it is better.
    """
    eligible = is_eligible(scores)
    places = table.space.positions(table.indices)[eligible]
    return {
        name: _sensitivity(table.space.values[name], places[:, axis], sign * scores[eligible])
        for name, axis in table.space.varied.items()
    }


def at_edges(table: SearchTable, row: int) -> Iterator[str]:
    """Descriptions of the parameters of a point that are at their first or last value, with the range tried."""
    place = table.space.positions(table.indices[row : row + 1])[0]
    for name, axis in table.space.ordered.items():
        values = table.space.values[name]
        if place[axis] in (0, len(values) - 1):
            yield f"{name}={values[place[axis]]} (tried {values[0]} to {values[-1]})"


def _sensitivity(values: tuple[Value, ...], places: IntArray, scores: FloatArray) -> Sensitivity:
    medians = [_median(scores[places == i]) for i in range(len(values))]
    defined = [median for median in medians if not math.isnan(median)]
    effect = max(defined) - min(defined) if min(defined) < math.inf else 0.0
    found = [
        ValueMedian(value=value, median=finite(median), combinations=int((places == i).sum()))
        for i, (value, median) in enumerate(zip(values, medians, strict=True))
    ]
    return Sensitivity(effect=finite(effect), medians=found)


def _median(scores: FloatArray) -> float:
    return float(np.median(scores)) if len(scores) else math.nan
