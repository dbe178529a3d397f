"""Represents a finite space of parameter combinations: a grid, its admissible points and their indices.

A combination is one flat index into the grid (row-major, parameters in the strategy's order), which
searches, checkpoints and neighbourhoods use as its identifier.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skills_lib.domain.bars import BoolArray, IntArray
from skills_lib.domain.constraints import Constraint, Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.options import option
from skills_lib.domain.parameters import ParameterSpace
from skills_lib.optimize.ranges import parse_ranges

MAX_POINTS = 1_000_000
"""Largest grid that is enumerated; larger grids can only be sampled."""


@dataclass(frozen=True)
class Space:
    """Values of every parameter, at least one each, and the constraints between them."""

    values: Mapping[str, tuple[Value, ...]]
    constraints: tuple[Constraint, ...] = ()

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(values) for values in self.values.values())

    @property
    def size(self) -> int:
        """Points of the grid, admissible or not."""
        return math.prod(self.shape)

    @cached_property
    def varied(self) -> dict[str, int]:
        """Parameters with more than one value, and their positions."""
        return {name: i for i, (name, values) in enumerate(self.values.items()) if len(values) > 1}

    @cached_property
    def ordered(self) -> dict[str, int]:
        """Varied parameters with numeric values, and their positions: points have neighbours along these only."""
        return {name: i for name, i in self.varied.items() if _are_numbers(self.values[name])}

    @property
    def is_enumerable(self) -> bool:
        return self.size <= MAX_POINTS

    @cached_property
    def admissible(self) -> IntArray:
        """Indices of all points that meet the constraints, ascending.

        Raises:
            InputError: the grid is too large to enumerate, or no point is left.
        """
        if not self.is_enumerable:
            raise InputError(
                f"The space has {self.size:,} combinations; at most {MAX_POINTS:,} can be enumerated. "
                f"Narrow it with {option('param')}, or sample it with {option('method', 'random')} or tpe and "
                f"{option('trials')}."
            )
        mask = np.ones(self.shape, dtype=np.bool_)
        for constraint in self.constraints:
            mask &= self._mask(constraint)
        return self._refuse_empty(np.flatnonzero(mask))

    def positions(self, indices: IntArray) -> IntArray:
        """int64[points, parameters]: the position of each point's values in `values`."""
        if not self.shape:  # a strategy without parameters has one point without coordinates
            return np.empty((len(indices), 0), dtype=np.int64)
        return np.stack(np.unravel_index(indices, self.shape), axis=-1).astype(np.int64)

    def indices(self, positions: IntArray) -> IntArray:
        """The inverse of `positions`."""
        return np.asarray(np.ravel_multi_index(tuple(positions.T), self.shape), dtype=np.int64)

    def combinations(self, indices: IntArray) -> list[dict[str, Value]]:
        """The parameters of each point."""
        if indices is vars(self).get("admissible"):
            return self._all
        return self._named(indices)

    @cached_property
    def _all(self) -> list[dict[str, Value]]:
        return self._named(self.admissible)

    def _named(self, indices: IntArray) -> list[dict[str, Value]]:
        names, columns = list(self.values), list(self.values.values())
        return [
            {name: values[i] for name, values, i in zip(names, columns, row, strict=True)}
            for row in self.positions(indices).tolist()
        ]

    def admits(self, index: int) -> bool:
        """Whether one point meets the constraints."""
        (combination,) = self.combinations(np.array([index]))
        return all(constraint.holds(combination) for constraint in self.constraints)

    def _mask(self, constraint: Constraint) -> BoolArray:
        """Whether `constraint` holds for each combination of its parameters; broadcastable to the grid's shape."""
        names = [name for name in self.values if name in constraint.names()]
        products = itertools.product(*(self.values[name] for name in names))
        holds = [constraint.holds(dict(zip(names, product, strict=True))) for product in products]
        return np.array(holds).reshape([len(v) if name in names else 1 for name, v in self.values.items()])

    def _refuse_empty(self, indices: IntArray) -> IntArray:
        if len(indices):
            return indices
        listed = " and ".join(constraint.text for constraint in self.constraints)
        raise InputError(f"None of the {self.size:,} combinations meets {listed}. Widen a range or drop a constraint.")


def make_space(declared: ParameterSpace, ranges: Sequence[str] = (), constraints: Iterable[str] = ()) -> Space:
    """The space to search: the parameters in `ranges` vary and the rest keep their defaults; without any, all vary.

    `constraints` are added to the strategy's own.

    Raises:
        InputError: an invalid range or constraint, or no parameter to vary.
    """
    parsed = tuple(Constraint.parse(text, declared.parameters) for text in constraints)
    if ranges:
        given = parse_ranges(ranges, declared.parameters)
        values = {name: given.get(name, (parameter.default,)) for name, parameter in declared.parameters.items()}
    else:
        values = {name: tuple(parameter.values()) for name, parameter in declared.parameters.items()}
    if not ranges and all(len(found) == 1 for found in values.values()):
        names = ", ".join(values) or "none"
        raise InputError(
            f"No parameter declares a range (there are: {names}). Give one, such as {option('param', 'NAME=5:60:5')}."
        )
    space = Space(values, (*declared.constraints, *parsed))
    if space.is_enumerable:
        _ = space.admissible  # refuse contradictory constraints before anything runs
    return space


def _are_numbers(values: Sequence[Value]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
