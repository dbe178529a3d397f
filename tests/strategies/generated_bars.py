"""Generated bars for strategy tests: random walks with gaps, and shared recordings."""

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.strategy import parameter_space
from skills_lib.domain.bars import OHLCV, Bars, BoolArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.time import MINUTE_NS
from skills_lib.testing import MIDNIGHT_NS

BUNDLED = [
    *("donchian_breakout", "macd_trend", "mean_reversion"),
    *("opening_range_breakout", "rsi_reversion", "sma_crossover"),
]
NAMES = strategies.available()
"""The bundled strategies and those added with `twokey new-strategy`; tests of all strategies run on both."""


def walk(n: int, seed: int, minutes: int = 60, holes: int = 0, volatility: float = 0.01) -> Bars:
    """A geometric random walk with wicks; with `holes` gaps of up to 40 bars."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, volatility, n)))
    opening = np.append(100.0, close[:-1])
    wick = np.abs(rng.normal(0, volatility / 2, (2, n)))
    high, low = np.maximum(opening, close) * (1 + wick[0]), np.minimum(opening, close) / (1 + wick[1])
    step = minutes * MINUTE_NS
    start = MIDNIGHT_NS + int(rng.integers(0, 1440 // minutes)) * step
    bars = Bars(start + step * np.arange(n, dtype=np.int64), opening, high, low, close, rng.uniform(1, 100, n), step)
    return pick(bars, _without_holes(n, holes, rng))


def pick(bars: Bars, selected: BoolArray) -> Bars:
    """The bars where `selected` is True."""
    columns = (getattr(bars, name.lower())[selected] for name in OHLCV)
    return Bars(bars.open_time_ns[selected], *columns, interval_ns=bars.interval_ns)


def real(folder: Path, name: str) -> Bars:
    """One of the shared candle files."""
    frame = pd.read_csv(folder / "candles" / f"{name}.csv.gz", parse_dates=["open_time"], index_col="open_time")
    return Bars.from_frame(frame.rename(columns=str.capitalize))


@st.composite
def parameters_of(draw: st.DrawFn, name: str) -> dict[str, Value]:
    """Any admissible combination of a strategy's parameters."""
    space = parameter_space(strategies.load(name))
    values = {key: draw(st.sampled_from(parameter.values())) for key, parameter in space.parameters.items()}
    return values if all(constraint.holds(values) for constraint in space.constraints) else space.defaults()


def _without_holes(n: int, holes: int, rng: np.random.Generator) -> BoolArray:
    selected = np.ones(n, dtype=np.bool_)
    for start in rng.integers(1, n, holes):
        selected[start : start + int(rng.integers(1, 40))] = False
    return selected
