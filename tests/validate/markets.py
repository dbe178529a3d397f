"""Generated bars and candles for the tests."""

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.quality import measure
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import Candles
from skills_lib.market.candles.model import Origin

HOUR_NS = 3_600 * 1_000_000_000
START_NS = 1_672_531_200 * 1_000_000_000  # 2023-01-01T00:00Z


def random_walk(bars: int, seed: int, volatility: float = 0.01) -> Bars:
    """Hourly bars of a geometric random walk with wicks."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, volatility, bars)))
    opening = np.append(100.0, close[:-1]) * np.exp(rng.normal(0, volatility / 5, bars))
    wick = np.abs(rng.normal(0, volatility / 2, (2, bars)))
    high, low = np.maximum(opening, close) * (1 + wick[0]), np.minimum(opening, close) / (1 + wick[1])
    times = START_NS + HOUR_NS * np.arange(bars, dtype=np.int64)
    return Bars(times, opening, high, low, close, rng.uniform(1, 100, bars), HOUR_NS)


def candles_of(bars: Bars, synthetic: bool = False) -> Candles:
    """Candles with these bars."""
    report = measure(bars)
    return Candles(Instrument("BTC"), Timeframe.H1, bars, Origin("file", "drawn by a test", synthetic), report)
