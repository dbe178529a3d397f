"""How much of a Sharpe ratio is the search for it: probabilistic and deflated Sharpe, PBO by CSCV, Hansen's SPA.

Sharpe ratios here are daily, not annualised, unless a name says otherwise.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from itertools import combinations
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from skills_lib.backtest.metrics import DAYS_PER_YEAR
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.validate.stages.percentiles import Percentiles

_NORMAL = NormalDist()
_SPLITS_AT_ONCE_ELEMENTS = 65_536

LIMITS = (
    "The deflated Sharpe ratio knows only the trials that were counted, and takes them as independent and the days "
    "too; PBO and SPA judge the search on this market's past, not the chosen strategy on its future."
)


class Moments(NamedTuple):
    """What a Sharpe ratio's sampling error hangs on. `sharpe` is that of one observation; a normal has kurtosis 3."""

    observations: int
    sharpe: float
    skewness: float = 0.0
    kurtosis: float = 3.0


class Pbo(BaseModel):
    """Probability of backtest overfitting by combinatorially symmetric cross-validation.

    Source: Bailey, Borwein, López de Prado & Zhu, The Probability of Backtest Overfitting (2015). In every split of
    the days into halves made of `blocks`, the configuration that was best in one half is ranked in the other.
    `pbo`: share of splits in which it ended at or below the median; None where it is undefined, and why.
    `logits`: percentiles of log odds of that rank. `degradation_slope`: of its Sharpe in the second half on that in the
    first; below 0, the better it looked the worse it did. `loss_probability`: share of splits in which it lost money.
    `configurations`: those compared; such as could not run are left out, and such as gave the same returns count once.
    """

    model_config = ConfigDict(frozen=True)

    pbo: float | None
    reason: str | None
    blocks: int
    splits: int
    days: int
    configurations: int
    logits: Percentiles | None
    degradation_slope: float | None
    loss_probability: float | None


class Overfitting(BaseModel):
    """Everything that discounts the search. Sharpe ratios in it are annual; None is undefined, with a word in `notes`.

    `trials`: configurations ever evaluated. `expected_maximum_sharpe`: what the best of so many would show without any
    edge. `psr`, `dsr`: probability that the true Sharpe is above 0, and above that maximum.
    `minimum_track_record_days`: days needed to say at 95 % that this Sharpe is above 0.
    `spa_p`: probability of a best configuration as good as this one if none beats staying out of the market.
    """

    model_config = ConfigDict(frozen=True)

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
    """Moments of float64[days]; nan where there is no variance. The Sharpe uses n - 1, as METRICS does."""
    deviation = float(daily.std(ddof=1)) if len(daily) > 1 else 0.0
    if not deviation:
        return Moments(len(daily), math.nan, math.nan, math.nan)
    standard = (daily - daily.mean()) / daily.std()
    skewness, kurtosis = float(np.mean(standard**3)), float(np.mean(standard**4))
    return Moments(len(daily), float(daily.mean()) / deviation, skewness, kurtosis)


def sharpe_variance_of_one(found: Moments) -> float:
    """Variance of an estimated Sharpe ratio times (observations - 1), by Mertens (2002): skew and fat tails count."""
    return 1 - found.skewness * found.sharpe + (found.kurtosis - 1) / 4 * found.sharpe**2


def probability_above(found: Moments, benchmark: float = 0.0) -> float:
    """Probability that the true Sharpe is above `benchmark`; nan where undefined.

    Source: Bailey & López de Prado, The Sharpe Ratio Efficient Frontier (2012), equation 11.
    """
    if math.isnan(found.sharpe):
        return math.nan
    error = math.sqrt(max(sharpe_variance_of_one(found), 1e-300) / (found.observations - 1))
    return _NORMAL.cdf((found.sharpe - benchmark) / error)


def probabilistic_sharpe(daily: FloatArray, benchmark_daily: float = 0.0) -> float:
    """`probability_above` of float64[days] returns; nan without variance."""
    return probability_above(moments(daily), benchmark_daily)


def expected_maximum_sharpe(trials: int, variance: float) -> float:
    """The Sharpe ratio the best of `trials` shows if none has any edge; in the unit of the root of `variance`.

    `variance`: of the trials' Sharpe ratios. Source: Bailey & López de Prado, The Deflated Sharpe Ratio (2014),
    equation 1, which takes trials as independent and is meant for many of them. One trial was not chosen: 0.
    """
    if trials < 2:
        return 0.0
    far, further = (-_NORMAL.inv_cdf(1 / (trials * by)) for by in (1, math.e))
    return math.sqrt(variance) * ((1 - np.euler_gamma) * far + np.euler_gamma * further)


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
    return 1 + sharpe_variance_of_one(found) * (_NORMAL.inv_cdf(confidence) / (found.sharpe - benchmark)) ** 2


def minimum_track_record_days(daily: FloatArray, benchmark_daily: float = 0.0, confidence: float = 0.95) -> float:
    """`minimum_track_record` of float64[days] returns."""
    return minimum_track_record(moments(daily), benchmark_daily, confidence)


