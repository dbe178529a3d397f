"""Bars: equal for every kind of frame they are read from."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.bars import OHLCV, Bars
from tests.strategies.generated_bars import walk


@given(n=st.integers(2, 60), seed=st.integers(0, 1_000), minutes=st.sampled_from([1, 60, 1440]))
def test_bars_survive_a_frame_and_back(n: int, seed: int, minutes: int) -> None:
    bars = walk(n, seed, minutes)
    again = Bars.from_frame(bars.to_frame())
    assert again.digest() == bars.digest()
    assert again.interval_ns == bars.interval_ns
    assert list(bars.to_frame().columns) == list(OHLCV)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_the_unit_and_zone_of_the_index_do_not_matter(unit: str, zone: str | None) -> None:
    bars = walk(20, seed=1)
    frame = bars.to_frame()
    frame.index = pd.DatetimeIndex(frame.index).as_unit(unit)
    if zone:
        frame = frame.tz_localize("UTC").tz_convert(zone)
    assert Bars.from_frame(frame).digest() == bars.digest()


@pytest.mark.parametrize("column", ["open_time_ns", *(name.lower() for name in OHLCV)])
def test_the_digest_knows_every_column(column: str) -> None:
    bars, other = walk(20, seed=1), walk(20, seed=1)
    getattr(other, column)[7] += 1
    assert bars.digest() != other.digest()


def test_the_digest_does_not_depend_on_how_the_columns_lie_in_memory() -> None:
    bars = walk(20, seed=1)
    table = np.array([getattr(bars, name.lower()) for name in OHLCV]).T.copy()
    strided = Bars(bars.open_time_ns, *(table[:, i] for i in range(5)), interval_ns=bars.interval_ns)
    assert not strided.open.flags.c_contiguous
    assert strided.digest() == bars.digest()


def test_the_interval_is_the_most_frequent_step_and_a_cut_keeps_it() -> None:
    bars = walk(200, seed=3, minutes=15, holes=5)
    assert Bars.from_frame(bars.to_frame()).interval_ns == 15 * 60 * 10**9
    assert bars[:1].interval_ns == bars.interval_ns
    assert len(bars[:17]) == 17
    assert bars[:17].close[-1] == bars.close[16]


def test_one_bar_or_none_has_no_interval() -> None:
    frame = walk(3, seed=1).to_frame()
    assert Bars.from_frame(frame.iloc[:1]).interval_ns == 0
    assert Bars.from_frame(frame.iloc[:0]).interval_ns == 0
    assert len(Bars.from_frame(frame.iloc[:0])) == 0
