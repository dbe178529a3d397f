"""Computes the probability of backtest overfitting: how the best of one half of the days ranks in the other."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

import numpy as np

from skills_lib.domain.bars import FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.rounding import NO_CHANGE, is_spread
from skills_lib.validate.stages.percentiles import Percentiles

_PRODUCTS_AT_ONCE = 262_144
"""Multiplications per matrix product: above this OpenBLAS starts threads, which only wait on a busy machine."""
_ROUNDING = 1e-14
"""A variance below this share of the mean square is rounding, as the sums of some thousand days leave it."""


class Pbo(FrozenModel):
    """Probability of backtest overfitting by combinatorially symmetric cross-validation.

    Source: Bailey, Borwein, López de Prado & Zhu, The Probability of Backtest Overfitting (2015). In every split of
    the days into halves made of `blocks`, the configuration that was best in one half is ranked in the other.
    `pbo`: share of splits in which it ended at or below the median; None if it is undefined, for `reason`.
    `logits`: percentiles of log odds of that rank. `degradation_slope`: of its Sharpe in the second half on that in the
    first; below 0, a better first half means a worse second. `loss_probability`: splits in which it lost money.
    `configurations`: number compared, without those that could not run; equal returns count once.
    """

    pbo: float | None
    reason: str | None
    blocks: int
    splits: int
    days: int
    configurations: int
    logits: Percentiles | None
    degradation_slope: float | None
    loss_probability: float | None


def backtest_overfitting(returns: FloatArray, blocks: int = 16) -> Pbo:
    """PBO of float64[days, configurations] daily returns; columns with nan are left out.

    A configuration without variance in a half has a Sharpe of 0 there.

    Raises:
        InputError: `blocks` is odd, below 2 or above 20 (184,756 splits).
    """
    if blocks % 2 or not 2 <= blocks <= 20:
        raise InputError(f"blocks={blocks} is not allowed. Give an even number from 2 to 20.")
    distinct = distinct_columns(returns)
    days, configurations = distinct.shape
    if configurations < 2 or days < 2 * blocks:
        reason = f"{configurations} different configurations over {days} days; 2 and {2 * blocks} are needed"
        return _undefined(reason, blocks, days, configurations)
    judged = np.concatenate([_judge(first, second) for first, second in _halves(distinct, blocks)])
    return _pbo(judged, blocks, days, configurations)


def distinct_columns(returns: FloatArray) -> FloatArray:
    """Columns without nan, without duplicates: ranking equal columns would rank rounding errors."""
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
    step = max(1, _PRODUCTS_AT_ONCE // (blocks * configurations))
    for start in range(0, len(members), step):
        part = members[start : start + step]
        first, second = (_sharpe(half @ sums, half @ squares, half @ counts) for half in (part, 1 - part))
        yield first, second
        yield second, first


def _sharpe(total: FloatArray, squares: FloatArray, count: FloatArray) -> FloatArray:
    mean = total / count
    variance = squares / count - mean**2
    rounding = np.maximum(_ROUNDING * squares / count, NO_CHANGE**2)  # what the difference of two squares leaves
    return np.divide(mean, np.sqrt(np.abs(variance)), out=np.zeros_like(mean), where=variance > rounding)


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
    is_varied = is_spread(np.sqrt(covariance[0, 0]), first.mean())
    return Pbo(
        pbo=float(np.mean(logits <= 0)),
        reason=None,
        blocks=blocks,
        splits=len(judged),
        days=days,
        configurations=configurations,
        logits=Percentiles.of(logits),
        degradation_slope=float(covariance[0, 1] / covariance[0, 0]) if is_varied else None,
        loss_probability=float(np.mean(second < 0)),
    )


def _undefined(reason: str, blocks: int, days: int, configurations: int) -> Pbo:
    nothing = {"pbo": None, "logits": None, "degradation_slope": None, "loss_probability": None}
    return Pbo(reason=reason, blocks=blocks, splits=0, days=days, configurations=configurations, **nothing)
