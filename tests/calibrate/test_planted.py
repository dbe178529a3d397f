"""A planted edge has its nominal Sharpe ratio."""

import numpy as np
import pytest

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import parameter_space
from skills_lib.calibrate.family import SHARE, sized
from skills_lib.calibrate.planted import (
    MEAN_STAY_HOURS,
    STRENGTHS,
    drift_signs,
    expected_sharpes,
    planted_market,
    solve_strength,
)
from skills_lib.validate.plan import validation_space
from tests.validate.markets import random_walk

FAMILY = sized(strategies.load("sma_crossover"))  # type: ignore[arg-type]
SETTINGS = BacktestSettings()


@pytest.mark.parametrize("sharpe", STRENGTHS)
def test_the_best_point_earns_the_planted_sharpe_on_new_markets(sharpe: float) -> None:
    strength, markets = STRENGTHS[sharpe], 24
    (found,) = expected_sharpes(FAMILY, [strength.best], strength.drift, markets, 5, SETTINGS)
    error = 0.6 / np.sqrt(markets)  # of a four-year Sharpe ratio, fat tails and skew included
    assert found == pytest.approx(sharpe, abs=4 * error)


def test_no_searched_point_beats_the_one_that_defines_the_edge() -> None:
    space = validation_space(parameter_space(strategies.load("sma_crossover")))
    points = space.combinations(space.admissible)
    strength = STRENGTHS[2.5]
    found = expected_sharpes(FAMILY, points, strength.drift, 12, 6, SETTINGS)
    assert found[points.index(dict(strength.best))] > found.max() - 0.25


def test_bisection_finds_the_drift_of_a_requested_sharpe() -> None:
    points = [{"fast": 20, "slow": 195}, {"fast": 44, "slow": 280}]
    found = solve_strength(FAMILY, points, 1.5, markets=3, seed=2, settings=SETTINGS)
    earned = expected_sharpes(FAMILY, points, found.drift, 3, 2, SETTINGS)
    assert earned.max() == pytest.approx(1.5, abs=0.1)
    assert points[int(earned.argmax())] == found.best


def test_drifts_have_equal_signs_and_the_stated_mean_length() -> None:
    signs = drift_signs(np.random.default_rng(3), 2_000_000)
    assert set(np.unique(signs).tolist()) == {-1.0, 1.0}
    changes = np.count_nonzero(np.diff(signs))
    assert len(signs) / changes == pytest.approx(MEAN_STAY_HOURS, rel=0.05)
    assert abs(signs.mean()) < 4 * np.sqrt(2 * MEAN_STAY_HOURS / len(signs))


def test_without_strength_a_planted_market_is_the_null_one() -> None:
    assert abs(expected_sharpes(FAMILY, [{"fast": 92, "slow": 400}], 0.0, 12, 4, SETTINGS)[0]) < 0.8
    assert len(planted_market(0.0, np.random.default_rng(1), 500)) == 500


def test_the_family_is_the_bundled_strategy_with_smaller_positions() -> None:
    from skills_lib.backtest.strategy import compute_signals

    bars, parameters = random_walk(800, seed=1), {"fast": 10, "slow": 30}
    whole = compute_signals(strategies.load("sma_crossover"), bars, parameters)  # type: ignore[arg-type]
    part = compute_signals(FAMILY, bars, parameters)
    assert part.size == SHARE
    assert np.array_equal(part.long_entry, whole.long_entry)
    assert np.array_equal(part.short_entry, whole.short_entry)
