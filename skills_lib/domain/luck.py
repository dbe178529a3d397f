"""The Sharpe ratio that the best of many trials without any edge shows by luck."""

import math
from statistics import NormalDist

EULER_GAMMA = 0.5772156649015329
_NORMAL = NormalDist()


def expected_maximum_sharpe(trials: int, variance: float) -> float:
    """Expected best Sharpe ratio of `trials` without any edge, in the unit of the root of `variance`.

    `variance`: of the trials' Sharpe ratios. Source: Bailey & López de Prado, The Deflated Sharpe Ratio (2014),
    equation 1, which assumes many independent trials. 0 for a single trial, which involves no choice.
    """
    if trials < 2:
        return 0.0
    first_quantile, second_quantile = (-_NORMAL.inv_cdf(1 / (trials * by)) for by in (1, math.e))
    return math.sqrt(variance) * ((1 - EULER_GAMMA) * first_quantile + EULER_GAMMA * second_quantile)


def sampling_variance(days: float) -> float:
    """Variance of the daily Sharpe ratio of one trial without an edge over `days`, for returns near 0 (Lo 2002)."""
    return 1 / max(days - 1, 1)
