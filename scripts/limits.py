"""Limits of the numbers in options, refused in one line before a command begins."""

from collections.abc import Callable
from typing import TypeVar

import typer

from skills_lib.domain.limits import require_within

N = TypeVar("N", int, float, int | None, float | None)


def within(low: float, high: float) -> Callable[[typer.CallbackParam, N], N]:
    """A callback of an option that accepts `low` to `high`, both included, or no value; nan is neither."""

    def checked(option: typer.CallbackParam, value: N) -> N:
        if value is not None:
            require_within(f"--{str(option.name).replace('_', '-')}", value, low, high)
        return value

    return checked
