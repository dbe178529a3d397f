"""Inputs, parameters and outputs of TA-Lib's functions, as TA-Lib describes them itself."""

from dataclasses import dataclass
from functools import cache
from inspect import Parameter, Signature
from types import MappingProxyType
from typing import Any, Literal

import talib
from talib import abstract

_SERIES = MappingProxyType({"price": "real", "price0": "real0", "price1": "real1"})
"""TA-Lib's description calls a free series a price; its documentation and its functions call it real."""


_PATH, _UNSTABLE = "Output is path-dependent", "Function has an unstable period"


@dataclass(frozen=True, slots=True)
class Specification:
    """One function. `defaults`: parameters in order; an int marks a whole number, a float a real one.

    `memory`: the earlier bars that a value depends on: those of a window, all of them with fading weight, or all.
    `lookback`: bars before the first value, with the defaults.
    """

    name: str
    title: str
    group: str
    inputs: tuple[str, ...]
    defaults: dict[str, int | float]
    outputs: tuple[str, ...]
    memory: Literal["window", "fading", "all"]
    lookback: int

    @property
    def signature(self) -> Signature:
        """As it is called: arrays, then parameters with their defaults."""
        arrays = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in self.inputs]
        options = [Parameter(n, Parameter.POSITIONAL_OR_KEYWORD, default=v) for n, v in self.defaults.items()]
        return Signature([*arrays, *options])

    @property
    def call(self) -> str:
        """How it is called: `ta.rsi(real, timeperiod=14)`."""
        return f"ta.{self.name}{self.signature}"


@cache
def specifications() -> dict[str, Specification]:
    """Every function by its name in lower case."""
    return {name.lower(): _specification(name) for name in talib.get_functions()}  # type: ignore[no-untyped-call]


def _specification(name: str) -> Specification:
    function = abstract.Function(name)  # type: ignore[attr-defined]
    info = function.info
    flags = info["function_flags"] or ()
    return Specification(
        name=name.lower(),
        title=info["display_name"],
        group=info["group"],
        inputs=tuple(_input_names(info["input_names"])),
        defaults=dict(info["parameters"]),
        outputs=tuple(info["output_names"]),
        memory="all" if _PATH in flags else "fading" if _UNSTABLE in flags else "window",
        lookback=function.lookback,
    )


def _input_names(described: dict[str, Any]) -> list[str]:
    names: list[str] = []
    for name, series in described.items():
        names += series if isinstance(series, list) else [_SERIES.get(name, name)]
    return names
