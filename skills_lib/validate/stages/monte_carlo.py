"""Resamples the trades or days of a run by bootstrap and shuffle.

Resampled paths show the range of results that luck alone gives the same edge. They contain no loss, crash or regime
outside the sample, and cannot distinguish an edge from an overfitted search; `overfit` does.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal, NamedTuple

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.resampling import stationary_indices
from skills_lib.domain.rounding import is_spread
from skills_lib.validate.stages.arch_import import bootstrap
from skills_lib.validate.stages.percentiles import PERCENTS, Histogram, Percentiles

Method = Literal["trade bootstrap", "block bootstrap", "order shuffle"]

FAN_POINTS = 200
_ELEMENTS_AT_ONCE = 32_768
"""Samples × observations worked on together: fits into a processor's cache."""

_Draw = Callable[[int], FloatArray]
"""Number of samples in, float64[samples, observations] of log growth out; every call generates new samples."""

LIMITS: dict[Method, str] = {
    "trade bootstrap": "Resamples trades as if they were independent: streaks and clustering in time are lost, "
    "and no trade worse than the worst one seen can occur.",
    "block bootstrap": "Retains the dependence of neighbouring days only within a block, and contains no market "
    "state outside the sample.",
    "order shuffle": "Shows only how deep the drawdown of another order of the same trades could have been: the "
    "total return is the same in every order.",
}


class Fan(FrozenModel):
    """Percentiles of equity, as a multiple of its start, after `steps` trades or days; for charts."""

    steps: tuple[int, ...]
    p5: tuple[float, ...]
    p25: tuple[float, ...]
    p50: tuple[float, ...]
    p75: tuple[float, ...]
    p95: tuple[float, ...]


class ResampledDistribution(FrozenModel):
    """Distribution of results over resampled trades or days.

    `total_return_pct`: compounded return of a sample; None for the order shuffle, where all are equal.
    `max_drawdown_pct`: largest drop from a peak at the end of a trade or day, 0 or less, so `p5` is the bad end of
    both. `loss_share`: share of samples that end at or below their start; None for the order shuffle.
    `deeper_share`: share of samples whose drawdown is at least as deep as the observed one.
    `block_days`: mean block length of the block bootstrap. `limits`: what the figures do not show.
    """

    method: Method
    samples: int
    seed: int
    observations: int
    block_days: float | None
    observed_total_return_pct: float
    observed_max_drawdown_pct: float
    total_return_pct: Percentiles | None
    max_drawdown_pct: Percentiles
    loss_share: float | None
    deeper_share: float
    drawdown_histogram: Histogram
    fan: Fan
    limits: str


def trade_returns(execution: Execution) -> FloatArray:
    """float64[trades]: each trade's net profit as a fraction of equity before it; compounded they give the total.

    Trades are in the order they closed; 0 after equity reaches 0.
    """
    pnl = execution.trades["pnl"].to_numpy(dtype=np.float64)
    before = execution.cash + np.cumsum(pnl) - pnl
    returns: FloatArray = np.divide(pnl, before, out=np.zeros(len(pnl)), where=before > 0)
    return returns


def trade_bootstrap(trade_returns: FloatArray, samples: int = 1000, seed: int = 0) -> ResampledDistribution | None:
    """Resample as many trades with replacement; None for fewer than two trades.

    `trade_returns`: float64[trades], net, as fractions of equity.
    """
    if len(trade_returns) < 2:
        return None
    rng, growth, observations = np.random.default_rng(seed), _log_growth(trade_returns), len(trade_returns)

    def draw(count: int) -> FloatArray:
        return growth[rng.integers(observations, size=(count, observations), dtype=np.int32)]

    return _distribution("trade bootstrap", trade_returns, _sampled(draw, samples, observations), seed)


def block_bootstrap(
    daily: FloatArray, samples: int = 1000, seed: int = 0, block_days: float | None = None
) -> ResampledDistribution | None:
    """Stationary bootstrap of Politis & Romano (1994) of float64[days] returns; None for fewer than two days.

    `block_days`: mean length of a block; by default `usual_block_days`.
    """
    if len(daily) < 2:
        return None
    rng, growth = np.random.default_rng(seed), _log_growth(daily)
    mean_length = usual_block_days(daily) if block_days is None else block_days

    def draw(count: int) -> FloatArray:
        return growth[stationary_indices(len(daily), mean_length, count, rng)]

    return _distribution("block bootstrap", daily, _sampled(draw, samples, len(daily)), seed, mean_length)


