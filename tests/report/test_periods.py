"""Returns by month and the rolling Sharpe ratio, against plain arithmetic."""

import numpy as np
import pandas as pd
import pytest

from skills_lib.backtest.periods import monthly_returns, rolling_sharpe, yearly_returns

HOUR_NS = 3_600_000_000_000


def times(start: str, count: int, step_ns: int = HOUR_NS) -> np.ndarray:
    return np.datetime64(start, "ns").astype(np.int64) + step_ns * np.arange(count, dtype=np.int64)


def test_months_compound_to_the_whole_return() -> None:
    equity = 1_000 * np.exp(np.random.default_rng(1).normal(0, 0.01, 20_000).cumsum())
    found = monthly_returns(times("2023-01-15", 20_000), HOUR_NS, equity, 1_000)
    assert np.prod([1 + value / 100 for value in found.values()]) == pytest.approx(equity[-1] / 1_000)
    assert np.prod([1 + value / 100 for value in yearly_returns(found).values()]) == pytest.approx(equity[-1] / 1_000)
    index = pd.DatetimeIndex(times("2023-01-15", 20_000).view("datetime64[ns]")) + pd.Timedelta("59min")
    ends = pd.Series(equity, index=index).resample("ME").last()
    assert found[(2023, 6)] == pytest.approx((ends["2023-06"].iloc[0] / ends["2023-05"].iloc[0] - 1) * 100)


def test_a_bar_that_ends_at_midnight_belongs_to_the_month_before() -> None:
    found = monthly_returns(times("2023-01-31T22:00", 3), HOUR_NS, np.array([110.0, 121.0, 242.0]), 100)
    assert found == {(2023, 1): pytest.approx(21), (2023, 2): pytest.approx(100)}


def test_a_month_of_one_bar_and_a_month_without_any() -> None:
    days = np.array(["2023-01-31", "2023-04-01"], dtype="datetime64[ns]").astype(np.int64)
    found = monthly_returns(days, 24 * HOUR_NS, np.array([110.0, 121.0]), 100)
    assert found == {(2023, 1): pytest.approx(10), (2023, 4): pytest.approx(10)}


def test_after_ruin_months_are_undefined() -> None:
    found = monthly_returns(
        times("2023-01-01", 2_000), HOUR_NS, np.concatenate([np.full(800, 50.0), np.zeros(1_200)]), 100
    )
    assert found[(2023, 1)] == pytest.approx(-50)
    assert found[(2023, 2)] == pytest.approx(-100)
    assert np.isnan(found[(2023, 3)])


def test_the_rolling_sharpe_is_that_of_its_days() -> None:
    returns = np.random.default_rng(2).normal(0.001, 0.02, 200)
    equity = 1_000 * np.cumprod(1 + returns)
    ends, ratios = rolling_sharpe(times("2023-01-01", 200, 24 * HOUR_NS), 24 * HOUR_NS, equity, 1_000, 90)
    assert len(ratios) == len(ends) == 111
    assert ratios[-1] == pytest.approx(returns[-90:].mean() / returns[-90:].std(ddof=1) * np.sqrt(365))
    assert ends[0] == np.datetime64("2023-04-01", "ns").astype(np.int64)


def test_equal_days_have_no_rolling_sharpe_and_a_few_days_none_at_all() -> None:
    flat = rolling_sharpe(times("2023-01-01", 100, 24 * HOUR_NS), 24 * HOUR_NS, np.full(100, 1_000.0), 1_000, 90)
    assert np.isnan(flat[1]).all()
    assert [len(part) for part in rolling_sharpe(times("2023-01-01", 5), HOUR_NS, np.full(5, 1.0), 1.0, 90)] == [0, 0]
