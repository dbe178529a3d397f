"""What a strategy is checked on: admissible combinations of its parameters, each on generated bars of another kind."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from backtesting import Strategy

from skills_lib.backtest.strategy import parameter_space
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.domain.parameters import ParameterSpace
from skills_lib.testing.bars import random_walk

COMBINATIONS = 16
"""Combinations of parameters that are checked, the defaults first."""
_ATTEMPTS = 400
_MARKETS: tuple[dict[str, float], ...] = (
    {"bars": 1_500, "minutes": 60},
    {"bars": 1_000, "minutes": 15, "gaps": 4, "volatility": 0.004},
    {"bars": 3_000, "minutes": 60, "start": 30_000.0, "gaps": 3},
    {"bars": 700, "minutes": 1_440, "volatility": 0.03},
    {"bars": 1_500, "minutes": 1, "volatility": 0.001},
    {"bars": 1_000, "minutes": 240, "volatility": 0.02, "start": 0.5},
)


@dataclass(frozen=True, slots=True)
class Case:
    """One combination of all parameters, and the bars to compute signals on."""

    parameters: dict[str, Value]
    bars: Bars

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"with {given or 'no parameters'}, on {len(self.bars):,} generated bars"


def cases_of(strategy: type[Strategy]) -> Iterator[Case]:
    """Every combination on generated bars; markets differ in timeframe, volatility, price level and gaps.

    Raises:
        InputError: a constraint of the strategy that cannot be parsed.
    """
    rng = np.random.default_rng(0)
    for number, parameters in enumerate(combinations(parameter_space(strategy), rng)):
        market = _MARKETS[number % len(_MARKETS)]
        yield Case(parameters, random_walk(**{"seed": number} | market))  # type: ignore[arg-type]


def combinations(space: ParameterSpace, rng: np.random.Generator) -> list[dict[str, Value]]:
    """The defaults, and up to 15 other admissible combinations: lowest, highest and random values."""
    found = [space.defaults()]
    values = {name: parameter.values() for name, parameter in space.parameters.items()}
    extremes = [{name: of[end] for name, of in values.items()} for end in (0, -1)]
    random_values = ({name: of[int(rng.integers(len(of)))] for name, of in values.items()} for _ in range(_ATTEMPTS))
    for candidate in (*extremes, *random_values):
        if len(found) == COMBINATIONS:
            break
        if candidate not in found and all(constraint.holds(candidate) for constraint in space.constraints):
            found.append(candidate)
    return found
