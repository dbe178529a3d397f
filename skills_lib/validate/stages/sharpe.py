"""Computes the annual Sharpe ratio of daily returns and its standard error."""

import math
from typing import NamedTuple

import numpy as np

from skills_lib.backtest.metrics import DAYS_PER_YEAR
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.rounding import is_spread
from skills_lib.validate.stages.overfit import moments, scaled_sharpe_variance

MIN_DAYS = 5
"""Below this number of days the ratio is undefined."""


class SharpeEstimate(NamedTuple):
    """Annual figures (365 days); nan if there are too few days or no variance."""

    sharpe: float
    error: float
    days: int


def annual_sharpe(daily: FloatArray) -> SharpeEstimate:
    """Sharpe ratio of daily returns (fractions, nan left out), no risk-free rate, with its standard error.

    The error is Mertens' (2002), which includes skewness and kurtosis and which Opdyke (2007) showed to hold for any
    stationary returns without autocorrelation; for normal returns it is Lo's (2002), √((1 + SR²/2) / days), SR daily.
    Positive autocorrelation makes the true error larger.
    """
    known = daily[np.isfinite(daily)]
    if len(known) < MIN_DAYS or not is_spread(known.std(), known.mean()):
        return SharpeEstimate(math.nan, math.nan, len(known))
    found = moments(known)
    variance = scaled_sharpe_variance(found) / (len(known) - 1)
    year = math.sqrt(DAYS_PER_YEAR)
    return SharpeEstimate(found.sharpe * year, math.sqrt(max(variance, 0.0)) * year, len(known))


def upper_tail_probability(z: float) -> float:
    """Probability that a standard normal number exceeds `z`."""
    return math.erfc(z / math.sqrt(2)) / 2


def defined(value: float) -> float | None:
    """`value`, or None if it is not finite."""
    return float(value) if math.isfinite(value) else None
