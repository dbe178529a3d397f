"""A thinned series has the extremes of the whole one, and is bounded."""

import numpy as np
import pytest

from skills_lib.report.thinning import thin


@pytest.mark.parametrize("count", [0, 1, 2, 1_199, 1_200, 1_201, 1_799, 5_000, 1_051_200])
def test_first_last_lowest_and_highest_are_kept(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count).cumsum()
    kept = thin(values)
    assert len(kept) <= 1_204
    assert (np.diff(kept) > 0).all()
    if count:
        assert {0, count - 1, int(values.argmin()), int(values.argmax())} <= set(kept.tolist())


def test_a_spike_of_one_bar_in_each_interval_is_kept() -> None:
    values = np.zeros(60_000)
    spikes = np.arange(50, 60_000, 100)
    values[spikes] = 1
    assert set(spikes.tolist()) <= set(thin(values).tolist())


def test_undefined_values_are_neither_lowest_nor_highest() -> None:
    values = np.arange(10_000, dtype=np.float64)
    values[::7] = np.nan
    kept = thin(values)
    assert 9_999 in kept
    assert np.nanmin(values[kept]) == np.nanmin(values)
    assert np.nanmax(values[kept]) == np.nanmax(values)
