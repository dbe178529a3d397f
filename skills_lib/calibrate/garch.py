"""Generates GARCH markets without an edge: volatility clustering, fat tails, martingale prices.

The hourly standard deviation follows GARCH(1,1) (Bollerslev 1986) with Student-t shocks: a Gaussian path whose scale is
sampled once per hour, which makes the hourly return exactly t. The path of an hour has a few Gaussian steps; between
them the extremes of a Brownian bridge are sampled exactly (Karatzas & Shreve, 2.8), so that stops and targets inside
a bar have their continuous-time value. Every step has a drift of minus half its variance, so the price, not its
logarithm, is a martingale.
"""

import math

import numpy as np

from skills_lib.calibrate.moves import START_PRICE
from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.time import HOUR_NS

START_NS = 1_609_459_200 * 1_000_000_000  # 2021-01-01T00:00Z
HOURS_PER_YEAR = 8_760
ANNUAL_VOLATILITY = 0.6
HOURLY_DEVIATION = ANNUAL_VOLATILITY / math.sqrt(HOURS_PER_YEAR)
ALPHA, BETA = 0.06, 0.92
DEGREES_OF_FREEDOM = 5
_LARGEST_SQUARE = 36.0  # of a shock, in variances, so that a crash does not raise volatility permanently
_STEPS = 6
_TURNOVER = 1_000.0


def garch_bars(rng: np.random.Generator, hours: int, drift: FloatArray | None = None) -> Bars:
    """`hours` hourly bars from 2021 on; `drift` is added to each hour's log return, float64[hours]."""
    gaussian = rng.standard_normal((hours, _STEPS)) / math.sqrt(_STEPS)
    scale = _scales(rng, gaussian.sum(axis=1))
    path = _paths(gaussian, scale, np.zeros(hours) if drift is None else drift)
    open_, close = path[:, :-1].ravel(), path[:, 1:].ravel()
    variance = np.repeat(scale**2 / _STEPS, _STEPS)
    high = _extreme(rng, open_, close, variance, 1).reshape(-1, _STEPS).max(axis=1)
    low = _extreme(rng, open_, close, variance, -1).reshape(-1, _STEPS).min(axis=1)
    volume = _TURNOVER * scale / HOURLY_DEVIATION * rng.gamma(2.0, 0.5, hours)
    first, highest, lowest, last = (np.exp(line) for line in (path[:, 0], high, low, path[:, -1]))
    return Bars(hourly(hours), first, highest, lowest, last, volume, interval_ns=HOUR_NS)


def hourly(hours: int) -> IntArray:
    """Open times of consecutive hours from 2021-01-01 on, UTC nanoseconds."""
    return START_NS + HOUR_NS * np.arange(hours, dtype=np.int64)


def _scales(rng: np.random.Generator, gaussian: FloatArray) -> FloatArray:
    """float64[hours]: standard deviation of each hour's path: that of GARCH times the mixing scale that makes it t."""
    mixing = np.sqrt((DEGREES_OF_FREEDOM - 2) / rng.chisquare(DEGREES_OF_FREEDOM, len(gaussian)))
    squares = np.minimum((mixing * gaussian) ** 2, _LARGEST_SQUARE).tolist()
    target = (1 - ALPHA - BETA) * HOURLY_DEVIATION**2
    variance, variances = HOURLY_DEVIATION**2, np.empty(len(gaussian))
    for hour, square in enumerate(squares):
        variances[hour] = variance
        variance = target + variance * (ALPHA * square + BETA)
    return np.sqrt(variances) * mixing


def _paths(gaussian: FloatArray, scale: FloatArray, drift: FloatArray) -> FloatArray:
    """Log prices at the start, between the steps and at the end of each hour: float64[hours, steps + 1]."""
    compensated = drift - scale**2 / 2
    steps = gaussian * scale[:, None] + compensated[:, None] / _STEPS
    ends = (math.log(START_PRICE) + np.cumsum(steps.ravel())).reshape(-1, _STEPS)
    starts = np.concatenate(([math.log(START_PRICE)], ends[:-1, -1]))
    return np.column_stack([starts, ends])


def _extreme(
    rng: np.random.Generator, open_: FloatArray, close: FloatArray, variance: FloatArray, sign: int
) -> FloatArray:
    """Maximum (`sign` 1) or minimum (-1) of the Brownian bridge of that variance from open to close."""
    move = close - open_
    reach = np.sqrt(move * move + 2 * variance * rng.standard_exponential(len(close)))
    found: FloatArray = open_ + (move + sign * reach) / 2
    return found
