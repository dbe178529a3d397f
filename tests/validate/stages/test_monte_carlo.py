"""Bootstraps: their distribution, the coverage of their intervals, and small cases computed by hand."""

import sys
from collections.abc import Callable

import numpy as np
import pytest

from skills_lib.backtest.kernel.run import run_kernel
from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.resampling import stationary_indices
from skills_lib.validate.stages.monte_carlo import (
    FAN_POINTS,
    ResampledDistribution,
    block_bootstrap,
    order_shuffle,
    trade_bootstrap,
    trade_returns,
    usual_block_days,
)
from strategies.sma_crossover import SmaCrossover
from tests.validate.markets import random_walk

EVERY: tuple[Callable[..., ResampledDistribution | None], ...] = (trade_bootstrap, block_bootstrap, order_shuffle)


def made(found: ResampledDistribution | None) -> ResampledDistribution:
    assert found is not None
    return found


def test_blocks_have_the_given_mean_length_and_wrap_around_the_end() -> None:
    observations, mean_length = 50, 5.0
    generated = stationary_indices(observations, mean_length, 4_000, np.random.default_rng(1))
    assert generated.shape == (4_000, observations)
    goes_on = (generated[:, 1:] - generated[:, :-1]) % observations == 1
    assert goes_on.mean() == pytest.approx(1 - 1 / mean_length + 1 / mean_length / observations, abs=0.004)
    assert ((generated[:, :-1] == observations - 1) & (generated[:, 1:] == 0)).any()


def test_every_day_is_sampled_equally_often_at_every_position() -> None:
    generated = stationary_indices(20, 4.0, 20_000, np.random.default_rng(2))
    for place in (0, 1, 10, 19):
        counts = np.bincount(generated[:, place], minlength=20)
        assert ((counts - 1000) ** 2 / 1000).sum() < 45  # the 99.9th percentile of chi-square with 19 degrees is 43.8


def test_the_variance_of_a_bootstrapped_mean_is_the_one_politis_and_romano_prove() -> None:
    """Circular autocovariances weighted by (1 - k/N)(1 - p)^k: Politis & Romano (1994), lemma 1."""
    daily, mean_length = autocorrelated(np.random.default_rng(3), 80, 0.6), 6.0
    generated = daily[stationary_indices(80, mean_length, 40_000, np.random.default_rng(4))].mean(axis=1)
    centred, lags, stay = daily - daily.mean(), np.arange(1, 80), 1 - 1 / mean_length
    covariance = np.array([np.mean(centred * np.roll(centred, -lag)) for lag in range(80)])
    weights = (1 - lags / 80) * stay**lags
    assert generated.var() == pytest.approx((covariance[0] + 2 * np.sum(weights * covariance[1:])) / 80, rel=0.03)
    assert generated.mean() == pytest.approx(daily.mean(), abs=4 * generated.std() / 200)


def test_samples_have_the_distribution_of_those_of_arch() -> None:
    """Two-sample Kolmogorov-Smirnov on figures that depend on the blocks; another block length would be noticed."""
    bootstrap = pytest.importorskip("arch.bootstrap")
    daily, count, mean_length = autocorrelated(np.random.default_rng(8), 120, 0.6), 4_000, 8.0
    theirs = bootstrap.StationaryBootstrap(mean_length, np.arange(120), seed=np.random.default_rng(9))
    expected = np.array([sample[0][0] for sample in theirs.bootstrap(count)])
    found = stationary_indices(120, mean_length, count, np.random.default_rng(10))
    shorter = stationary_indices(120, mean_length * 0.7, count, np.random.default_rng(10))
    for figure in (mean_of, longest_block, deepest_decline):
        assert ks_p_value(figure(daily, found), figure(daily, expected)) > 0.01, figure
    assert ks_p_value(longest_block(daily, shorter), longest_block(daily, expected)) < 0.01


def ks_p_value(one: FloatArray, other: FloatArray) -> float:
    """The probability of so large a distance between two samples of one distribution."""
    return float(pytest.importorskip("scipy.stats").ks_2samp(one, other).pvalue)


def mean_of(daily: FloatArray, rows: IntArray) -> FloatArray:
    """Mean return of each sample."""
    return np.asarray(daily[rows].mean(axis=1))


def longest_block(_daily: FloatArray, rows: IntArray) -> FloatArray:
    """Days in a row of the longest block of each sample, told apart by a little noise: ties distort the test."""
    follows = (rows[:, 1:] - rows[:, :-1]) % 120 == 1
    run, longest = np.zeros(len(rows)), np.zeros(len(rows))
    for day in follows.T:
        run = np.where(day, run + 1, 0)
        longest = np.maximum(longest, run)
    return np.asarray(longest + np.random.default_rng(11).random(len(rows)))


def deepest_decline(daily: FloatArray, rows: IntArray) -> FloatArray:
    """Largest drop of the summed returns of each sample."""
    path = daily[rows].cumsum(axis=1)
    return np.asarray((path - np.maximum.accumulate(path, axis=1)).min(axis=1))


def test_a_90_percent_interval_covers_the_true_growth_90_percent_of_the_time() -> None:
    assert coverage(trade_bootstrap, memory=0.0) == pytest.approx(0.9, abs=0.05)
    assert coverage(block_bootstrap, memory=0.0) == pytest.approx(0.9, abs=0.05)


def test_blocks_cover_autocorrelated_returns_where_single_days_do_not() -> None:
    pytest.importorskip("arch")
    assert coverage(block_bootstrap, memory=0.4) == pytest.approx(0.9, abs=0.08)
    assert coverage(trade_bootstrap, memory=0.4) < 0.8


