"""Bars and candles that the backtest tests draw for themselves."""

from collections.abc import Sequence

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.quality import measure
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.model import Candles, Origin

HOUR_NS = 3_600 * 1_000_000_000
START_NS = 1_704_067_200 * 1_000_000_000  # 2024-01-01T00:00Z, a funding boundary


def hourly_bars(opens: Sequence[float], closes: Sequence[float] | None = None) -> Bars:
    """Hourly bars from 2024-01-01 with the given opens; each closes at the next open unless told otherwise."""
    opening = np.asarray(opens, dtype=np.float64)
    closing = np.append(opening[1:], opening[-1]) if closes is None else np.asarray(closes, dtype=np.float64)
    times = START_NS + HOUR_NS * np.arange(len(opening), dtype=np.int64)
    high, low = np.maximum(opening, closing), np.minimum(opening, closing)
    return Bars(times, opening, high, low, closing, np.ones(len(opening)), HOUR_NS)


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
    """Candles as a face would hand them in."""
    report = measure(bars)
    return Candles(Instrument("BTC"), Timeframe.H1, bars, Origin("file", "drawn by a test", synthetic), report)
