"""Signals: the entries and exits of a strategy, bar by bar, known at each bar's close."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Self, TypeGuard

import numpy as np

from skills_lib.domain.bars import BoolArray, FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.memory import active_memory

_SIGNAL_COLUMNS = ("long_entry", "short_entry", "long_exit", "short_exit")
_BOOL, _FLOAT = np.dtype(np.bool_), np.dtype(np.float64)
_ARRAY, _NUMBERS = np.ndarray, (float, int)


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Entries and exits at the close of each bar, executed at the next open.

    `long_entry`, `short_entry`: bool[n]; ignored while a position in that direction is held.
    `long_exit`, `short_exit`: bool[n]; close a position in that direction.
    `size`: share of equity in (0, 1], a number or float64[n].
    `stop_price`, `target_price`: float64[n] in quote currency, above 0, nan for none; fixed at entry.
    `indicators`: float64[n] by name, shown in the plot. A run starts one bar after the first at which all of them
    are defined (not nan), as in backtesting.py.

    An entry whose stop or target is on the wrong side of the close (plus spread for a long, minus spread for a short)
    is ignored, and an open position stays. On the same bar an entry wins over an exit, even if that direction is
    already held: the position stays. `long_entry` wins over `short_entry` in the same way.

    Raises:
        InputError: an array of the wrong length or type, a size outside (0, 1], or a price that is not above zero.
    """

    long_entry: BoolArray
    short_entry: BoolArray
    long_exit: BoolArray
    short_exit: BoolArray
    size: float | FloatArray = 1.0
    stop_price: FloatArray | None = None
    target_price: FloatArray | None = None
    indicators: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self._is_well_formed():
            for name, column in self.columns().items():
                self._check_column(name, column)
        _check_size(self.size)
        if self.stop_price is not None:
            _check_prices("stop_price", self.stop_price)
        if self.target_price is not None:
            _check_prices("target_price", self.target_price)

    def _is_well_formed(self) -> bool:
        """A fast check of the usual case, a quarter of the time of checking column by column; sweeps need it."""
        shape = getattr(self.long_entry, "shape", None)
        for column in (self.long_entry, self.short_entry, self.long_exit, self.short_exit):
            if type(column) is not _ARRAY or column.dtype != _BOOL or column.shape != shape:
                return False
        for level in (self.size, self.stop_price, self.target_price, *self.indicators.values()):
            if type(level) is _ARRAY:
                if level.dtype != _FLOAT or level.shape != shape:
                    return False
            elif level is not None and not isinstance(level, _NUMBERS):
                return False
        return True

    def __len__(self) -> int:
        return len(self.long_entry)

    def columns(self) -> dict[str, BoolArray | FloatArray]:
        """Every array by name, indicators included."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "indicators"}
        arrays = {name: value for name, value in own.items() if not (value is None or isinstance(value, float | int))}
        return arrays | {f"indicators[{name}]": value for name, value in self.indicators.items()}

    def only(self, direction: str) -> Self:
        """These signals with entries in one `direction`, "long" or "short" only; "both" changes nothing."""
        if direction == "both":
            return self
        none = never(len(self))
        return replace(self, short_entry=none) if direction == "long" else replace(self, long_entry=none)

    def _check_column(self, name: str, column: object) -> None:
        if not isinstance(column, np.ndarray):
            raise InputError(
                f"Signals.{name} is a {type(column).__name__}. Give a numpy array, for example with .to_numpy()."
            )
        required = np.bool_ if name in _SIGNAL_COLUMNS else np.float64
        if column.dtype != required:
            raise InputError(f"Signals.{name} has dtype {column.dtype}; use {np.dtype(required)}.")
        if column.shape != (n := len(self.long_entry),):
            raise InputError(f"Signals.{name} has shape {column.shape}; long_entry has ({n},). Give one value per bar.")


@lru_cache(maxsize=8)
def never(n: int) -> BoolArray:
    """A signal that is False on all `n` bars: a shared, read-only bool[n]."""
    none = np.zeros(n, dtype=np.bool_)
    none.flags.writeable = False
    return none


def crosses(series: FloatArray, level: FloatArray | float) -> tuple[BoolArray, BoolArray]:
    """`crosses_above` and `crosses_below` in one call."""
    memory = active_memory()
    if memory is not None and memory.crosses is not None and _is_array_like(level, series):
        return memory.crosses(series, level)
    return crosses_above(series, level), crosses_below(series, level)


def _is_array_like(level: object, series: object) -> TypeGuard[FloatArray]:
    return isinstance(series, np.ndarray) and isinstance(level, np.ndarray) and series.shape == level.shape


def crosses_above(series: FloatArray, level: FloatArray | float) -> BoolArray:
    """True where `series` is above `level` and was at or below it one bar before; nan never crosses."""
    above, before = series > level, series <= level
    out = np.zeros(len(series), dtype=np.bool_)
    out[1:] = above[1:] & before[:-1]
    return out


def crosses_below(series: FloatArray, level: FloatArray | float) -> BoolArray:
    """True where `series` is below `level` and was at or above it one bar before; nan never crosses."""
    below, before = series < level, series >= level
    out = np.zeros(len(series), dtype=np.bool_)
    out[1:] = below[1:] & before[:-1]
    return out


def price_away(close: FloatArray, distance: FloatArray, above: BoolArray) -> FloatArray:
    """The price `distance` above the close where `above` is True, else below it: float64[n], nan unless positive."""
    price = np.where(above, close + distance, close - distance)
    return np.where(price > 0, price, np.nan)


def _check_size(size: float | FloatArray) -> None:
    wanted = "Signals.size must be a share of equity above 0 and at most 1"
    if not isinstance(size, np.ndarray):
        if not 0 < size <= 1:
            raise InputError(f"{wanted}; it is {size}.")
        return
    wrong = ~((size > 0) & (size <= 1))
    if wrong.any():
        bar = int(wrong.argmax())
        raise InputError(f"{wanted}; it is {size[bar]} at bar {bar}.")


def _check_prices(name: str, prices: FloatArray) -> None:
    wrong = (prices <= 0) | np.isinf(prices)
    if wrong.any():
        bar = int(wrong.argmax())
        raise InputError(f"Signals.{name} is {prices[bar]} at bar {bar}. Give a price above 0, or nan for none.")