def backtest_overfitting(returns: FloatArray, blocks: int = 16) -> Pbo:
    """PBO of float64[days, configurations] daily returns; columns that hold nan are left out.

    A configuration that stood still in a half has a Sharpe of 0 there.

    Raises:
        InputError: `blocks` is odd, below 2 or above 20 (184,756 splits).
    """
    if blocks % 2 or not 2 <= blocks <= 20:
        raise InputError(f"blocks={blocks} is not allowed: an even number from 2 to 20.")
    distinct = _distinct_columns(returns)
    days, configurations = distinct.shape
    if configurations < 2 or days < 2 * blocks:
        reason = f"{configurations} different configurations over {days} days; 2 and {2 * blocks} are needed"
        return _undefined(reason, blocks, days, configurations)
    judged = np.concatenate([_judge(first, second) for first, second in _halves(distinct, blocks)])
    return _pbo(judged, blocks, days, configurations)


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
    from arch.bootstrap import SPA

    against = np.zeros(len(returns)) if benchmark is None else benchmark
    usable = _distinct_columns(returns)
    usable = usable[:, np.ptp(usable - against[:, None], axis=0) > 0]
    if not usable.shape[1]:
        return math.nan
    test = SPA(-against, -usable, reps=repetitions, seed=seed)
    test.compute()
    return float(test.pvalues["consistent"])


def overfitting(
    daily: FloatArray,
    returns: FloatArray,
    trials: int,
    sharpe_variance: float,
    blocks: int = 16,
    seed: int = 0,
    repetitions: int = 1000,
) -> Overfitting:
    """Every figure about the search for `daily`, the chosen configuration's returns.

    `returns`: float64[days, configurations] of the search, for PBO and SPA. `trials` and `sharpe_variance` (of daily
    Sharpe ratios) come from the ledger, which remembers earlier searches too. `spa_repetitions`: 0 leaves SPA out.

    Raises:
        InputError: `blocks` as in `backtest_overfitting`.
    """
    found, threshold = moments(daily), expected_maximum_sharpe(trials, sharpe_variance)
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


def _spa(returns: FloatArray, repetitions: int, seed: int) -> tuple[float | None, str | None]:
    if not repetitions:
        return None, "SPA was not asked for."
    try:
        p = superior_predictive_ability(returns, repetitions=repetitions, seed=seed)
    except TwokeyError as error:
        return None, str(error)
    return (None, "SPA is undefined: no configuration ever moved.") if math.isnan(p) else (p, None)


def _distinct_columns(returns: FloatArray) -> FloatArray:
    """Columns without nan, each once: to rank equal ones would be to rank rounding errors."""
    usable = np.ascontiguousarray(returns[:, ~np.isnan(returns).any(axis=0)].T)
    _, first = np.unique([column.tobytes() for column in usable], return_index=True)
    return np.ascontiguousarray(usable[np.sort(first)].T)


@lru_cache(maxsize=4)
def _first_halves(blocks: int) -> FloatArray:
    """float64[splits / 2, blocks]: 1 where a block is in the first half; the rest of the splits are complements."""
    chosen = np.array([half for half in combinations(range(blocks), blocks // 2) if half[0] == 0])
    members = np.zeros((len(chosen), blocks))
    members[np.arange(len(chosen))[:, None], chosen] = 1
    return members


def _halves(returns: FloatArray, blocks: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Sharpe ratios float64[some splits, configurations] of one half and the other, each split both ways round."""
    days, configurations = returns.shape
    edges = np.linspace(0, days, blocks + 1).astype(np.int64)
    counts = np.diff(edges)[:, None].astype(np.float64)
    sums, squares = (np.add.reduceat(values, edges[:-1]) for values in (returns, returns**2))
    members = _first_halves(blocks)
    step = max(1, _SPLITS_AT_ONCE_ELEMENTS // configurations)
    for start in range(0, len(members), step):
        part = members[start : start + step]
        one, other = (_sharpe(half @ sums, half @ squares, half @ counts) for half in (part, 1 - part))
        yield one, other
        yield other, one


def _sharpe(total: FloatArray, squares: FloatArray, count: FloatArray) -> FloatArray:
    mean = total / count
    variance = np.maximum(squares / count - mean**2, 0)
    return np.divide(mean, np.sqrt(variance), out=np.zeros_like(mean), where=variance > 0)


def _judge(first: FloatArray, second: FloatArray) -> FloatArray:
    """float64[splits, 3]: the best of the first half's Sharpe there, in the second half, and the logit of its rank."""
    every = np.arange(len(first))
    best = first.argmax(axis=1)
    chosen = second[every, best][:, None]
    below, equal = (second < chosen).sum(axis=1), (second == chosen).sum(axis=1)
    rank = (below + (equal + 1) / 2) / (second.shape[1] + 1)
    return np.column_stack([first[every, best], chosen[:, 0], np.log(rank / (1 - rank))])


def _pbo(judged: FloatArray, blocks: int, days: int, configurations: int) -> Pbo:
    first, second, logits = judged.T
    covariance = np.cov(first, second)
    return Pbo(
        pbo=float(np.mean(logits <= 0)),
        reason=None,
        blocks=blocks,
        splits=len(judged),
        days=days,
        configurations=configurations,
        logits=Percentiles.of(logits),
        degradation_slope=float(covariance[0, 1] / covariance[0, 0]) if covariance[0, 0] else None,
        loss_probability=float(np.mean(second < 0)),
    )


def _undefined(reason: str, blocks: int, days: int, configurations: int) -> Pbo:
    nothing = {"pbo": None, "logits": None, "degradation_slope": None, "loss_probability": None}
    return Pbo(reason=reason, blocks=blocks, splits=0, days=days, configurations=configurations, **nothing)


def _defined(value: float) -> float | None:
    return value if math.isfinite(value) else None
