"""The cache of indicators: what it stores, evicts and overwrites."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.kernel.indicators import CompiledIndicators, crosses
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.domain import ta
from skills_lib.domain.indicators import rolling_std, sma
from skills_lib.domain.memory import Memory
from skills_lib.domain.signals import crosses_above, crosses_below
from tests.backtest.market import random_walk

BARS = random_walk(400, seed=5)


def small_memory(averages: int) -> Memory:
    quick = CompiledIndicators()
    capacity = averages * BARS.close.nbytes
    return Memory(BARS, crosses, quick.functions(), quick.retire, compiled_bytes=capacity)


def test_an_indicator_of_a_column_is_computed_once() -> None:
    with small_memory(4).active():
        assert sma(BARS.close, 10) is sma(BARS.close, 10)
        assert ta.max(BARS.high, 10) is ta.max(BARS.high, timeperiod=10)


def test_an_indicator_of_anything_else_is_computed_as_always() -> None:
    other = BARS.close * 2
    with small_memory(4).active():
        assert sma(other, 10) is not sma(other, 10)


def test_remembered_arrays_cannot_be_written() -> None:
    with small_memory(4).active(), pytest.raises(ValueError, match="read-only"):
        sma(BARS.close, 10)[0] = 1.0


def test_averages_over_the_limit_are_evicted_least_recently_used_first() -> None:
    with small_memory(2).active():
        first, second = sma(BARS.close, 10), sma(BARS.close, 20)
        sma(BARS.close, 30)
        assert sma(BARS.close, 20) is second
        anew = sma(BARS.close, 10)
        assert anew is not first
        assert np.array_equal(anew, first, equal_nan=True)


def test_a_referenced_average_is_never_overwritten() -> None:
    with small_memory(2).active():
        held = [sma(BARS.close, period) for period in range(2, 40)]
    for period, average in zip(range(2, 40), held, strict=True):
        assert np.array_equal(average, sma(BARS.close, period), equal_nan=True)


def test_an_average_with_a_referenced_slice_is_never_overwritten() -> None:
    with small_memory(2).active():
        held = [sma(BARS.close, period)[5:][5:] for period in range(2, 40)]
    for period, part in zip(range(2, 40), held, strict=True):
        assert np.array_equal(part, sma(BARS.close, period)[10:], equal_nan=True)


def test_results_derived_from_an_evicted_average_are_evicted_too() -> None:
    memory = small_memory(2)
    with memory.active():
        spread = rolling_std(sma(BARS.close, 10), 5)
        assert memory.knows(spread)
        sma(BARS.close, 20), sma(BARS.close, 30)
        assert not memory.knows(spread)
        assert np.array_equal(rolling_std(sma(BARS.close, 10), 5), spread, equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(2, 30), min_size=1, max_size=40), st.integers(1, 5))
def test_results_do_not_depend_on_the_size_of_the_memory(periods: list[int], averages: int) -> None:
    with small_memory(averages).active():
        found = [rolling_std(sma(BARS.close, period), 3).copy() for period in periods]
    for period, values in zip(periods, found, strict=True):
        assert np.array_equal(values, rolling_std(sma(BARS.close, period), 3), equal_nan=True)


def test_a_sweep_gives_its_memory_back_without_waiting_for_a_collection() -> None:
    combinations = [{"fast": 5, "slow": slow} for slow in range(20, 60)]
    # numba keeps the frames under its first compilation alive until a collection, and with them its callers
    KernelSweep(strategies.load("sma_crossover"), BARS, BacktestSettings()).evaluate(combinations, Span(0, len(BARS)))
    gc.collect()
    gc.disable()
    try:
        for _ in range(30):  # a thread that still held the sweep would be caught in some of them
            sweep = KernelSweep(strategies.load("sma_crossover"), BARS, BacktestSettings(), threads=2)
            sweep.evaluate(combinations, Span(0, len(BARS)))
            sweep.evaluate_spans([(combinations, Span(0, len(BARS))), (combinations, Span(100, len(BARS)))])
            gone = weakref.ref(sweep)
            del sweep
            assert gone() is None
    finally:
        gc.enable()


@settings(deadline=None)
@given(
    st.integers(0, 60),
    st.integers(1, 70),
    st.sampled_from([1.0, 1e-8]),
    st.sampled_from([1, 8, 15, None]),
    st.integers(0, 2**32),
)
def test_the_compiled_average_is_the_plain_one_bit_for_bit(
    n: int, period: int, unit: float, places: int | None, seed: int
) -> None:
    """On decimals of few and of too many places, on other numbers, and where a value is missing."""
    rng = np.random.default_rng(seed)
    values = (np.cumsum(rng.choice([0.0, 0.0, 0.1, -0.3], n)) + 50) * unit
    values = values if places is None else np.round(values, places)
    if n and rng.random() < 0.2:
        values[rng.integers(n)] = rng.choice([np.nan, np.inf])
    with np.errstate(invalid="ignore"):
        assert np.array_equal(CompiledIndicators().sma(values, period), sma(values, period), equal_nan=True)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 2**32), st.sampled_from([7, 64, 8_192]))
def test_compiled_crosses_are_the_plain_ones(n: int, seed: int, at_once: int) -> None:
    rng = np.random.default_rng(seed)
    n = n * at_once // 64
    one, other = np.round(rng.normal(0, 1, (2, n)), 1)
    one[: n // 7] = np.nan
    above, below = crosses(one, other)
    assert np.array_equal(above, crosses_above(one, other))
    assert np.array_equal(below, crosses_below(one, other))
