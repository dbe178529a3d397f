"""Deflated Sharpe, PBO and SPA against published examples, cases computed by hand and simulations."""

import math
import sys

import numpy as np
import pytest

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.validate.stages.overfit import (
    Moments,
    backtest_overfitting,
    deflated_sharpe,
    expected_maximum_sharpe,
    minimum_track_record,
    minimum_track_record_days,
    moments,
    overfitting,
    probabilistic_sharpe,
    probability_above,
    superior_predictive_ability,
)

PAPER_YEAR = 250  # trading days a year in The Deflated Sharpe Ratio (2014)


@pytest.mark.parametrize(
    ("trials", "skewness", "kurtosis", "dsr"),
    [(100, -3, 10, 0.9004), (46, -3, 10, 0.9505), (88, 0, 3, 0.9505)],
)
def test_the_deflated_sharpe_is_that_of_the_papers_example(
    trials: int, skewness: float, kurtosis: float, dsr: float
) -> None:
    """Bailey & López de Prado (2014): five years of days, annual Sharpe 2.5, annual variance of trials one half."""
    found = Moments(1250, 2.5 / math.sqrt(PAPER_YEAR), skewness, kurtosis)
    threshold = expected_maximum_sharpe(trials, 0.5 / PAPER_YEAR)
    assert probability_above(found, threshold) == pytest.approx(dsr, abs=5e-5)


def test_the_expected_maximum_is_that_of_the_papers_example() -> None:
    assert expected_maximum_sharpe(100, 0.5 / PAPER_YEAR) == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize(
    ("months", "skewness", "kurtosis", "psr"),
    [(24, 0, 3, 0.982), (24, -2.448, 10.164, 0.913), (36, -2.448, 10.164, 0.953)],
)
def test_the_probabilistic_sharpe_is_that_of_the_papers_example(
    months: int, skewness: float, kurtosis: float, psr: float
) -> None:
    """Bailey & López de Prado (2012): a fund with a monthly Sharpe of 0.458; they print three digits."""
    assert probability_above(Moments(months, 0.458, skewness, kurtosis)) == pytest.approx(psr, abs=1e-3)


