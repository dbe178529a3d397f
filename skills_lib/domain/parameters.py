"""Typed strategy parameters: a default, the values allowed, and constraints between them.

A parameter is declared as a class attribute and read as a plain value, so a strategy that uses them is still
an ordinary `backtesting.Strategy`:

    class SmaCrossover(SignalStrategy):
        fast = Integer(10, low=2, high=100)
        slow = Integer(30, low=5, high=400)
        constraints = ("fast < slow",)
"""

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from skills_lib.domain.constraints import Constraint, Value
from skills_lib.domain.errors import InputError, did_you_mean

T = TypeVar("T", bound=Value)
_DASHED = re.compile(r"(-?[\d.]+)\s*(?:-|–|\.\.)\s*(-?[\d.]+)")


class Parameter(Protocol):
    """Interface of all kinds of parameters."""

    @property
    def default(self) -> Any: ...
    def parse(self, name: str, value: object) -> Value: ...
    def values(self) -> list[Any]: ...
    def allowed(self) -> str: ...


class _Declared(Generic[T]):
    """A non-data descriptor that returns the default until `setattr` shadows it on an instance."""

    default: T

    def __get__(self, instance: object, owner: type | None = None) -> T:
        return self.default


@dataclass(frozen=True)
class Integer(_Declared[int]):
    """A whole number from `low` to `high`; `step` is used by sweeps only."""

    default: int
    low: int
    high: int
    step: int = 1

    def __post_init__(self) -> None:
        _check_declaration(self)

    def parse(self, name: str, value: object) -> int:
        number = _number(name, value, self.allowed())
        if number != int(number) or not self.low <= number <= self.high:
            raise _outside(name, value, self.allowed())
        return int(number)

    def values(self) -> list[int]:
        return list(range(self.low, self.high + 1, self.step))

    def allowed(self) -> str:
        return f"a whole number from {self.low} to {self.high}"


@dataclass(frozen=True)
class Real(_Declared[float]):
    """A number from `low` to `high`; `step` is used by sweeps only."""

    default: float
    low: float
    high: float
    step: float

    def __post_init__(self) -> None:
        _check_declaration(self)

    def parse(self, name: str, value: object) -> float:
        number = _number(name, value, self.allowed())
        if not self.low <= number <= self.high:
            raise _outside(name, value, self.allowed())
        return number

    def values(self) -> list[float]:
        count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
        return [round(self.low + i * self.step, 12) for i in range(count)]

    def allowed(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Choice(_Declared[T]):
    """One of `options`."""

    default: T
    options: tuple[T, ...]

    def __post_init__(self) -> None:
        if self.default not in self.options:
            raise InputError(f"The default {self.default} is not allowed. Give {self.allowed()}.")

    def parse(self, name: str, value: object) -> T:
        for option in self.options:
            if _same(value, option):
                return option
        raise _outside(name, value, self.allowed())

    def values(self) -> list[T]:
        return list(self.options)

    def allowed(self) -> str:
        return "one of " + ", ".join(str(option) for option in self.options)


@dataclass(frozen=True)
class Untyped:
    """A class attribute of a plain `backtesting.Strategy`: values have the type of its default, without a range."""

    default: Value

    def parse(self, name: str, value: object) -> Value:
        if isinstance(self.default, bool):
            return Choice(self.default, (True, False)).parse(name, value)
        if isinstance(self.default, str):
            return str(value)
        number = _number(name, value, self.allowed())
        if isinstance(self.default, int) and number == int(number):
            return int(number)
        return number

    def values(self) -> list[Value]:
        return [self.default]

    def allowed(self) -> str:
        return {bool: "true or false", str: "text"}.get(type(self.default), "a number")


@dataclass(frozen=True)
class ParameterSpace:
    """All parameters of one strategy and the constraints between them."""

    parameters: Mapping[str, Parameter]
    constraints: tuple[Constraint, ...] = ()

    def defaults(self) -> dict[str, Value]:
        return {name: parameter.default for name, parameter in self.parameters.items()}

    def resolve(self, given: Mapping[str, object]) -> dict[str, Value]:
        """Values of all parameters: the checked `given` ones, and defaults for the rest.

        Raises:
            InputError: an unknown name, a value outside its range, or a violated constraint.
        """
        values = self.defaults() | {name: self._parse(name, value) for name, value in given.items()}
        for constraint in self.constraints:
            if not constraint.holds(values):
                found = ", ".join(f"{name}={values[name]}" for name in constraint.names())
                raise InputError(f"{found} violates the constraint {constraint.text}. Change one of them.")
        return values

    def combinations(self) -> Iterator[dict[str, Value]]:
        """Every admissible combination of `values()`, in lexicographic order."""
        names = list(self.parameters)
        for values in itertools.product(*(parameter.values() for parameter in self.parameters.values())):
            combination = dict(zip(names, values, strict=True))
            if all(constraint.holds(combination) for constraint in self.constraints):
                yield combination

    def _parse(self, name: str, value: object) -> Value:
        if name not in self.parameters:
            known = ", ".join(self.parameters) or "none"
            raise InputError(f"Unknown parameter '{name}'.{did_you_mean(name, self.parameters)} Allowed: {known}.")
        return parse_value(name, value, self.parameters[name])


def parse_value(name: str, value: object, parameter: Parameter) -> Value:
    """The value of one parameter; `5-60`, which looks like a range, is refused with the form that searches take.

    Raises:
        InputError: a value that the parameter does not allow.
    """
    try:
        return parameter.parse(name, value)
    except InputError as error:
        raise InputError(f"{error}{_range_hint(name, str(value), parameter)}") from None


def _range_hint(name: str, text: str, parameter: Parameter) -> str:
    """How to write `5-60` as a range within what is allowed, or "" for any other text."""
    match = _DASHED.fullmatch(text.strip())
    if match is None or isinstance(parameter, Choice) or isinstance(parameter.default, bool):
        return ""
    try:
        low, high = sorted(map(float, match.groups()))
    except ValueError:  # 1.2.3
        return ""
    low, high = max(low, getattr(parameter, "low", low)), min(high, getattr(parameter, "high", high))
    if low >= high:
        return ""
    step = min(getattr(parameter, "step", 1), high - low)
    return f" Only a search takes a range; it is low:high:step, such as {name}={low:g}:{high:g}:{step:g}."


def _number(name: str, value: object, allowed: str) -> float:
    if isinstance(value, bool):
        raise _outside(name, value, allowed)
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise _outside(name, value, allowed) from None
    if not math.isfinite(number):
        raise _outside(name, value, allowed)
    return number


def _same(value: object, option: Value) -> bool:
    """Whether `value`, possibly text, equals `option`: "TRUE" is True, "2" is 2.0, but 1 is not True."""
    if isinstance(value, bool) or isinstance(option, bool | str) or not isinstance(value, int | float | str):
        return str(value).strip().casefold() == str(option).casefold()
    try:
        return float(value) == option
    except (ValueError, OverflowError):
        return False


def _check_declaration(parameter: Integer | Real) -> None:
    if not parameter.low <= parameter.default <= parameter.high:
        raise InputError(f"The default {parameter.default} is not allowed. Give {parameter.allowed()}.")
    if not parameter.step > 0:
        raise InputError(f"The step {parameter.step} is not allowed. Give a step above 0.")


def _outside(name: str, value: object, allowed: str) -> InputError:
    shown = " ".join(str(value).split())[:60]
    return InputError(f"Parameter {name}={shown} is not allowed. Give {allowed}.")
