"""Confidence intervals of a mean over trades that depend on their neighbours in time.

Trades of one minute share the market's move, so single trades are not resampled but blocks of consecutive ones, by the
stationary bootstrap. Blocks never cross from one tape to another.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.resampling import stationary_indices

SAMPLES = 2_000
MIN_FOR_INTERVAL = 8
"""With fewer there is no interval: a block is at most a quarter of a tape's trades."""
DEPENDENCE_NS = 180_000_000_000
"""Trades this close in time count as dependent: three times the longest hold; shorter blocks cover less than 92 %."""
_AT_ONCE = 1_000_000
_Z = NormalDist().inv_cdf(0.975)


class Interval(FrozenModel):
    """A mean with its 95 % interval and its standard error; None where there are too few trades."""

    mean: float | None = None
    ci95: tuple[float, float] | None = None
    error: float | None = None

    @property
    def t(self) -> float | None:
        """The mean in standard errors; None without an error."""
        return None if self.mean is None or not self.error else self.mean / self.error


class Sample(NamedTuple):
    """One tape's trades in order of entry: float64[figures, trades], and the mean length of a block."""

    values: FloatArray
    block: float


def block_length(entry_ns: IntArray) -> float:
    """Mean trades in a block of a tape: the cube root of all, or as many as `DEPENDENCE_NS` holds if that is more.

    At most a quarter of the trades. entry_ns: int64[trades], in order.
    """
    count = len(entry_ns)
    if count < 2:
        return 1.0
    span_ns = max(int(entry_ns[-1] - entry_ns[0]), 1)
    together = (count - 1) * DEPENDENCE_NS / span_ns
    return max(1.0, min(max(float(np.cbrt(count)), together), count / 4))


def mean_intervals(samples: Sequence[Sample], seed: int, draws: int = SAMPLES) -> list[Interval]:
    """For each figure its mean over the trades of all tapes with a 95 % interval.

    The interval lies between percentiles of the resampled means, moved away from the mean as Student's t with one
    degree of freedom less than there are blocks is wider than a normal, which matters with few blocks.
    """
    values = np.concatenate([sample.values for sample in samples], axis=1)
    figures, trades = values.shape
    if not trades:
        return [Interval()] * figures
    means = values.mean(axis=1)
    if trades < MIN_FOR_INTERVAL:
        return [Interval(mean=mean) for mean in means.tolist()]
    resampled = _resampled_means(samples, np.random.default_rng(seed), draws)
    blocks = sum(sample.values.shape[1] / sample.block for sample in samples)
    wider = math.sqrt(blocks / (blocks - 1))
    edges = np.percentile(resampled - means, (2.5, 97.5), axis=0) * wider * _student(blocks - 1) / _Z + means
    errors = resampled.std(axis=0) * wider
    return [
        Interval(mean=mean, ci95=(low, high), error=error)
        for mean, (low, high), error in zip(means.tolist(), edges.T.tolist(), errors.tolist(), strict=True)
    ]


def _resampled_means(samples: Sequence[Sample], rng: np.random.Generator, draws: int) -> FloatArray:
    """float64[draws, figures]: means over all tapes, each tape resampled from its own trades."""
    total = np.zeros((draws, len(samples[0].values)))
    for values, block in samples:
        trades = values.shape[1]
        at_once = max(1, _AT_ONCE // max(trades, 1))
        for first in range(0, draws if trades else 0, at_once):
            count = min(at_once, draws - first)
            rows = stationary_indices(trades, block, count, rng)
            for figure, column in enumerate(values):
                total[first : first + count, figure] += column[rows].sum(axis=1)
    means: FloatArray = total / sum(sample.values.shape[1] for sample in samples)
    return means


def _student(freedom: float) -> float:
    """The 97.5 % quantile of Student's t, within 1 % from 3 degrees of freedom (Abramowitz & Stegun 26.7.5)."""
    z = _Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))
