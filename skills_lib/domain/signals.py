"""Signals: what a strategy wants, bar by bar, known at each bar's close."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from skills_lib.domain.bars import BoolArray, FloatArray
from skills_lib.domain.errors import InputError


@dataclass(frozen=True, slots=True)
class Signals:
    """Wishes at the close of each bar; an executor acts on them at the next open.

    `long_entry`, `short_entry`: bool[n]; taken unless a position in that direction is already held.
    `long_exit`, `short_exit`: bool[n]; close a held position of that direction.
    `size`: share of equity in (0, 1], one figure or float64[n].
    `stop_price`, `target_price`: float64[n] in quote currency, nan where there is none; fixed at entry.
    `indicators`: float64[n] by name. A run starts one bar after the first at which all of them are
    defined (not nan), as in backtesting.py, and they are drawn in the plot.

    An entry with stop or target on the wrong side of the close is not taken. Where an entry and an exit
    fall on the same bar the entry wins; `long_entry` wins over `short_entry`.
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
        n = len(self.long_entry)
        for name, column in self.columns().items():
            if column.shape != (n,):
                raise InputError(f"Signals.{name} has shape {column.shape}, but long_entry has ({n},).")
        sizes = np.asarray(self.size, dtype=np.float64)
        if not ((sizes > 0) & (sizes <= 1)).all():
            raise InputError("Signals.size is a share of equity: above 0, at most 1.")

    def __len__(self) -> int:
        return len(self.long_entry)

    def columns(self) -> dict[str, BoolArray | FloatArray]:
        """Every array by name, indicators included."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "indicators"}
        arrays = {name: value for name, value in own.items() if isinstance(value, np.ndarray)}
        return arrays | {f"indicators[{name}]": value for name, value in self.indicators.items()}


def never(n: int) -> BoolArray:
    """A signal that is never given on `n` bars."""
    return np.zeros(n, dtype=np.bool_)


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
