"""Averages and deviations of decimals against exact arithmetic, and no drift in those of other numbers."""

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.backtest.kernel.indicators import CompiledIndicators
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.indicators import rolling_std, sma
from skills_lib.domain.signals import crosses_above, crosses_below
from skills_lib.domain.whole_numbers import REST, binary_units, decimal_units
from tests.strategies.generated_bars import real

EXCHANGE_FILES = ["binance_spot_BNBUSDT_30m_20200920_20240630", "binance_usdm_BNBUSDT_1m_20250504_20250603"]


def decimal_walk(n: int, places: int, seed: int, start: int = 5_000) -> tuple[list[int], FloatArray]:
    """Prices as whole numbers of the last place, and as the floats that a file of decimals gives."""
    rng = np.random.default_rng(seed)
    whole = [int(value) for value in np.maximum(start + np.cumsum(rng.integers(-3, 4, n)), 1)]
    return whole, np.array([float(Fraction(value, 10**places)) for value in whole])


def exact_means(whole: list[int], places: int, period: int) -> list[Fraction]:
    sums = [sum(whole[:period])]
    for new, old in zip(whole[period:], whole, strict=False):
        sums.append(sums[-1] + new - old)
    return [Fraction(total, period * 10**places) for total in sums]


def crossings(fast: FloatArray, slow: FloatArray) -> int:
    return int(crosses_above(fast, slow).sum() + crosses_below(fast, slow).sum())


@given(places=st.integers(0, 12), period=st.integers(1, 50), n=st.integers(50, 300), seed=st.integers(0, 2**32))
def test_the_mean_of_decimals_is_the_float_nearest_to_the_exact_mean(
    places: int, period: int, n: int, seed: int
) -> None:
    whole, prices = decimal_walk(n, places, seed)
    assert [float(mean) for mean in exact_means(whole, places, period)] == sma(prices, period)[period - 1 :].tolist()


def test_equal_averages_of_different_periods_compare_equal_after_a_hundred_thousand_bars() -> None:
    whole, prices = decimal_walk(100_000, 4, seed=10)
    fast, slow = exact_means(whole, 4, 10)[20:], exact_means(whole, 4, 30)
    wanted = [(one > other) - (one < other) for one, other in zip(fast, slow, strict=True)]
    found = np.sign(sma(prices, 10)[29:] - sma(prices, 30)[29:])
    assert wanted.count(0) > 100
    assert found.tolist() == wanted


@pytest.mark.parametrize("name", EXCHANGE_FILES)
def test_averages_of_real_prices_cross_as_often_as_in_whole_numbers(shared_data: Path, name: str) -> None:
    close = real(shared_data, name).close
    whole = [int(Decimal(repr(float(price))).scaleb(8)) for price in close]
    fast, slow = exact_means(whole, 8, 10)[20:], exact_means(whole, 8, 30)
    side = [(one > other) - (one < other) for one, other in zip(fast, slow, strict=True)]
    wanted = sum((before <= 0 < now) or (now < 0 <= before) for before, now in pairwise(side))
    assert crossings(sma(close, 10), sma(close, 30)) == wanted
    compiled = CompiledIndicators()
    assert crossings(compiled.sma(close, 10), compiled.sma(close, 30)) == wanted


@given(places=st.integers(0, 10), period=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_the_deviation_of_decimals_is_right_to_the_last_places(places: int, period: int, seed: int) -> None:
    whole, prices = decimal_walk(120, places, seed)
    found = rolling_std(prices, period)[period - 1 :]
    with localcontext() as context:
        context.prec = 50
        for place, value in enumerate(found.tolist()):
            window = whole[place : place + period]
            variance = period * sum(one * one for one in window) - sum(window) ** 2
            wanted = Decimal(variance).sqrt() / period / Decimal(10) ** places
            assert value == pytest.approx(float(wanted), rel=4e-16, abs=0)


def test_a_flat_window_after_a_wild_one_has_its_mean_and_no_deviation() -> None:
    prices = np.concatenate((decimal_walk(5_000, 2, seed=3, start=900_000)[1], np.full(60, 7_777.77)))
    assert (sma(prices, 30)[-30:] == 7_777.77).all()
    assert (rolling_std(prices, 30)[-30:] == 0).all()


@pytest.mark.parametrize("kind", ["plain", "compiled"])
def test_the_mean_of_other_numbers_does_not_drift(kind: str) -> None:
    rng = np.random.default_rng(8)
    values = np.exp(np.cumsum(rng.normal(0, 0.01, 200_000)) % 5)
    found = sma(values, 30) if kind == "plain" else CompiledIndicators().sma(values, 30)
    assert decimal_units(values).longest == 0
    for place in range(30, 200_000, 997):
        exact = sum(map(Fraction, values[place - 29 : place + 1].tolist())) / 30
        assert abs(Fraction(float(found[place])) / exact - 1) < Fraction(3, 10**16)


@given(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=20))
def test_units_add_up_to_the_values(given_values: list[float]) -> None:
    values = np.array(given_values)
    binary = binary_units(values)
    largest = max(abs(value) for value in given_values)
    for value, whole, rest in zip(given_values, binary.whole.tolist(), binary.rest.tolist(), strict=True):
        found = (Fraction(whole) + Fraction(rest) * Fraction(REST)) / Fraction(binary.per_one)
        assert abs(found - Fraction(value)) <= Fraction(largest) * Fraction(2) ** -79
    decimal = decimal_units(values)
    if decimal.longest:
        assert (decimal.whole / decimal.per_one == values).all()


@pytest.mark.parametrize(
    ("prices", "per_one"),
    [([1.0, 2.0], 1.0), ([0.00000123], 1e8), ([67_890.12, 0.1], 100.0), ([0.1 + 0.2, 1 / 3], 0.0), ([], 1.0)],
)
def test_the_fewest_places_are_found(prices: list[float], per_one: float) -> None:
    units = decimal_units(np.array(prices))
    assert (units.per_one if units.longest else 0.0) == per_one


def test_sums_that_would_not_be_exact_are_taken_in_two_parts() -> None:
    prices = np.array([67_890.12345678, 1.00000001] * 2_000)
    assert decimal_units(prices).longest == 1_326  # 2^53 / 6789012345678
    for period in (1_300, 1_400, 3_999):
        exact = sum(map(Fraction, prices[-period:].tolist())) / period
        assert sma(prices, period)[-1] == pytest.approx(float(exact), rel=3e-16)


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_only_windows_with_a_missing_value_are_undefined(missing: float) -> None:
    _, prices = decimal_walk(60, 2, seed=1)
    complete = sma(prices, 10)
    prices[25] = missing
    found = sma(prices, 10)
    assert np.isnan(found[25:35]).all()
    assert np.array_equal(np.delete(found, slice(25, 35)), np.delete(complete, slice(25, 35)), equal_nan=True)
    assert np.array_equal(CompiledIndicators().sma(prices, 10), found, equal_nan=True)


def test_an_average_of_an_indicator_begins_after_its_warm_up() -> None:
    _, prices = decimal_walk(100, 2, seed=2)
    first = sma(prices, 10)
    assert np.flatnonzero(~np.isnan(sma(first, 5)))[0] == 9 + 4
