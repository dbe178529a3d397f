"""Describes a strategy and its parameters."""

import inspect
import sys
from typing import Literal

from backtesting import Strategy

from skills_lib.backtest.strategy import SignalStrategy, parameter_space
from skills_lib.domain.constraints import Value
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.parameters import Parameter


class ParameterDescription(FrozenModel):
    """One parameter. `values_in_sweep`: number of values in a full sweep."""

    name: str
    default: Value
    allowed: str
    values_in_sweep: int


class StrategyDescription(FrozenModel):
    """One strategy. `executor`: "signals" runs on every executor, "next" on backtesting.py only."""

    name: str
    title: str
    description: str
    executor: Literal["signals", "next"]
    parameters: list[ParameterDescription]
    constraints: list[str]


def describe(name: str, strategy: type[Strategy]) -> StrategyDescription:
    """Describe the class loaded as `name`; the first paragraph of its docstring is the title.

    Raises:
        InputError: a constraint that cannot be parsed or uses an unknown parameter.
    """
    space = parameter_space(strategy)
    title, _, description = _docstring(strategy).partition("\n\n")
    return StrategyDescription(
        name=name,
        title=" ".join(title.split()) or strategy.__name__,
        description=description,
        executor="signals" if issubclass(strategy, SignalStrategy) else "next",
        parameters=[_parameter(key, parameter) for key, parameter in space.parameters.items()],
        constraints=[constraint.text for constraint in space.constraints],
    )


def _docstring(strategy: type[Strategy]) -> str:
    own = strategy.__doc__ or getattr(sys.modules.get(strategy.__module__), "__doc__", None)
    return inspect.cleandoc(own or "")


def _parameter(name: str, parameter: Parameter) -> ParameterDescription:
    return ParameterDescription(
        name=name,
        default=parameter.default,
        allowed=parameter.allowed(),
        values_in_sweep=len(parameter.values()),
    )
