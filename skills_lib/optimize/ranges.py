"""Parses parameter ranges: `fast=5:60:5`, `band_std=1.5:3:0.25`, `mode=ema,sma`, `slow=50`."""

import math
from collections.abc import Mapping, Sequence

from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.options import option
from skills_lib.domain.parameters import Parameter, parse_value

MAX_VALUES = 100_000


def parse_ranges(texts: Sequence[str], parameters: Mapping[str, Parameter]) -> dict[str, tuple[Value, ...]]:
    """The values of each named parameter, in the order typed.

    `low:high:step` includes both ends, with any step up to their distance; `low:high` uses the parameter's own step
    (1 if it has none); commas list values.

    Raises:
        InputError: not NAME=RANGE, an unknown or repeated name, an empty range, a value the parameter refuses.
    """
    found: dict[str, tuple[Value, ...]] = {}
    for text in texts:
        name, _, values = (part.strip() for part in text.partition("="))
        if not (name and values):
            raise InputError(
                f"{option('param', text)} is not NAME=RANGE. Write {option('param', 'fast=5:60:5')} or "
                f"{option('param', 'fast=5,10,20')}."
            )
        if name not in parameters:
            hint, known = did_you_mean(name, parameters), ", ".join(parameters) or "none"
            raise InputError(f"Unknown parameter '{name}'.{hint} Allowed: {known}.")
        if name in found:
            raise InputError(f"{option('param', name)} is given twice. List all values in one, such as {name}=5,10,20.")
        found[name] = _values(name, values, parameters[name])
    return found


def _values(name: str, text: str, parameter: Parameter) -> tuple[Value, ...]:
    parts = [part for item in text.split(",") for part in _expanded(name, item.strip(), parameter)]
    values = list(dict.fromkeys(parse_value(name, part, parameter) for part in parts))
    if all(isinstance(value, int | float) for value in values):
        values.sort()  # a neighbour is the next larger or smaller value
    return tuple(values)


def _expanded(name: str, text: str, parameter: Parameter) -> list[object]:
    ends = text.split(":")
    if len(ends) == 1:
        return [text]
    if len(ends) > 3:
        raise InputError(f"Range {name}={text} has {len(ends)} parts. Write low:high:step, such as {name}=5:60:5.")
    low, high, step = (*(_number(name, text, end) for end in ends), getattr(parameter, "step", 1))[:3]
    _check_range(f"Range {name}={text}", low, high, step, typed=len(ends) == 3)
    count = (high - low) / step + 1e-9
    values: list[object] = [round(low + i * step, 12) for i in range(math.floor(count) + 1)]
    return values if count - math.floor(count) <= 2e-9 else [*values, high]


def _check_range(shown: str, low: float, high: float, step: float, typed: bool) -> None:
    """Refuse a range without values or with too many, and a typed step that leaves nothing between its ends."""
    if step <= 0 or low > high:
        raise InputError(f"{shown} is empty. Write low:high:step, low first and a step above 0.")
    steps = (high - low) / step + 1e-9
    if typed and low < high and steps < 1:
        raise InputError(
            f"{shown} has a step of {step:g}, larger than the range. "
            f"Give at most {high - low:g}, or list the values, such as {low:g},{high:g}."
        )
    if steps >= MAX_VALUES:
        raise InputError(f"{shown} has too many values. At most {MAX_VALUES:,} are allowed: use a larger step.")


def _number(name: str, text: str, end: str) -> float:
    try:
        number = float(end)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"Range {name}={text} contains '{end}', which is not a number. Write {name}=5:60:5.") from None
    return number
