"""Measures how much of a Sharpe ratio the search explains: probabilistic and deflated Sharpe, PBO by CSCV, SPA.

Sharpe ratios here are daily, not annualised, unless a name says otherwise.
"""

import math
from importlib.util import find_spec
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from skills_lib.backtest.metrics import DAYS_PER_YEAR
from skills_lib.domain.bars import BoolArray, FloatArray
from skills_lib.domain.errors import TwokeyError
from skills_lib.domain.luck import expected_maximum_sharpe, sampling_variance
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.rounding import is_spread
from skills_lib.validate.stages.arch_import import bootstrap
from skills_lib.validate.stages.cscv import Pbo, backtest_overfitting, distinct_columns

__all__ = (
    "Moments",
    "Overfitting",
    "Pbo",
    "backtest_overfitting",
    "deflated_sharpe",
    "deflation_variance",
    "expected_maximum_sharpe",
    "minimum_track_record",
    "minimum_track_record_days",
    "moments",
    "overfitting",
    "probabilistic_sharpe",
    "probability_above",
    "scaled_sharpe_variance",
    "superior_predictive_ability",
)

_NORMAL = NormalDist()

LIMITS = (
    "The deflated Sharpe ratio covers counted trials only and assumes independent trials and days; PBO and SPA judge "
    "the search on this market's past, not the chosen strategy's future."
)


class Moments(NamedTuple):
    """Moments that set a Sharpe ratio's sampling error. `sharpe`: per observation; `kurtosis`: 3 for a normal."""

    observations: int
    sharpe: float
    skewness: float = 0.0
    kurtosis: float = 3.0


class Overfitting(FrozenModel):
    """How far the search explains the result. Sharpe ratios are annual; None is undefined, explained in `notes`.

    `trials`: configurations ever evaluated. `expected_maximum_sharpe`: the best of so many trials without any edge.
    `psr`, `dsr`: probability that the true Sharpe is above 0, and above that maximum. `minimum_track_record_days`: days
    needed to show at 95 % that this Sharpe is above 0. `spa_p`: probability of a best configuration as good as this
    one if none beats staying out of the market.
    """

    trials: int
    days: int
    sharpe: float | None
    skewness: float | None
    kurtosis: float | None
    expected_maximum_sharpe: float
    psr: float | None
    dsr: float | None
    minimum_track_record_days: float | None
    pbo: Pbo
    spa_p: float | None
    notes: tuple[str, ...]
    limits: str = LIMITS


def moments(daily: FloatArray) -> Moments:
    """Moments of float64[days]; nan where there is no variance but rounding. The Sharpe uses n - 1, as METRICS does."""
    deviation = float(daily.std(ddof=1)) if len(daily) > 1 else 0.0
    if not is_spread(deviation, daily.mean() if len(daily) else 0.0):
        return Moments(len(daily), math.nan, math.nan, math.nan)
    standard = (daily - daily.mean()) / daily.std()
    skewness, kurtosis = float(np.mean(standard**3)), float(np.mean(standard**4))
    return Moments(len(daily), float(daily.mean()) / deviation, skewness, kurtosis)


def scaled_sharpe_variance(found: Moments) -> float:
    """Variance of an estimated Sharpe ratio times (observations - 1), with skewness and kurtosis (Mertens 2002)."""
    return 1 - found.skewness * found.sharpe + (found.kurtosis - 1) / 4 * found.sharpe**2


def probability_above(found: Moments, benchmark: float = 0.0) -> float:
    """Probability that the true Sharpe is above `benchmark`; nan where undefined.

    Source: Bailey & López de Prado, The Sharpe Ratio Efficient Frontier (2012), equation 11.
    """
    if math.isnan(found.sharpe):
        return math.nan
    error = math.sqrt(max(scaled_sharpe_variance(found), 1e-300) / (found.observations - 1))
    return _NORMAL.cdf((found.sharpe - benchmark) / error)


def probabilistic_sharpe(daily: FloatArray, benchmark_daily: float = 0.0) -> float:
    """`probability_above` of float64[days] returns; nan without variance."""
    return probability_above(moments(daily), benchmark_daily)


def deflated_sharpe(daily: FloatArray, trials: int, sharpe_variance: float) -> float:
    """Probability that the true Sharpe is above what the best of `trials` without an edge would show; nan if undefined.

    `sharpe_variance`: of the trials' daily Sharpe ratios (an annual one divided by 365).
    """
    return probabilistic_sharpe(daily, expected_maximum_sharpe(trials, sharpe_variance))


def minimum_track_record(found: Moments, benchmark: float = 0.0, confidence: float = 0.95) -> float:
    """Observations needed to reject that the true Sharpe is at or below `benchmark`; infinite if it is not above.

    Source: Bailey & López de Prado (2012), equation 13.
    """
    if not found.sharpe > benchmark:
        return math.inf
    return 1 + scaled_sharpe_variance(found) * (_NORMAL.inv_cdf(confidence) / (found.sharpe - benchmark)) ** 2


def minimum_track_record_days(daily: FloatArray, benchmark_daily: float = 0.0, confidence: float = 0.95) -> float:
    """`minimum_track_record` of float64[days] returns."""
    return minimum_track_record(moments(daily), benchmark_daily, confidence)


