"""Small markets, signals and accounts from a seed: the same seed gives the same case."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.costs import Costs
from skills_lib.domain.signals import Signals

HOUR_NS = 3_600 * 1_000_000_000
START_NS = 1_704_067_200 * 1_000_000_000  # 2024-01-01T00:00Z, a Monday and a funding time
TINY = 1.23e-6
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Case:
    """One case."""

    seed: int
    bars: Bars
    signals: Signals
    options: dict[str, Any]

    @property
    def unit(self) -> float:
        """The smallest amount of the base asset."""
        return float(self.options["fractional_unit"])

    def settings(self) -> BacktestSettings:
        """The options as settings of a backtest."""
        return BacktestSettings.model_validate(self.options)


def draw_case(seed: int, tiers: Sequence[str], longest: int = 90) -> Case:
    """The case of this seed: 3 to `longest` bars, and a table of maintenance margins out of `tiers`."""
    rng = np.random.default_rng(seed)
    start = _one_of(rng, [1.0, 137.3, 61_234.5, TINY])
    bars, options = draw_bars(rng, start, longest), draw_options(rng, start, tiers)
    return Case(seed, bars, draw_signals(rng, bars), options)


def draw_bars(rng: np.random.Generator, start: float, longest: int) -> Bars:
    """Random walks with gaps, flat bars, crashes and wicks, sometimes on a coarse grid; holes between bars."""
    n, wild = int(rng.integers(3, longest + 1)), _one_of(rng, [0.002, 0.02, 0.02, 0.2, 0.9])
    moves = rng.normal(0, wild, n)
    moves[_some(rng, n, [0.0, 0.0, 0.05])] -= 0.7
    close = start * np.exp(np.cumsum(moves) - moves[0])
    opening = np.append(close[0], close[:-1]) * np.exp(rng.normal(0, wild / 2, n) * _some(rng, n, [0.0, 0.3, 1.0]))
    flat = _some(rng, n, [0.0, 0.2])
    opening[flat] = close[flat]
    wick = np.abs(rng.normal(0, wild / 2, (2, n))) * ~flat
    wick[1][_some(rng, n, [0.0, 0.0, 0.1])] += 1  # a wick of -50 %
    high, low = np.maximum(opening, close) * (1 + wick[0]), np.minimum(opening, close) / (1 + wick[1])
    interval = _one_of(rng, [1, 1, 8, 24, 168]) * HOUR_NS
    opening, high, low, close = _on_a_grid(rng, start, [opening, high, low, close])
    return Bars(_open_times(rng, n, interval), opening, high, low, close, np.ones(n), interval)


def _on_a_grid(rng: np.random.Generator, start: float, columns: list[FloatArray]) -> list[FloatArray]:
    step = start * _one_of(rng, [0.0, 0.0, 1e-4, 0.01, 0.05])
    return [np.maximum(np.round(column / step), 1) * step for column in columns] if step else columns


def _open_times(rng: np.random.Generator, n: int, interval: int) -> IntArray:
    offset = int(_one_of(rng, [0.0, 0.0, 0.5, 1.0, 5.0, 12.0, 60.0]) * HOUR_NS)
    steps = 1 + _some(rng, n, [0.0, 0.1, 0.5]) * rng.integers(1, 4, n)
    times: IntArray = START_NS + offset + interval * (np.cumsum(steps) - steps[0])
    return times


def draw_signals(rng: np.random.Generator, bars: Bars) -> Signals:
    """Entries and exits, sizes, stops and targets on either side, and up to two indicators with a warm-up."""
    n, often = len(bars), _one_of(rng, [0.05, 0.15, 0.3, 0.9])
    entries, exits = ([rng.random(n) < often * _one_of(rng, [0.0, 0.5, 1.0, 1.0]) for _ in range(2)] for _ in range(2))
    side = np.where(entries[0], 1.0, -1.0)
    size = _one_of(rng, [1.0, 1.0, 0.5, 0.013, None])
    warm_ups = rng.integers(0, _one_of(rng, [1, 3, n // 2, n]), int(rng.integers(0, 3)))
    lines = {f"line {i}": np.where(np.arange(n) < warm_up, np.nan, bars.close) for i, warm_up in enumerate(warm_ups)}
    stop, target = _levels(rng, bars, -side), _levels(rng, bars, side)
    sizes = rng.uniform(0.01, 1, n) if size is None else size
    return Signals(entries[0], entries[1], exits[0], exits[1], sizes, stop, target, lines)


def _levels(rng: np.random.Generator, bars: Bars, side: FloatArray) -> FloatArray | None:
    """Prices on this `side` of the closes, some on the wrong side, some equal to a price of a bar, some missing."""
    kind, n = _one_of(rng, ["none", "near", "far", "far", "prices"]), len(bars)
    if kind == "none":
        return None
    distance = np.abs(rng.normal(0, 0.01 if kind == "near" else 0.2, n)) * np.where(rng.random(n) < 0.9, side, -side)
    prices = bars.close * np.exp(distance)
    if kind == "prices":
        column = _one_of(rng, [bars.low, bars.high, bars.close])
        prices = column[np.minimum(np.arange(n) + rng.integers(0, 3, n), n - 1)]
    levels: FloatArray = np.where(_some(rng, n, [0.0, 0.5]), np.nan, prices)
    return levels


def draw_options(rng: np.random.Generator, start: float, tiers: Sequence[str]) -> dict[str, Any]:
    """Options of `BacktestSettings`; tiny prices take a unit that floats can count."""
    costs = Costs(
        commission_bps=_one_of(rng, [0.0, 2.0, 20.0, -1.0, 400.0]),
        spread_bps=_one_of(rng, [0.0, 0.0, 1.0, 90.0]),
        slippage_bps=_one_of(rng, [0.0, 3.0]),
        funding_bps_per_8h=_one_of(rng, [0.0, 1.0, -7.0, 60.0]),
    )
    return {
        "cash": _one_of(rng, [100_000.0, 100_000.0, 1_000.0, 37.0, 2e7]),
        "costs": costs,
        "leverage": _one_of(rng, [1.0, 1.0, 2.0, 3.0, 10.0, 20.0, 50.0]),
        "exclusive_orders": _one_of(rng, [True, False]),
        "trade_on_close": _one_of(rng, [False, False, True]),
        "fractional_unit": _one_of(rng, [1e-3, 1.0, 1.0] if start == TINY else [1e-8, 1e-8, 1e-8, 1e-3, 1.0]),
        "margin_tiers": _one_of(rng, tiers),
    }


def _one_of(rng: np.random.Generator, choices: Sequence[T]) -> T:
    return choices[int(rng.integers(len(choices)))]


def _some(rng: np.random.Generator, n: int, shares: Sequence[float]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return rng.random(n) < _one_of(rng, shares)
