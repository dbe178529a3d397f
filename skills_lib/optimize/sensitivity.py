"""Measures the effect of each parameter and finds points at the edge of the space."""

from collections.abc import Iterator

import numpy as np

from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.optimize.model import Sensitivity, ValueMedian
from skills_lib.optimize.table import SearchTable


def sensitivities(table: SearchTable, scores: FloatArray) -> dict[str, Sensitivity]:
    """For each varied parameter, the median score at each of its values over all other parameters tried."""
    eligible = np.isfinite(scores)
    places = table.space.positions(table.indices)[eligible]
    return {
        name: _sensitivity(table.space.values[name], places[:, axis], scores[eligible])
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
    found = [_median(value, scores[places == i]) for i, value in enumerate(values)]
    defined = [entry.median for entry in found if entry.median is not None]
    return Sensitivity(effect=max(defined) - min(defined), medians=found)


def _median(value: Value, scores: FloatArray) -> ValueMedian:
    median = float(np.median(scores)) if len(scores) else None
    return ValueMedian(value=value, median=median, combinations=len(scores))
