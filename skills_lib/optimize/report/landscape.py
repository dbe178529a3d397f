"""The combinations of an optimisation as cells of a map, from memory or from the stored table."""

import csv
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from skills_lib.backtest.figures import METRICS
from skills_lib.domain.bars import BoolArray, FloatArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.optimize.model import OptimizationResult
from skills_lib.optimize.table import SearchTable, is_eligible, raw_extreme, sign_of

RECOMMENDED = "recommended, centre of the best plateau"


@dataclass(frozen=True, slots=True)
class Landscape:
    """`values`: those of each varied parameter. `places`: int64[rows, varied], their positions.

    `figures`: float64[rows] of the metric, inf where perfect; `eligible`: bool[rows]. `marks`: positions of the marked
    points by label.
    """

    values: Mapping[str, list[Value]]
    places: IntArray
    figures: FloatArray
    eligible: BoolArray
    metric: str
    marks: Mapping[str, IntArray]

    @classmethod
    def of(cls, result: OptimizationResult, table: SearchTable, scores: FloatArray) -> Self:
        """From a search table and its scores."""
        places = table.space.positions(table.indices)[:, list(table.space.varied.values())]
        figures = sign_of(result.maximize) * scores
        return cls(_varied(result), places, figures, is_eligible(scores), result.maximize, _marks(result))

    @classmethod
    def read(cls, result: OptimizationResult) -> Self:
        """From the table of a stored optimisation.

        Raises:
            OSError, KeyError, ValueError: the table cannot be read.
        """
        varied, perfect = _varied(result), sign_of(result.maximize) * np.inf
        with result.artifacts.table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        positions = {name: {_key(value): i for i, value in enumerate(values)} for name, values in varied.items()}
        places = [[positions[name][_key(row[name])] for name in varied] for row in rows]
        figures = [float(row[result.maximize] or "nan") for row in rows]
        numbers = np.where(np.isinf(figures), perfect, figures)
        eligible = np.array([row["eligible"] == "True" for row in rows], dtype=np.bool_)
        shape = (len(rows), len(varied))
        return cls(
            varied, np.array(places, dtype=np.int64).reshape(shape), numbers, eligible, result.maximize, _marks(result)
        )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Pairs of varied parameters, in the strategy's order."""
        return list(itertools.combinations(self.values, 2))

    @property
    def label(self) -> str:
        return METRICS[self.metric].label

    def cells(self, x: str, y: str, widest: int) -> "Cells":
        """Medians over all other parameters; values are grouped where a side has more than `widest`."""
        by_x, by_y = (-(-len(self.values[name]) // widest) for name in (x, y))
        columns, rows = self._along(x) // by_x, self._along(y) // by_y
        shape = (-(-len(self.values[y]) // by_y), -(-len(self.values[x]) // by_x))
        chosen = self.eligible
        medians = _medians(rows[chosen] * shape[1] + columns[chosen], self.figures[chosen], shape[0] * shape[1])
        across, up = _groups(self.values[x], by_x), _groups(self.values[y], by_y)
        marks = {
            label: (int(place[self._axis(x)]) // by_x, int(place[self._axis(y)]) // by_y)
            for label, place in self.marks.items()
        }
        return Cells(medians.reshape(shape), across, up, marks)

    def profile(self, name: str) -> tuple[IntArray, FloatArray]:
        """Positions and figures of the eligible combinations of one varied parameter."""
        places = self._along(name)[self.eligible]
        order = np.argsort(places, kind="stable")
        return places[order], self.figures[self.eligible][order]

    def _axis(self, name: str) -> int:
        return list(self.values).index(name)

    def _along(self, name: str) -> IntArray:
        return self.places[:, self._axis(name)]


@dataclass(frozen=True, slots=True)
class Cells:
    """float64[y, x] `values`, nan where empty, inf where perfect.

    `columns`, `rows`: the values that share each of them; `marks`: marked cells (x, y).
    """

    values: FloatArray
    columns: list[list[Value]]
    rows: list[list[Value]]
    marks: dict[str, tuple[int, int]]


def coloured(values: FloatArray) -> FloatArray:
    """Values to colour: the most extreme number, or 1 without one, in place of inf, which has no colour."""
    numbers = values[np.isfinite(values)]
    best, worst = (numbers.max(), numbers.min()) if len(numbers) else (1.0, -1.0)
    return np.where(np.isposinf(values), best, np.where(np.isneginf(values), worst, values))


def centre_of(metric: str) -> float:
    """The neutral value of a metric: 1 where gains are divided by losses, else 0."""
    return 1.0 if metric in ("profit_factor", "omega") else 0.0


def _medians(cells: IntArray, figures: FloatArray, count: int) -> FloatArray:
    out = np.full(count, np.nan)
    order = np.lexsort((figures, cells))
    found, first, sizes = np.unique(cells[order], return_index=True, return_counts=True)
    ranked = figures[order]
    out[found] = (ranked[first + (sizes - 1) // 2] + ranked[first + sizes // 2]) / 2
    return out


def group_names(groups: list[list[Value]]) -> list[str]:
    """`10`, or `10 to 15` where several values share a cell."""
    return [f"{group[0]}" if len(group) == 1 else f"{group[0]} to {group[-1]}" for group in groups]


def group_starts(groups: list[list[Value]]) -> list[str]:
    """The first value of each group."""
    return [f"{group[0]}" for group in groups]


def _groups(values: list[Value], by: int) -> list[list[Value]]:
    return [values[i : i + by] for i in range(0, len(values), by)]


def _varied(result: OptimizationResult) -> dict[str, list[Value]]:
    return {name: values for name, values in result.space.items() if len(values) > 1}


def _marks(result: OptimizationResult) -> dict[str, IntArray]:
    points = {raw_extreme(result.maximize): result.best, RECOMMENDED: result.recommended}
    return {
        label: np.array([values.index(point.parameters[name]) for name, values in _varied(result).items()])
        for label, point in points.items()
    }


def _key(value: Value | str) -> str:
    """A value as it is found again in a table of text, where 1 may be written as 1.0."""
    try:
        return f"{float(value):.17g}" if not isinstance(value, bool) else str(value)
    except ValueError:
        return str(value)
