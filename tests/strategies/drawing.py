"""Bars that strategy tests draw by hand, at random with holes, or read from the shared recordings."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.strategy import parameter_space
from skills_lib.domain.bars import OHLCV, Bars, BoolArray
from skills_lib.domain.constraints import Value

MINUTE_NS = 60 * 1_000_000_000
MIDNIGHT_NS = 1_704_067_200 * 1_000_000_000  # 2024-01-01T00:00Z
NAMES = strategies.available()


def drawn(rows: Sequence[tuple[float, float, float]], minutes: int = 60) -> Bars:
    """Bars from (high, low, close), opening at midnight; each opens at the close before it, inside its range."""
    high, low, close = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    opening = np.clip(np.append(close[0], close[:-1]), low, high)
    times = MIDNIGHT_NS + minutes * MINUTE_NS * np.arange(len(rows), dtype=np.int64)
    return Bars(times, opening, high, low, close, np.ones(len(rows)), minutes * MINUTE_NS)


def closing(closes: Sequence[float]) -> Bars:
    """Hourly bars without wicks."""
    before = [closes[0], *closes[:-1]]
    return drawn([(max(a, b), min(a, b), b) for a, b in zip(before, closes, strict=True)])


def walk(n: int, seed: int, minutes: int = 60, holes: int = 0, volatility: float = 0.01) -> Bars:
    """A geometric random walk with wicks; `holes` stretches of up to 40 bars are missing."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, volatility, n)))
    opening = np.append(100.0, close[:-1])
    wick = np.abs(rng.normal(0, volatility / 2, (2, n)))
    high, low = np.maximum(opening, close) * (1 + wick[0]), np.minimum(opening, close) / (1 + wick[1])
    step = minutes * MINUTE_NS
    start = MIDNIGHT_NS + int(rng.integers(0, 1440 // minutes)) * step
    bars = Bars(start + step * np.arange(n, dtype=np.int64), opening, high, low, close, rng.uniform(1, 100, n), step)
    return pick(bars, _without_holes(n, holes, rng))


def pick(bars: Bars, kept: BoolArray) -> Bars:
    """Only the bars that are `kept`."""
    columns = (getattr(bars, name.lower())[kept] for name in OHLCV)
    return Bars(bars.open_time_ns[kept], *columns, interval_ns=bars.interval_ns)


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
    kept = np.ones(n, dtype=np.bool_)
    for start in rng.integers(1, n, holes):
        kept[start : start + int(rng.integers(1, 40))] = False
    return kept