@pytest.mark.parametrize(
    ("a_year", "skewness", "kurtosis", "years"),
    [(252, 0, 3, 2.73), (52, 0, 3, 2.83), (12, 0, 3, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_the_minimum_track_record_is_that_of_the_papers_examples(
    a_year: int, skewness: float, kurtosis: float, years: float
) -> None:
    """Bailey & López de Prado (2012): an annual Sharpe of 2 that should be above 1 at 95 %."""
    found = Moments(0, 2 / math.sqrt(a_year), skewness, kurtosis)
    assert minimum_track_record(found, 1 / math.sqrt(a_year)) / a_year == pytest.approx(years, abs=5e-3)


def test_a_minimum_track_record_gives_exactly_the_confidence_asked_for() -> None:
    found = Moments(0, 0.08, -0.5, 6.0)
    length = minimum_track_record(found, 0.02, 0.9)
    assert probability_above(found._replace(observations=length), 0.02) == pytest.approx(0.9)  # type: ignore[arg-type]


def test_the_expected_maximum_is_near_the_simulated_one() -> None:
    generated = np.random.default_rng(1).normal(0, 0.05, (20_000, 50)).max(axis=1).mean()
    assert expected_maximum_sharpe(50, 0.05**2) == pytest.approx(generated, rel=0.02)


def test_one_trial_was_not_chosen_from_any() -> None:
    daily = np.random.default_rng(2).normal(0.001, 0.02, 500)
    assert expected_maximum_sharpe(1, 0.01) == 0
    assert deflated_sharpe(daily, 1, 0.01) == probabilistic_sharpe(daily)


def test_more_trials_deflate_more() -> None:
    daily = np.random.default_rng(2).normal(0.002, 0.02, 500)
    found = [deflated_sharpe(daily, trials, 0.001) for trials in (1, 10, 100, 10_000)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


def test_moments_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    daily = np.random.default_rng(3).standard_t(4, 700) * 0.01
    found = moments(daily)
    assert found.skewness == pytest.approx(stats.skew(daily))
    assert found.kurtosis == pytest.approx(stats.kurtosis(daily, fisher=False))
    assert found.sharpe == pytest.approx(daily.mean() / daily.std(ddof=1))


def test_days_without_variance_prove_nothing() -> None:
    for daily in (np.zeros(100), np.full(1, 0.01), np.empty(0)):
        assert math.isnan(probabilistic_sharpe(daily))
        assert minimum_track_record_days(daily) == math.inf


def test_the_minimum_track_record_of_a_loss_is_infinite() -> None:
    assert minimum_track_record_days(np.random.default_rng(4).normal(-0.01, 0.02, 100)) == math.inf


def test_the_probabilistic_sharpe_of_luck_is_uniform() -> None:
    rng = np.random.default_rng(5)
    found = np.array([probabilistic_sharpe(rng.standard_t(5, 365) * 0.02) for _ in range(1000)])
    assert np.mean(found > 0.95) == pytest.approx(0.05, abs=0.02)
    assert np.mean(found > 0.5) == pytest.approx(0.5, abs=0.05)


def test_pbo_of_two_halves_is_the_one_counted_by_hand() -> None:
    """Sharpe ratios by half, deviation over n: A 2 and -2, B 3 and 3, C -2 and 2, D 11 and 0.

    Best of the first is D, second of four in the second: odds 0.4 to 0.6. Best of the second is B, third of four in
    the first: odds 0.6 to 0.4. One of two is below the median; the line through (11, 0) and (3, 3) falls by 3/8.
    """
    a, b, c, d = (1, 3, -1, -3), (1, 2, 1, 2), (-1, -3, 2, 6), (1, 1.2, 3, -3)
    found = backtest_overfitting(np.array([a, b, c, d]).T / 100, blocks=2)
    assert (found.pbo, found.splits, found.configurations) == (0.5, 2, 4)
    assert found.logits is not None
    assert found.logits.p50 == pytest.approx(0)
    assert found.logits.p95 == pytest.approx(0.9 * math.log(1.5))
    assert found.degradation_slope == pytest.approx(-3 / 8)
    assert found.loss_probability == 0


def test_pbo_is_1_where_the_best_of_one_half_is_always_the_worst_of_the_other() -> None:
    """Each configuration wins and loses 1 % equally often, so one half gains what the other loses."""
    signs = np.repeat([0.01, -0.01], 160)
    rng = np.random.default_rng(6)
    found = backtest_overfitting(np.column_stack([rng.permutation(signs) for _ in range(12)]))
    assert found.pbo == 1
    assert found.splits == math.comb(16, 8)
    assert found.degradation_slope == pytest.approx(-1)
    assert found.loss_probability == 1


def test_pbo_is_0_where_one_configuration_is_best_everywhere() -> None:
    returns = np.random.default_rng(7).normal(0, 0.01, (640, 20))
    returns[:, 3] += 0.02
    found = backtest_overfitting(returns)
    assert found.pbo == 0
    assert found.loss_probability == 0


def test_pbo_of_exchangeable_noise_is_about_a_half() -> None:
    rng = np.random.default_rng(8)
    found = [backtest_overfitting(rng.normal(0, 0.01, (240, 10)), blocks=8).pbo for _ in range(200)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)  # type: ignore[arg-type]


def test_equal_configurations_are_compared_once() -> None:
    returns = np.random.default_rng(9).normal(0, 0.01, (320, 5))
    twice = np.column_stack([returns, returns, np.full((320, 2), np.nan)])
    assert backtest_overfitting(twice) == backtest_overfitting(returns)


def test_pbo_of_one_configuration_is_undefined_and_says_why() -> None:
    found = backtest_overfitting(np.random.default_rng(10).normal(0, 0.01, (320, 1)))
    assert found.pbo is None
    assert found.reason == "1 different configurations over 320 days; 2 and 32 are needed"


def test_a_configuration_that_never_trades_has_a_sharpe_of_zero() -> None:
    returns = np.random.default_rng(11).normal(-0.02, 0.01, (320, 4))
    returns[:, 2] = 0
    found = backtest_overfitting(returns)
    assert (found.pbo, found.loss_probability) == (0, 0)


@pytest.mark.parametrize("blocks", [0, 7, 22])
def test_an_odd_number_of_blocks_is_refused(blocks: int) -> None:
    with pytest.raises(InputError, match="an even number from 2 to 20"):
        backtest_overfitting(np.zeros((100, 2)), blocks)


def test_many_configurations_do_not_change_how_each_split_is_judged() -> None:
    """More configurations are processed in smaller batches; a dominant one must still win every split."""
    returns = np.random.default_rng(12).normal(0, 0.01, (64, 3000))
    returns[:, 2999] += 0.05
    assert backtest_overfitting(returns, blocks=8).pbo == 0


def test_spa_finds_a_planted_edge_and_no_other() -> None:
    pytest.importorskip("arch")
    returns = np.random.default_rng(13).normal(0, 0.01, (500, 30))
    assert superior_predictive_ability(returns, repetitions=300) > 0.05
    returns[:, 7] += 0.003
    assert superior_predictive_ability(returns, repetitions=300) < 0.01


def test_spa_is_that_of_arch_whatever_cannot_run_or_never_trades() -> None:
    bootstrap = pytest.importorskip("arch.bootstrap")
    returns = np.random.default_rng(14).normal(0.0003, 0.01, (300, 6))
    test = bootstrap.SPA(np.zeros(300), -returns, reps=200, seed=5)
    test.compute()
    padded = np.column_stack([returns, np.zeros(300), np.full(300, np.nan), returns[:, 0]])
    assert superior_predictive_ability(padded, repetitions=200, seed=5) == test.pvalues["consistent"]


def test_spa_of_luck_is_seldom_small() -> None:
    pytest.importorskip("arch")
    rng = np.random.default_rng(15)
    found = [superior_predictive_ability(rng.normal(0, 0.01, (200, 5)), repetitions=100) for _ in range(60)]
    assert np.mean(np.array(found) < 0.1) < 0.22


def test_without_arch_spa_reports_a_reason_and_the_rest_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arch", None)
    returns = np.random.default_rng(16).normal(0.001, 0.01, (320, 5))
    with pytest.raises(TwokeyError, match=r"twokey\[evidence\]"):
        superior_predictive_ability(returns)
    found = overfitting(returns[:, 0], returns, trials=5, sharpe_variance=0.002)
    assert found.spa_p is None
    assert found.notes == ("The SPA test needs the extra 'evidence': pip install 'twokey[evidence]'.",)
    assert found.pbo.pbo is not None


def test_overfitting_reports_annual_figures_of_the_given_days() -> None:
    returns = np.random.default_rng(17).normal(0.001, 0.01, (320, 5))
    found = overfitting(returns[:, 1], returns, trials=40, sharpe_variance=1 / 365, repetitions=0)
    assert found.sharpe == pytest.approx(moments(returns[:, 1]).sharpe * math.sqrt(365))
    assert found.expected_maximum_sharpe == pytest.approx(expected_maximum_sharpe(40, 1.0))
    assert found.psr == probabilistic_sharpe(returns[:, 1])
    assert found.dsr == deflated_sharpe(returns[:, 1], 40, 1 / 365)
    assert found.notes == ("SPA was skipped.",)


def test_overfitting_of_nothing_is_undefined_in_words() -> None:
    pytest.importorskip("arch")
    found = overfitting(np.zeros(320), np.zeros((320, 3)), trials=3, sharpe_variance=0.0)
    assert (found.psr, found.dsr, found.sharpe, found.minimum_track_record_days, found.spa_p) == (None,) * 5
    assert [note.split(" is ")[0] for note in found.notes] == ["PBO", "SPA"]
