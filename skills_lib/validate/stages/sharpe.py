"""The Sharpe ratio of daily returns and how far chance alone moves it."""

import math
from typing import NamedTuple

import numpy as np

from skills_lib.backtest.metrics import DAYS_PER_YEAR
from skills_lib.domain.bars import FloatArray

FEWEST_DAYS = 5
"""Days below which a deviation, let alone a kurtosis, says nothing."""


class SharpeEstimate(NamedTuple):
    """Annual figures (365 days); nan where there are too few days or no variance."""

    sharpe: float
    error: float
    days: int


def annual_sharpe(daily: FloatArray) -> SharpeEstimate:
    """Sharpe ratio of daily returns (fractions, nan left out), no risk-free rate, with its standard error.

    The error is Mertens' (2002), which Opdyke (2007) showed to hold for any stationary returns without memory:
    √((1 + SR²/2 - skew·SR + (kurtosis - 3)/4·SR²) / days), SR daily. With normal returns it is Lo's (2002).
    Returns that follow each other (autocorrelation) make the true error larger.
    """
    known = daily[np.isfinite(daily)]
    days = len(known)
    deviation = float(known.std(ddof=1)) if days >= FEWEST_DAYS else 0.0
    if not deviation > 1e-15:
        return SharpeEstimate(math.nan, math.nan, days)
    mean = float(known.mean())
    standard = (known - mean) / known.std()
    squared = standard * standard
    ratio = mean / deviation
    skew, kurtosis = float((squared * standard).mean()), float((squared * squared).mean())
    variance = (1 + ratio**2 / 2 - skew * ratio + (kurtosis - 3) / 4 * ratio**2) / days
    year = math.sqrt(DAYS_PER_YEAR)
    return SharpeEstimate(ratio * year, math.sqrt(max(variance, 0.0)) * year, days)


def chance_above(z: float) -> float:
    """Probability that a standard normal number exceeds `z`."""
    return math.erfc(z / math.sqrt(2)) / 2


def defined(value: float) -> float | None:
    """The figure for a model: None where it is not finite."""
    return float(value) if math.isfinite(value) else None