def superior_predictive_ability(
    returns: FloatArray, benchmark: FloatArray | None = None, repetitions: int = 1000, seed: int = 0
) -> float:
    """Hansen's (2005) consistent p-value that no configuration beats `benchmark`; nan if none has any variance.

    `returns`: float64[days, configurations]; columns that hold nan or never move are left out. `benchmark`:
    float64[days], by default staying out of the market. Stationary bootstrap through the `arch` package.

    Raises:
        TwokeyError: `arch` is not installed.
    """
    if find_spec("arch") is None:
        raise TwokeyError("The SPA test needs the extra 'evidence': pip install 'twokey[evidence]'.")
    against = np.zeros(len(returns)) if benchmark is None else benchmark
    usable = distinct_columns(returns)
    usable = usable[:, _is_varying(usable - against[:, None])]
    if not usable.shape[1]:
        return math.nan
    test = bootstrap().SPA(-against, -usable, reps=repetitions, seed=seed)
    test.compute()
    return float(test.pvalues["consistent"])


def overfitting(
    daily: FloatArray,
    returns: FloatArray,
    trials: int,
    sharpe_variance: float | None,
    blocks: int = 16,
    seed: int = 0,
    repetitions: int = 1000,
    searched: int | None = None,
) -> Overfitting:
    """All figures about the search that chose the configuration with the returns `daily`, float64[days].

    `returns`: float64[days, configurations] of the search, for PBO and SPA. `trials` and `sharpe_variance` (of daily
    Sharpe ratios) come from the ledger, which includes earlier searches; `deflation_variance` caps the variance.
    `searched`: how many of the trials belong to this search, if `returns` holds only some of them; the others count as
    uncorrelated. `repetitions`: bootstrap repetitions of SPA; 0 skips it.

    Raises:
        InputError: `blocks` as in `backtest_overfitting`.
    """
    share = min(1.0, (searched or returns.shape[1]) / trials) if trials else 1.0
    found = moments(daily)
    threshold = expected_maximum_sharpe(trials, deflation_variance(sharpe_variance, returns, share))
    pbo = backtest_overfitting(returns, blocks)
    spa_p, note = _spa(returns, repetitions, seed)
    year = math.sqrt(DAYS_PER_YEAR)
    notes = [text for text in (pbo.reason and f"PBO is undefined: {pbo.reason}.", note) if text]
    return Overfitting(
        trials=trials,
        days=len(daily),
        sharpe=_defined(found.sharpe * year),
        skewness=_defined(found.skewness),
        kurtosis=_defined(found.kurtosis),
        expected_maximum_sharpe=threshold * year,
        psr=_defined(probability_above(found)),
        dsr=_defined(probability_above(found, threshold)),
        minimum_track_record_days=_defined(minimum_track_record(found)),
        pbo=pbo,
        spa_p=spa_p,
        notes=tuple(notes),
    )


def deflation_variance(counted: float | None, returns: FloatArray, share: float = 1.0) -> float:
    """Variance of the trials' daily Sharpe ratios that the deflated Sharpe ratio may use: the smallest of three.

    1. `counted`: the variance that the trial counter recorded; None where it has fewer than two ratios.
    2. 1 / (days - 1): the sampling variance of the ratio of one trial without an edge, for returns near 0 (Lo 2002).
    3. (1 - r) / (days - 1): the expected variance among trials without an edge whose returns have the mean pairwise
       correlation r, since correlated ratios scatter less around each other. Left out with fewer than two comparable
       configurations.

    The deflated Sharpe ratio (Bailey & López de Prado 2014) compares the best trial with the best of as many trials
    without an edge, so it needs the variance that chance alone causes. The recorded variance is larger where trials
    differ systematically: a few configurations ruined by costs would otherwise raise the threshold above any edge.
    Measured in docs/calibration.md.

    `returns`: float64[days, configurations]. `share`: the share of all trials that `returns` represents; the others
    are taken as uncorrelated.
    """
    bounds = [sampling_variance(len(returns))]
    if counted is not None:
        bounds.append(counted)
    usable = distinct_columns(returns)
    usable = usable[:, _is_varying(usable)]
    days, configurations = usable.shape
    if configurations > 1 and days > 1:
        total = ((usable - usable.mean(axis=0)) / usable.std(axis=0)).sum(axis=1)
        correlation = (float(np.mean(total**2)) - configurations) / (configurations * (configurations - 1))
        bounds.append(float((1 - share**2 * correlation) / (days - 1)))
    return min(bounds)


def _is_varying(returns: FloatArray) -> BoolArray:
    """bool[configurations]: which columns vary by more than rounding."""
    found: BoolArray = is_spread(returns.std(axis=0), returns.mean(axis=0))
    return found


def _spa(returns: FloatArray, repetitions: int, seed: int) -> tuple[float | None, str | None]:
    if not repetitions:
        return None, "SPA was skipped."
    try:
        p = superior_predictive_ability(returns, repetitions=repetitions, seed=seed)
    except TwokeyError as error:
        return None, str(error)
    return (None, "SPA is undefined: no configuration has any variance.") if math.isnan(p) else (p, None)


def _defined(value: float) -> float | None:
    return value if math.isfinite(value) else None
