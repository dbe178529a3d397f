"""TA-Lib's indicators by name, in lower case: `ta.rsi(bars.close, 14)`, `ta.bbands(bars.close, timeperiod=20)`.

Inputs and parameters have TA-Lib's names, order and defaults; docs/indicators.md lists them all. Values are nan, and
candlestick patterns 0, until an indicator is defined. TA-Lib is imported by the first use of a name.
"""

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class MaType(IntEnum):
    """Kinds of moving averages, for parameters named `matype`."""

    SMA = 0
    EMA = 1
    WMA = 2
    DEMA = 3
    TEMA = 4
    TRIMA = 5
    KAMA = 6
    MAMA = 7
    T3 = 8
    HMA = 9
    ZLEMA = 12
    RMA = 13


def __getattr__(name: str) -> "Callable[..., Any]":
    """The indicator `name`.

    Raises:
        UnknownIndicatorError: TA-Lib has none of this name; the message suggests the closest one.
    """
    if name.startswith("__"):
        raise AttributeError(name)  # as Python asks for by itself
    from skills_lib.domain.ta.functions import indicator

    found = globals()[name] = indicator(name)
    return found


def __dir__() -> list[str]:
    """Every indicator, and `MaType`."""
    from skills_lib.domain.ta.specification import specifications

    return sorted([*specifications(), "MaType"])
