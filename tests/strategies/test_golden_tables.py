"""Signals of each strategy on a few bars, computed by hand."""

import numpy as np
import pytest

import strategies
from skills_lib.backtest.strategy import compute_signals
from skills_lib.domain.bars import Bars, BoolArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.signals import Signals
from skills_lib.testing import from_closes as closing
from skills_lib.testing import from_rows as generated
from tests.strategies.generated_bars import BUNDLED, walk


def columns(name: str, bars: Bars, **parameters: Value) -> Signals:
    return compute_signals(strategies.load(name), bars, parameters)


def at(column: BoolArray) -> list[int]:
    return np.flatnonzero(column).tolist()


def test_sma_crossover_turns_where_the_averages_cross_and_a_touch_counts_as_below() -> None:
    # SMA 2:          -  9.5  8.5  8.5   10  11.5   11  8.5
    # SMA 3:          -    -    9 8.67 9.33 10.67   11 9.67
    bars = closing([10, 9, 8, 9, 11, 12, 10, 7])
    found = columns("sma_crossover", bars, fast=2, slow=3)
    assert at(found.long_entry) == [4]
    assert at(found.short_entry) == [7]


def test_mean_reversion_buys_below_the_band_and_leaves_at_the_middle() -> None:
    # bar 4: mean 9, deviation √3, lower band 7.27; bar 5: mean 8.75
    found = columns("mean_reversion", closing([10, 10, 10, 10, 6, 9]), period=4, band_std=1.0, stop_std=2.0)
    assert (at(found.long_entry), at(found.short_entry), at(found.long_exit)) == ([4], [], [3, 5])
    assert found.stop_price is not None
    assert found.stop_price[4] == pytest.approx(6 - 2 * 3**0.5)


def test_mean_reversion_sells_above_the_band_and_leaves_at_the_middle() -> None:
    found = columns("mean_reversion", closing([10, 10, 10, 10, 14, 11]), period=4, band_std=1.0, stop_std=2.0)
    assert (at(found.long_entry), at(found.short_entry), at(found.short_exit)) == ([], [4], [3, 5])
    assert found.stop_price is not None
    assert found.stop_price[4] == pytest.approx(14 + 2 * 3**0.5)


def test_mean_reversion_enters_once_for_each_fall_below_the_band() -> None:
    found = columns("mean_reversion", closing([10, 10, 10, 10, 6, 3, 1]), period=4, band_std=0.5)
    assert at(found.long_entry) == [4]


def test_a_stop_below_zero_is_no_stop() -> None:
    found = columns("mean_reversion", closing([10, 10, 10, 10, 1, 9]), period=4, band_std=1.0, stop_std=3.0)
    assert at(found.long_entry) == [4]
    assert found.stop_price is not None
    assert np.isnan(found.stop_price[4])  # 1 - 3 × 3.9


def test_rsi_reversion_buys_weakness_and_leaves_in_the_middle() -> None:
    # RSI 2: - - 50 25 12.5 70.83 87.5
    bars = closing([10, 11, 10, 9, 8, 10, 12])
    found = columns("rsi_reversion", bars, period=2, oversold=30, overbought=70, exit_level=50)
    assert (at(found.long_entry), at(found.long_exit)) == ([3], [2, 5, 6])
    assert (at(found.short_entry), at(found.short_exit)) == ([5], [2, 3, 4])


def test_macd_trend_without_a_filter_turns_where_the_lines_cross() -> None:
    # EMA 3 of close: - - 8 10 11 9.5 6.75 7.375; MACD: - - 0 2 1 -1.5 -2.75 0.625
    # signal (EMA 3): - - - - 1 -0.25 -1.5 -0.4375
    bars = closing([8, 8, 8, 12, 12, 8, 4, 8])
    found = columns("macd_trend", bars, fast=1, slow=3, signal=3, trend=0)
    assert (at(found.short_entry), at(found.long_exit)) == ([5], [5])
    assert (at(found.long_entry), at(found.short_exit)) == ([7], [7])


def test_macd_trend_enters_only_with_the_trend_but_always_leaves() -> None:
    # MACD crosses up on bar 7 at a close of 7, below EMA 7 = 7.74; EMA 7 is not yet defined on bar 5
    bars = closing([8, 8, 8, 12, 12, 8, 4, 7])
    found = columns("macd_trend", bars, fast=1, slow=3, signal=3, trend=7)
    assert (at(found.long_entry), at(found.short_entry)) == ([], [])
    assert (at(found.long_exit), at(found.short_exit)) == ([5], [7])


