"""A day's regime is known before the day, and the cells add up to the total."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from skills_lib.domain.bars import FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.validate.stages.regimes import TRENDS, VOLATILITIES, classify, daily_closes, regimes
from skills_lib.validate.stages.sharpe import annual_sharpe
from tests.validate.markets import random_walk


def closes(days: int, drift: float, volatility: float, seed: int = 0) -> FloatArray:
    """Daily closes that follow `drift` a day with noise around it."""
    noise = np.random.default_rng(seed).normal(0, volatility, days)
    return 100 * np.exp(np.cumsum(drift + noise - noise.mean()))


def trends(market: FloatArray) -> set[str]:
    numbers = classify(market)
    return {TRENDS[number // 2] for number in numbers[numbers >= 0].tolist()}


@pytest.mark.parametrize(("drift", "trend"), [(0.01, "bull"), (-0.01, "bear")])
def test_a_steady_rise_is_a_bull_market_and_a_steady_fall_a_bear_market(drift: float, trend: str) -> None:
    assert trends(closes(400, drift, 0.005)) == {trend}


def test_a_price_that_comes_back_each_day_is_sideways() -> None:
    assert trends(100 * (1 + 0.01 * (np.arange(400) % 2))) == {"sideways"}


def test_a_month_of_larger_moves_is_volatile_and_the_months_before_are_calm() -> None:
    moves = np.where(np.arange(400) % 2, 1.0, -1.0) * np.where(np.arange(400) < 300, 0.005, 0.03)
    numbers = classify(100 * np.exp(np.cumsum(moves + 1e-4 * np.random.default_rng(1).normal(size=400))))
    assert all(VOLATILITIES[number % 2] == "volatile" for number in numbers[310:].tolist())
    assert set(numbers[:91].tolist()) == {-1}


@hypothesis_settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), cut=st.integers(92, 399), factor=st.floats(0.2, 5.0))
def test_no_day_is_classified_by_its_own_close_or_any_later_one(seed: int, cut: int, factor: float) -> None:
    market = closes(400, 0.0005, 0.03, seed)
    whole = classify(market)
    other = np.concatenate((market[:cut], market[cut:] * factor * np.linspace(1, 3, 400 - cut)))
    np.testing.assert_array_equal(classify(other)[: cut + 1], whole[: cut + 1])
    np.testing.assert_array_equal(classify(market[: cut + 1]), whole[: cut + 1])


@hypothesis_settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), days=st.integers(1, 600))
def test_the_cells_hold_every_classified_day_once(seed: int, days: int) -> None:
    market = closes(600, 0.0, 0.03, seed)
    daily = np.random.default_rng(seed).normal(0, 0.02, days)
    found = regimes(daily, market)
    assert sum(cell.days for cell in found.cells) == found.classified_days
    assert found.classified_days + found.unclassified_days == days
    classified = daily[classify(market)[600 - days :] >= 0]
    assert np.prod([1 + cell.return_pct / 100 for cell in found.cells]) == pytest.approx(np.prod(1 + classified))
    if found.classified_days:
        assert sum(cell.share for cell in found.cells) == pytest.approx(1)


def test_a_cell_has_the_sharpe_of_its_days_with_its_error() -> None:
    market, daily = closes(600, 0.01, 0.004), np.random.default_rng(1).normal(0.001, 0.02, 300)
    found = regimes(daily, market)
    numbers = classify(market)[300:]
    for number, cell in enumerate(found.cells):
        expected = annual_sharpe(daily[numbers == number])
        if cell.trend == "bull":
            assert (cell.sharpe, cell.error) == (expected.sharpe, expected.error)
        else:
            assert (cell.days, cell.sharpe, cell.too_few_days) == (0, None, True)


def test_days_before_the_strategys_own_serve_as_past() -> None:
    market, daily = closes(500, 0.0, 0.02), np.zeros(300)
    assert regimes(daily, market).unclassified_days == 0
    assert regimes(daily, market[200:]).unclassified_days == 91


def test_a_regime_with_too_few_days_is_said_to_be_unseen() -> None:
    found = regimes(np.zeros(200), closes(400, 0.01, 0.005))
    assert any(message.startswith("bear, calm (0 days)") for message in found.unseen)
    assert len(found.unseen) == sum(cell.too_few_days for cell in found.cells)


def test_a_close_is_needed_for_each_day() -> None:
    with pytest.raises(InputError, match="10 daily closes cannot classify 11"):
        regimes(np.zeros(11), np.ones(10))


def test_daily_closes_are_the_last_of_each_utc_day() -> None:
    bars = random_walk(24 * 5, seed=1)
    np.testing.assert_array_equal(daily_closes(bars), bars.close[23::24])


def test_few_days_are_no_error() -> None:
    found = regimes(np.array([0.01, np.nan]), np.array([100.0, 101.0]))
    assert (found.classified_days, found.unclassified_days) == (0, 2)
    assert all(cell.days == 0 for cell in found.cells)
