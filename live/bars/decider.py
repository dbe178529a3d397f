"""What a strategy's signals decide at the close of the last bar, as the backtest's executors decide."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple, Protocol

import numpy as np

from live.enums import Side
from live.money import SCALE
from skills_lib.domain.bars import Bars, BoolArray, FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals

MakesSignals = Callable[[Bars], Signals]
"""A strategy with its parameters, handed in by an interface: `live` imports none."""
Computed = Signals | Exception


class StrategyStoppedError(InputError):
    """The strategy is not asked any more; entries end."""


class Computes(Protocol):
    """Computes signals and hands them on, or the exception that was raised; once, now or later.

    Whoever calls must not wait: a strategy that takes long is computed in another process, which calls `done` from the
    caller's loop. A late decision still closes positions; entries have an age limit (`BarSettings.max_delay_ms`).
    """

    def __call__(self, bars: Bars, done: Callable[[Computed], None]) -> None: ...


def in_process(signals: MakesSignals) -> Computes:
    """Computes at once in the caller's thread, which waits for it."""

    def compute(bars: Bars, done: Callable[[Computed], None]) -> None:
        found: Computed
        try:
            found = signals(bars)
        except Exception as error:  # noqa: BLE001 - a strategy is foreign code: whatever it raises ends only its decision
            found = error
        done(found)

    return compute


class Decision(NamedTuple):
    """What is wanted at the close of a bar: `live/engine/events.py`, `BarDecided`."""

    entry: Side | None = None
    exits: tuple[Side, ...] = ()
    stop_price: int = 0
    target_price: int = 0
    share: int = SCALE


def decide(signals: Signals, bars: Bars) -> Decision:
    """The decision at the close of the last bar: rules 1 and 3 of docs/execution-rules.md, without a spread.

    Nothing is decided before the bar after the first at which all indicators are defined. An entry whose stop or target
    is on the wrong side of the close is not taken, and then nothing else is decided.

    Raises:
        InputError: not one signal a bar.
    """
    if len(signals) != len(bars):
        raise InputError(f"The strategy returned {len(signals)} signals for {len(bars)} bars. Return one per bar.")
    last = len(bars) - 1
    if last <= _first_defined(signals):
        return Decision()
    entry = Side.BUY if signals.long_entry[last] else Side.SELL if signals.short_entry[last] else None
    if entry is None:
        closes = ((Side.BUY, signals.long_exit), (Side.SELL, signals.short_exit))
        return Decision(exits=tuple(side for side, column in closes if _at(column, last)))
    return _entry(entry, signals, float(bars.close[last]), last)


def _entry(side: Side, signals: Signals, close: float, last: int) -> Decision:
    stop, target = _price(signals.stop_price, last), _price(signals.target_price, last)
    for price, sign in ((stop, -1), (target, 1)):
        if price is not None and (price - close) * side.sign * sign <= 0:
            return Decision()
    size = signals.size[last] if isinstance(signals.size, np.ndarray) else signals.size
    return Decision(side, (), _units(stop), _units(target), max(1, int(Decimal(repr(float(size))) * SCALE)))


def _first_defined(signals: Signals) -> int:
    """The first bar at which all indicators are defined; the number of bars if there is none."""
    count, first = len(signals), 0
    for values in signals.indicators.values():
        defined = ~np.isnan(values)
        first = max(first, int(defined.argmax()) if defined.any() else count)
    return first


def _at(column: BoolArray, bar: int) -> bool:
    return bool(column[bar])


def _price(prices: FloatArray | None, bar: int) -> float | None:
    return None if prices is None or np.isnan(prices[bar]) else float(prices[bar])


def _units(price: float | None) -> int:
    """A price above 0 in units of 1e-8, at least one; 0 for none."""
    if price is None:
        return 0
    return max(1, int((Decimal(repr(price)) * SCALE).to_integral_value(ROUND_HALF_EVEN)))
