"""The compiled parts on their own: extremes of stretches of closes, and what numba may keep in its cache."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from skills_lib.backtest.kernel import arrays, entry_points, execution, exits, indicators, metrics, segments
from skills_lib.backtest.kernel.segments import BLOCK, block_extremes, bounds, extremes

COMPILED = (arrays, segments, execution, exits, metrics, entry_points, indicators)


@given(seed=st.integers(0, 2**32), n=st.integers(1, 3_000), data=st.data())
def test_extremes_are_those_of_the_closes_and_bounds_those_of_the_blocks_they_touch(
    seed: int, n: int, data: st.DataObject
) -> None:
    close = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, n)))
    start = data.draw(st.integers(0, n - 1))
    end = data.draw(st.integers(start + 1, n))
    low, high = block_extremes(close)
    assert extremes(close, low, high, start, end) == (close[start:end].min(), close[start:end].max())
    touched = close[start // BLOCK * BLOCK : -(-end // BLOCK) * BLOCK]
    assert bounds(low, high, start, end) == (touched.min(), touched.max())


@pytest.mark.parametrize("module", COMPILED, ids=lambda module: module.__name__.rpartition(".")[2])
def test_what_is_cached_calls_nothing_of_another_file_whose_change_the_cache_would_not_see(module: ModuleType) -> None:
    for function in filter(is_cached, vars(module).values()):
        own = function.py_func
        if "sources" in own.__code__.co_freevars:  # all the files' text is part of its key
            continue
        called = [own.__globals__.get(name) for name in own.__code__.co_names]
        outside = [other.__name__ for other in called if is_outside(other, own.__module__)]
        assert not outside, f"{own.__name__} calls {outside}"


def is_cached(value: object) -> bool:
    return isinstance(value, Dispatcher) and value.stats.cache_path is not None


def is_outside(value: object, module: str) -> bool:
    return isinstance(value, Dispatcher) and value.py_func.__module__ != module


def test_the_entry_to_the_kernel_is_cached_and_its_parts_are_not() -> None:
    assert is_cached(entry_points.run_jobs)
    assert not is_cached(execution.execute_signals)
    assert not is_cached(metrics.measure)