def order_shuffle(trade_returns: FloatArray, samples: int = 1000, seed: int = 0) -> ResampledDistribution | None:
    """The same trades in random orders, for the drawdown only; None for fewer than two trades."""
    if len(trade_returns) < 2:
        return None
    rng, growth = np.random.default_rng(seed), _log_growth(trade_returns)

    def draw(count: int) -> FloatArray:
        return rng.permuted(np.tile(growth, (count, 1)), axis=1)

    return _distribution("order shuffle", trade_returns, _sampled(draw, samples, len(trade_returns)), seed)


def usual_block_days(daily: FloatArray) -> float:
    """Mean block length: by Politis & White (2004) through the `arch` package, else the cube root of the days.

    The automatic length grows with the autocorrelation of the returns; it is limited to 1 to a quarter of the days.
    """
    longest = max(1.0, len(daily) / 4)
    if find_spec("arch") is None or len(daily) < 30 or not is_spread(daily.std(), daily.mean()):
        return min(float(np.cbrt(len(daily))), longest)
    return float(np.clip(bootstrap().optimal_block_length(daily)["stationary"].iloc[0], 1.0, longest))


class _Paths(NamedTuple):
    """`totals`, `drawdowns` (0 or less): float64[samples], fractions. `points`: equity, float64[samples, steps]."""

    totals: FloatArray
    drawdowns: FloatArray
    points: FloatArray


def _sampled(draw: _Draw, samples: int, observations: int) -> _Paths:
    at_once, steps = max(1, _ELEMENTS_AT_ONCE // observations), _steps(observations)
    parts = [_paths(draw(min(at_once, samples - done)), steps) for done in range(0, samples, at_once)]
    return _Paths(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _log_growth(returns: FloatArray) -> FloatArray:
    """Logarithm of equity's multiple in each trade or day; -inf after a total loss, which is permanent."""
    with np.errstate(divide="ignore"):
        growth: FloatArray = np.log(np.maximum(1 + returns, 0))
    return growth


def _paths(growth: FloatArray, steps: IntArray) -> _Paths:
    equity = np.zeros((growth.shape[0], growth.shape[1] + 1))
    np.cumsum(growth, axis=1, out=equity[:, 1:])
    deepest = (equity - np.maximum.accumulate(equity, axis=1)).min(axis=1)
    return _Paths(np.expm1(equity[:, -1]), np.expm1(deepest), np.exp(equity[:, steps]))


def _steps(observations: int) -> IntArray:
    return np.unique(np.linspace(0, observations, FAN_POINTS).astype(np.int64))


def _distribution(
    method: Method, observed: FloatArray, sampled: _Paths, seed: int, block_days: float | None = None
) -> ResampledDistribution:
    steps, is_shuffle = _steps(len(observed)), method == "order shuffle"
    actual = _paths(_log_growth(observed)[None], steps)
    return ResampledDistribution(
        method=method,
        samples=len(sampled.totals),
        seed=seed,
        observations=len(observed),
        block_days=block_days,
        observed_total_return_pct=float(actual.totals[0]) * 100,
        observed_max_drawdown_pct=float(actual.drawdowns[0]) * 100,
        total_return_pct=None if is_shuffle else Percentiles.of(sampled.totals * 100),
        max_drawdown_pct=Percentiles.of(sampled.drawdowns * 100),
        loss_share=None if is_shuffle else float(np.mean(sampled.totals <= 0)),
        deeper_share=float(np.mean(sampled.drawdowns <= actual.drawdowns[0])),
        drawdown_histogram=Histogram.of(sampled.drawdowns * 100),
        fan=_fan(sampled.points, steps),
        limits=LIMITS[method],
    )


def _fan(points: FloatArray, steps: IntArray) -> Fan:
    bands = np.percentile(np.ascontiguousarray(points.T), PERCENTS, axis=1)
    named = zip(Percentiles.model_fields, (tuple(band.tolist()) for band in bands), strict=True)
    return Fan(steps=tuple(steps.tolist()), **dict(named))