def test_the_automatic_block_grows_with_memory() -> None:
    pytest.importorskip("arch")
    rng = np.random.default_rng(5)
    assert usual_block_days(autocorrelated(rng, 1000, 0.7)) > 3 * usual_block_days(rng.normal(0, 0.01, 1000))


def test_without_arch_a_block_is_the_cube_root_of_the_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arch", None)
    daily = np.random.default_rng(6).normal(0, 0.01, 1000)
    assert usual_block_days(daily) == pytest.approx(10)
    assert made(block_bootstrap(daily, 50)).block_days == pytest.approx(10)


def test_an_order_changes_the_drawdown_only() -> None:
    """-10 %, -10 %, +50 %: two losses in a row in two of three orders (19 % deep), apart in the third (10 %)."""
    found = made(order_shuffle(np.array([-0.1, -0.1, 0.5]), 3000, seed=1))
    assert (found.total_return_pct, found.loss_share) == (None, None)
    assert found.observed_total_return_pct == pytest.approx(21.5)
    assert found.observed_max_drawdown_pct == pytest.approx(-19)
    assert found.max_drawdown_pct.p5 == pytest.approx(-19)
    assert found.max_drawdown_pct.p95 == pytest.approx(-10)
    assert found.deeper_share == pytest.approx(2 / 3, abs=0.03)
    assert found.fan.p5[-1] == pytest.approx(found.fan.p95[-1])


def test_two_resampled_trades_are_a_quarter_losses_and_a_quarter_wins() -> None:
    """+10 % and -10 %: 0.81, 0.99 twice, 1.21."""
    found = made(trade_bootstrap(np.array([0.1, -0.1]), 4000, seed=2))
    assert found.total_return_pct is not None
    assert (found.total_return_pct.p5, found.total_return_pct.p50) == pytest.approx((-19, -1))
    assert found.total_return_pct.p95 == pytest.approx(21)
    assert found.loss_share == pytest.approx(0.75, abs=0.03)
    assert found.max_drawdown_pct.p95 == pytest.approx(0)


@pytest.mark.parametrize("draw", EVERY)
def test_the_same_seed_gives_the_same_distribution(draw: Callable[..., ResampledDistribution | None]) -> None:
    returns = np.random.default_rng(7).normal(0, 0.02, 60)
    assert draw(returns, 200, 3) == draw(returns, 200, 3)
    assert draw(returns, 200, 3) != draw(returns, 200, 4)


@pytest.mark.parametrize("draw", EVERY)
def test_one_trade_or_day_cannot_be_resampled(draw: Callable[..., ResampledDistribution | None]) -> None:
    assert draw(np.array([0.1]), 10, 0) is None
    assert draw(np.empty(0), 10, 0) is None


@pytest.mark.parametrize("draw", EVERY)
def test_a_total_loss_is_permanent(draw: Callable[..., ResampledDistribution | None]) -> None:
    found = made(draw(np.array([0.5, -1.0, 0.5, -1.2] * 5), 100, 0))
    assert found.observed_total_return_pct == -100
    assert found.max_drawdown_pct.p5 == -100
    assert found.fan.p5[-1] == 0


def test_more_samples_than_fit_at_once_are_all_counted() -> None:
    found = made(trade_bootstrap(np.random.default_rng(8).normal(0, 0.01, 700), 333, seed=1))
    assert found.samples == 333
    assert sum(found.drawdown_histogram.counts) == 333


def test_the_fan_begins_at_the_start_and_ends_at_the_total() -> None:
    found = made(block_bootstrap(np.random.default_rng(9).normal(0.001, 0.02, 900), 400, seed=1))
    fan, totals = found.fan, found.total_return_pct
    assert totals is not None
    assert (fan.steps[0], fan.steps[-1], len(fan.steps)) == (0, 900, FAN_POINTS)
    assert fan.p5[0] == fan.p95[0] == 1
    assert [(band[-1] - 1) * 100 for band in (fan.p5, fan.p50, fan.p95)] == pytest.approx(
        [totals.p5, totals.p50, totals.p95]
    )


def test_compounded_trade_returns_are_the_total_of_the_run() -> None:
    bars, settings = random_walk(3000, 10), BacktestSettings()
    execution = run_kernel(SmaCrossover, bars, {"fast": 10, "slow": 40}, settings)
    returns = trade_returns(execution)
    assert len(returns) == len(execution.trades)
    total = execution.trades["pnl"].sum() / execution.cash
    assert np.prod(1 + returns) - 1 == pytest.approx(total)
    assert made(trade_bootstrap(returns, 10)).observed_total_return_pct == pytest.approx(total * 100)


def autocorrelated(rng: np.random.Generator, days: int, memory: float) -> FloatArray:
    """A first-order autoregression with mean 0.0005 and a deviation of about 0.01."""
    moves = rng.normal(0, 0.01, days + 100)
    for day in range(1, len(moves)):
        moves[day] += memory * moves[day - 1]
    return np.asarray(moves[100:] + 0.0005)


def coverage(draw: Callable[..., ResampledDistribution | None], memory: float) -> float:
    """Share of markets whose 5 to 95 % interval of the total holds the growth that is true for all of them."""
    rng, days, hits = np.random.default_rng(11), 200, []
    truth = np.log1p(autocorrelated(rng, 100_000, memory)).mean() * days
    for seed in range(200):
        total = made(draw(autocorrelated(rng, days, memory), 200, seed)).total_return_pct
        assert total is not None
        hits.append(total.p5 <= np.expm1(truth) * 100 <= total.p95)
    return float(np.mean(hits))