DONCHIAN = generated([(10, 8, 9), (11, 9, 10), (10, 9, 9.5), (12, 10, 11.5), (13, 11, 12), (12, 9, 9.4), (9.5, 7, 8)])


def test_donchian_breakout_compares_with_the_bars_before() -> None:
    found = columns("donchian_breakout", DONCHIAN, entry_period=3, exit_period=2, atr_period=2, stop_atr=1.0)
    assert at(found.long_entry) == [3]  # 11.5 > 11; on bar 4 the close 12 only touches the high of 12
    assert at(found.long_exit) == [5, 6]  # 9.4 < 10, the low of bars 3 and 4
    assert at(found.short_entry) == [6]  # 8 < 9
    assert found.stop_price is not None
    assert found.stop_price[[3, 6]].tolist() == [11.5 - 2.0, 8 + 2.5]  # ATR 2: 2 2 1.5 2 2 2.5 2.5


def test_donchian_breakout_without_a_stop_needs_no_average_true_range() -> None:
    found = columns("donchian_breakout", DONCHIAN, entry_period=3, exit_period=2, stop_atr=0.0)
    assert found.stop_price is None
    assert list(found.indicators) == ["High 3", "Low 3"]


FOUR_HOURS = generated(
    [
        (110, 100, 105),  # 00:00 the range
        (109, 104, 108),
        (113, 107, 112),  # 08:00 first close above 110
        (116, 111, 115),  # still above: one entry a session
        (117, 112, 113),  # 16:00 the next bar is the last: close everything
        (118, 111, 114),
        (120, 112, 114),  # 00:00 the next range
        (115, 110, 111),  # 04:00 below 112
        (122, 111, 121),  # 08:00 above 120
        (121, 109, 110),  # below again: one short a session
        (111, 99, 100),
        (101, 95, 96),
    ],
    minutes=240,
)


def test_opening_range_breakout_enters_once_per_direction_and_closes_before_the_last_bar() -> None:
    found = columns("opening_range_breakout", FOUR_HOURS, target_ranges=1.0)
    assert at(found.long_entry) == [2, 8]
    assert at(found.short_entry) == [7]
    assert at(found.long_exit) == at(found.short_exit) == [0, 4, 5, 6, 10, 11]
    assert found.stop_price is not None
    assert found.target_price is not None
    assert found.stop_price[[2, 7, 8]].tolist() == [100, 120, 112]
    assert found.target_price[[2, 7, 8]].tolist() == [112 + 10, 111 - 8, 121 + 8]
    assert found.indicators["Range high"].tolist() == [110] * 6 + [120] * 6
    assert found.indicators["Range low"].tolist() == [100] * 6 + [112] * 6


def test_opening_range_breakout_can_do_without_stop_and_target() -> None:
    found = columns("opening_range_breakout", FOUR_HOURS, stop="none", target_ranges=0.0)
    assert found.stop_price is None
    assert found.target_price is None


@pytest.mark.parametrize("name", [name for name in BUNDLED if name != "sma_crossover"])
def test_a_direction_takes_away_the_other_entries_only(name: str) -> None:
    bars = walk(2_000, seed=5)
    both, long, short = (columns(name, bars, direction=direction) for direction in ("both", "long", "short"))
    assert both.long_entry.any()
    assert both.short_entry.any()
    assert (long.long_entry == both.long_entry).all()
    assert (short.short_entry == both.short_entry).all()
    assert not long.short_entry.any()
    assert not short.long_entry.any()
    assert (long.long_exit == both.long_exit).all()


@pytest.mark.parametrize("name", strategies.available())
def test_signals_do_not_depend_on_the_unit_of_price(name: str) -> None:
    bars = walk(1_500, seed=9)
    unit = 2.0**-27  # near backtesting.py's 1e-8, and exact
    small = Bars(
        bars.open_time_ns,
        *(column * unit for column in (bars.open, bars.high, bars.low, bars.close)),
        bars.volume,
        bars.interval_ns,
    )
    whole, scaled = columns(name, bars), columns(name, small)
    for column in ("long_entry", "short_entry", "long_exit", "short_exit"):
        assert (getattr(whole, column) == getattr(scaled, column)).all(), column
    if whole.stop_price is not None and scaled.stop_price is not None:
        np.testing.assert_array_equal(whole.stop_price * unit, scaled.stop_price)
