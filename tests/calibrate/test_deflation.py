"""Two findings of the calibration: the variance used for deflation, and PBO among equally good configurations."""

import numpy as np
import pytest

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.calibrate.market_run import MarketTask, StudyInputs, run_market
from skills_lib.calibrate.pipeline import plan_of
from skills_lib.domain.bars import FloatArray
from skills_lib.validate.stages.overfit import deflation_variance, moments, overfitting

DAYS, CONFIGURATIONS = 900, 30


def related(rng: np.random.Generator, correlation: float) -> FloatArray:
    """Daily returns without an edge: float64[days, configurations], every pair correlated alike."""
    common, own = rng.standard_normal((DAYS, 1)), rng.standard_normal((DAYS, CONFIGURATIONS))
    return 0.01 * (np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)


def daily_sharpes(returns: FloatArray) -> FloatArray:
    """Sharpe ratio of each configuration."""
    return np.asarray(returns.mean(axis=0) / returns.std(axis=0, ddof=1))


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.9])
def test_the_deflation_variance_matches_simulated_trials_without_an_edge(correlation: float) -> None:
    rng = np.random.default_rng(1)
    samples = [related(rng, correlation) for _ in range(150)]
    seen = np.mean([daily_sharpes(returns).var(ddof=1) for returns in samples])
    expected = np.mean([deflation_variance(None, returns) for returns in samples])
    assert seen == pytest.approx(expected, rel=0.1)


def test_a_configuration_ruined_by_fees_does_not_hide_an_edge() -> None:
    returns = related(np.random.default_rng(2), 0.4)
    returns[:, 0] += 0.0025
    ruined = returns.copy()
    ruined[:, 1:6] -= 0.01
    results = [
        overfitting(every[:, 0], every, CONFIGURATIONS, daily_sharpes(every).var(ddof=1), repetitions=0)
        for every in (returns, ruined)
    ]
    assert daily_sharpes(ruined).var(ddof=1) > 20 * daily_sharpes(returns).var(ddof=1)
    assert results[1].expected_maximum_sharpe < 1.3 * results[0].expected_maximum_sharpe
    assert min(found.dsr or 0 for found in results) > 0.95


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_the_best_of_many_without_an_edge_seldom_passes_deflation(correlation: float) -> None:
    rng, naive, deflated = np.random.default_rng(3), 0, 0
    for _ in range(120):
        returns = related(rng, correlation)
        sharpes = daily_sharpes(returns)
        best = returns[:, sharpes.argmax()]
        found = overfitting(best, returns, CONFIGURATIONS, sharpes.var(ddof=1), blocks=2, repetitions=0)
        naive += (found.psr or 0) > 0.95
        deflated += (found.dsr or 0) > 0.95
    assert naive > 40
    assert deflated <= 6


def test_the_counted_variance_is_used_up_to_what_chance_explains() -> None:
    returns = np.random.default_rng(4).normal(0.001, 0.01, (DAYS, 1))
    for nothing_to_compare in (returns, np.zeros((DAYS, 3))):
        assert deflation_variance(0.0004, nothing_to_compare) == 0.0004
        assert deflation_variance(0.09, nothing_to_compare) == 1 / (DAYS - 1)
        assert deflation_variance(None, nothing_to_compare) == 1 / (DAYS - 1)
    found = overfitting(returns[:, 0], returns, 50, 0.002, repetitions=0)
    assert found.expected_maximum_sharpe == pytest.approx(
        overfitting(returns[:, 0], returns, 50, 0.002, blocks=4, repetitions=0).expected_maximum_sharpe
    )
    assert found.expected_maximum_sharpe > 0
    assert moments(returns[:, 0]).sharpe > 0


def test_overfitting_counts_as_far_as_the_choice_loses_money() -> None:
    subject = LoadedStrategy("sma_crossover", strategies.load("sma_crossover"), strategies.source_file("sma_crossover"))
    job = StudyInputs(subject, 0.2, plan_of(subject), BacktestSettings(), (), seed=2)
    for task in (MarketTask("planted", 0, 3.0), MarketTask("garch", 0, None)):
        found = run_market(job, task)
        figures = found.overfitting
        assert found.judged.pbo == min(figures["pbo"] or 0, figures["loss_probability"] or 0)
        assert ((figures["loss_probability"] or 0) < 0.2) == (task.sharpe is not None)


def test_trials_of_other_searches_count_as_unrelated_and_deflate_more() -> None:
    rng = np.random.default_rng(4)
    returns = rng.normal(0, 0.01, (DAYS, 1)) + rng.normal(0, 0.002, (DAYS, 20))
    whole, tenth = deflation_variance(None, returns), deflation_variance(None, returns, share=0.1)
    assert whole < tenth < 1 / (DAYS - 1) * 1.01
    few, many = (overfitting(returns[:, 0], returns, trials, 1.0, repetitions=0) for trials in (20, 200))
    assert few.expected_maximum_sharpe * 2 < many.expected_maximum_sharpe
