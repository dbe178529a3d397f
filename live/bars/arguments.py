"""Settings of a strategy on bars as a person writes them: `stop_bps=150`, `order_usd=2500`."""

from collections.abc import Mapping
from typing import Final

from live.bars.strategy import LONGEST_HISTORY
from live.engine.settings import BarSettings
from live.engine.units import Unit
from live.money import SCALE, parse
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.timeframes import Timeframe

_BOUNDS: Final[Mapping[str, tuple[Unit, int, int]]] = {
    "history_bars": (Unit.COUNT, 2, LONGEST_HISTORY),
    "order_usd": (Unit.USD, 1, 1_000_000_000 * SCALE),
    "stop_bps": (Unit.BPS, 1, 5_000 * SCALE),
    "hold_ms": (Unit.MS, 0, 30 * 86_400_000),
    "max_delay_ms": (Unit.MS, 1, 60_000),
    "max_spread_bps": (Unit.BPS, 1, 1_000 * SCALE),
    "max_age_ms": (Unit.MS, 1, 60_000),
    "max_slippage_bps": (Unit.BPS, 0, 1_000 * SCALE),
    "entry_wait_ms": (Unit.MS, 1, 60_000),
}
"""Unit, lowest and highest value of each setting that may be given."""


def bar_settings(
    strategy: str, timeframe: str, parameters: Mapping[str, object], given: Mapping[str, str]
) -> BarSettings:
    """The settings of a strategy on bars, some of them given as text.

    Raises:
        InputError: an unknown timeframe or name, or a value that is not allowed.
    """
    for name in given:
        if name not in _BOUNDS:
            raise InputError(
                f"Unknown setting '{name}'.{did_you_mean(name, list(_BOUNDS))} Allowed: {', '.join(_BOUNDS)}."
            )
    return BarSettings(
        strategy=strategy,
        timeframe=Timeframe.parse(timeframe).value,
        parameters={name: str(value) for name, value in parameters.items()},
        **{name: _value(name, text) for name, text in given.items()},
    )


def _value(name: str, text: str) -> int:
    unit, low, high = _BOUNDS[name]
    try:
        scaled = parse(text)
    except ValueError:
        scaled = -1
    value = scaled if unit.scaled else scaled // SCALE
    whole = unit.scaled or scaled % SCALE == 0
    if not whole or not low <= value <= high:
        lowest = "more than 0" if unit.scaled and low else unit.show(low)
        raise InputError(f"{name}={text[:40]} is not allowed. Give {lowest} to {unit.show(high)}.")
    return value
