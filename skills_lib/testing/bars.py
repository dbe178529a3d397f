"""Bars from given prices, or a random walk."""

from collections.abc import Sequence

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.domain.time import MINUTE_NS

MIDNIGHT_NS = 1_704_067_200 * 1_000_000_000  # 2024-01-01T00:00Z


def from_rows(rows: Sequence[tuple[float, float, float]], minutes: int = 60) -> Bars:
    """Bars from (high, low, close), starting at midnight; each opens at the previous close, clipped to its range."""
    high, low, close = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    opening = np.clip(np.append(close[0], close[:-1]), low, high)
    times = MIDNIGHT_NS + minutes * MINUTE_NS * np.arange(len(rows), dtype=np.int64)
    return Bars(times, opening, high, low, close, np.ones(len(rows)), minutes * MINUTE_NS)


def from_closes(closes: Sequence[float]) -> Bars:
    """Hourly bars without wicks; each opens at the previous close."""
    before = [closes[0], *closes[:-1]]
    return from_rows([(max(a, b), min(a, b), b) for a, b in zip(before, closes, strict=True)])


def random_walk(
    bars: int, seed: int, minutes: int = 60, volatility: float = 0.01, gaps: int = 0, start: float = 100.0
) -> Bars:
    """A geometric random walk with wicks from the price `start`; `volatility`: standard deviation of one log return.

    With `gaps`, as many spans of up to 40 bars are missing from it, anywhere but at its first bar.
    """
    rng = np.random.default_rng(seed)
    close = start * np.exp(np.cumsum(rng.normal(0, volatility, bars)))
    opening = np.append(start, close[:-1])
    wick = np.abs(rng.normal(0, volatility / 2, (2, bars)))
    high, low = np.maximum(opening, close) * (1 + wick[0]), np.minimum(opening, close) / (1 + wick[1])
    times = MIDNIGHT_NS + minutes * MINUTE_NS * np.arange(bars, dtype=np.int64)
    walked = Bars(times, opening, high, low, close, rng.uniform(1, 100, bars), minutes * MINUTE_NS)
    return _without_gaps(walked, gaps, rng) if gaps else walked


def _without_gaps(bars: Bars, gaps: int, rng: np.random.Generator) -> Bars:
    kept = np.ones(len(bars), dtype=np.bool_)
    for start in rng.integers(1, len(bars), gaps):
        kept[start : start + int(rng.integers(1, 40))] = False
    prices = bars.open[kept], bars.high[kept], bars.low[kept], bars.close[kept]
    return Bars(bars.open_time_ns[kept], *prices, bars.volume[kept], bars.interval_ns)
