"""The quality report counts defects and changes nothing."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.bars import Bars
from skills_lib.domain.quality import SPIKE_FACTOR, SPIKE_WINDOW, _median_around, measure, spikes
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import sample_bars
from skills_lib.market.candles.series import bars_of, fields_of, take
from tests.market.candles.local_venue import span

HOUR = Timeframe.H1.nanoseconds


@pytest.fixture
def month() -> Bars:
    """A clean month."""
    return sample_bars("BTCUSDT", Timeframe.H1, span("2023-05-01", "2023-06-01"))


def with_close(bars: Bars, changes: dict[int, float]) -> Bars:
    """The same bars with some closes multiplied, and high and low to match."""
    close = bars.close.copy()
    for place, factor in changes.items():
        close[place] *= factor
    high, low = np.maximum(bars.high, close), np.minimum(bars.low, close)
    return bars_of(bars.open_time_ns, (bars.open, high, low, close, bars.volume), bars.interval_ns)


def test_a_clean_month_has_no_defect(month: Bars) -> None:
    counts = measure(month).model_dump()
    assert counts.pop("bars") == 744
    assert not any(counts.values())


@given(stored=st.sets(st.integers(0, 60), min_size=1))
def test_gaps_and_missing_bars_are_counted(stored: set[int]) -> None:
    places = np.array(sorted(stored), dtype=np.int64)
    column = np.full(len(places), 5.0)
    report = measure(bars_of(places * HOUR, (column,) * 5, HOUR))
    steps = np.diff(places)
    assert report.gaps == (steps > 1).sum()
    assert report.missing_bars == places[-1] - places[0] + 1 - len(places)
    assert sum(gap.missing_bars for gap in report.largest_gaps) == np.sort(steps - 1)[::-1][:10].sum()


@given(order=st.lists(st.integers(0, 12), min_size=1, max_size=30))
def test_duplicates_and_disorder_are_counted_in_any_order(order: list[int]) -> None:
    column = np.full(len(order), 5.0)
    report = measure(bars_of(np.array(order, dtype=np.int64) * HOUR, (column,) * 5, HOUR))
    assert report.duplicates == len(order) - len(set(order))
    assert report.unordered == sum(b < a for a, b in itertools.pairwise(order))


@pytest.mark.parametrize(
    "row",
    [(10, 9, 8, 9), (10, 12, 11, 11.5), (10, 12, 9, 13), (10, 12, 0, 11), (-1, 12, -2, 11),
     (float("nan"), 12, 9, 11), (10, float("inf"), 9, 11), (10, 12, float("nan"), 11)],
)  # fmt: skip
def test_an_impossible_bar_is_a_violation(row: tuple[float, ...]) -> None:
    fields = [np.array([value], dtype=np.float64) for value in (*row, 1.0)]
    assert measure(bars_of(np.array([0]), fields, HOUR)).ohlc_violations == 1


def test_bars_without_trades_are_counted(month: Bars) -> None:
    fields = [field.copy() for field in fields_of(month)]
    fields[4][[3, 99, 500]] = 0
    assert measure(bars_of(month.open_time_ns, fields, HOUR)).zero_volume == 3


@pytest.mark.parametrize("factor", [1.5, 0.5])
def test_a_close_that_jumps_and_comes_back_is_a_spike(month: Bars, factor: float) -> None:
    assert np.flatnonzero(spikes(with_close(month, {300: factor}).close)).tolist() == [300]


def test_a_jump_that_stays_is_no_spike(month: Bars) -> None:
    assert measure(with_close(month, dict.fromkeys(range(300, 744), 1.5))).spikes == 0


def test_the_bound_is_twelve_robust_deviations_of_the_bars_around(month: Bars) -> None:
    size = np.abs(np.diff(np.log(month.close)))
    around = pd.Series(size).iloc[299 - SPIKE_WINDOW // 2 : 299 + SPIKE_WINDOW // 2 + 1]
    deviation = 1.4826 * around.median()
    level = month.close[299] / month.close[300]
    for share, found in ((0.9, False), (1.2, True)):
        jump = level * np.exp(share * SPIKE_FACTOR * deviation)
        assert spikes(with_close(month, {300: jump}).close)[300] == found


def test_a_market_that_does_not_move_has_no_spikes() -> None:
    assert not spikes(np.full(500, 7.0)).any()
    assert not spikes(np.array([1.0, 2.0])).any()


def test_measuring_changes_nothing(month: Bars) -> None:
    before = month.digest()
    measure(take(month, np.arange(743, -1, -1)))
    assert month.digest() == before


@pytest.mark.filterwarnings("ignore:invalid value encountered in add")
@given(
    close=st.lists(st.floats(0.5, 2.0) | st.sampled_from([np.nan, np.inf, 0.0]), min_size=3, max_size=260),
    jumps=st.sets(st.integers(0, 259), max_size=5),
)
def test_spikes_are_those_that_a_rolling_median_finds(close: list[float], jumps: set[int]) -> None:
    prices = np.array(close)
    prices[[jump for jump in jumps if jump < len(prices)]] *= 1e6
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.diff(np.log(prices))
        reverted = np.abs(returns[:-1] + returns[1:]) < 0.5 * np.abs(returns[:-1])
        rolling = pd.Series(np.abs(returns)).rolling(SPIKE_WINDOW, center=True, min_periods=2)
        deviation = 1.4826 * rolling.median().to_numpy()[:-1]
        expected = reverted & (deviation > 0) & (np.abs(returns[:-1]) > SPIKE_FACTOR * deviation)
    assert spikes(prices)[1:-1].tolist() == expected.tolist()


def test_the_sample_has_the_spikes_that_a_rolling_median_finds() -> None:
    size = np.abs(np.diff(np.log(sample_bars("BTCUSDT", Timeframe.M5).close[:60_000])))
    places = np.arange(len(size))
    expected = pd.Series(size).rolling(SPIKE_WINDOW, center=True, min_periods=2).median().to_numpy()
    np.testing.assert_array_equal(_median_around(size, places), expected)
