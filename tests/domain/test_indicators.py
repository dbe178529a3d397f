"""Indicators against TA-Lib where the definitions are the same, and against plain Python everywhere.

Seeds differ: TA-Lib starts its exponential and Wilder averages from a simple average, these start from the first
value, as pandas does. Both forget their seed, so late values agree with TA-Lib and all agree with the plain loops.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain import indicators
from tests.strategies.generated_bars import real, walk

BARS = walk(2_000, seed=11)
CLOSE, HIGH, LOW = BARS.close, BARS.high, BARS.low
PERIODS = [2, 5, 14, 30]


@pytest.fixture(scope="module")
def talib() -> Any:
    """The independent reference."""
    return pytest.importorskip("talib", reason="TA-Lib, the independent reference, is not installed")


def smoothed(values: Sequence[float], alpha: float, period: int) -> list[float]:
    """An exponential average from the first value on, shown from the `period`-th."""
    out, average = [], values[0]
    for i, value in enumerate(values):
        average = average + alpha * (value - average) if i else value
        out.append(average if i + 1 >= period else math.nan)
    return out


@pytest.mark.parametrize("period", PERIODS)
def test_windows_equal_ta_lib_from_the_first_value_on(talib: Any, period: int) -> None:
    for ours, theirs in [
        (indicators.sma(CLOSE, period), talib.SMA(CLOSE, period)),
        (indicators.rolling_std(CLOSE, period), talib.STDDEV(CLOSE, period)),
    ]:
        np.testing.assert_allclose(ours, theirs, rtol=1e-7)
        assert np.isnan(ours[: period - 1]).all()


@pytest.mark.parametrize("period", PERIODS)
def test_recursive_averages_equal_ta_lib_once_the_seed_has_decayed(talib: Any, period: int) -> None:
    late = slice(40 * period, None)
    for ours, theirs in [
        (indicators.ema(CLOSE, period), talib.EMA(CLOSE, period)),
        (indicators.rsi(CLOSE, period), talib.RSI(CLOSE, period)),
        (indicators.atr(HIGH, LOW, CLOSE, period), talib.ATR(HIGH, LOW, CLOSE, period)),
    ]:
        np.testing.assert_allclose(ours[late], theirs[late], rtol=1e-9)


def test_macd_equals_ta_lib_once_the_seed_has_decayed(talib: Any) -> None:
    line, signal = indicators.macd(CLOSE, 12, 26, 9)
    expected_line, expected_signal, _ = talib.MACD(CLOSE, 12, 26, 9)
    np.testing.assert_allclose(line[800:], expected_line[800:], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(signal[800:], expected_signal[800:], rtol=1e-9, atol=1e-9)
    assert np.flatnonzero(~np.isnan(line))[0] == 25
    assert np.flatnonzero(~np.isnan(signal))[0] == 25 + 8


@pytest.mark.parametrize("period", PERIODS)
def test_the_exponential_average_equals_a_plain_loop(period: int) -> None:
    np.testing.assert_allclose(indicators.ema(CLOSE, period), smoothed(CLOSE, 2 / (period + 1), period), rtol=1e-12)


@pytest.mark.parametrize("period", PERIODS)
def test_the_rsi_equals_a_plain_loop(period: int) -> None:
    changes = np.diff(CLOSE)
    gains = smoothed([max(change, 0.0) for change in changes], 1 / period, period)
    losses = smoothed([max(-change, 0.0) for change in changes], 1 / period, period)
    expected = [math.nan] + [100 * gain / (gain + loss) for gain, loss in zip(gains, losses, strict=True)]
    np.testing.assert_allclose(indicators.rsi(CLOSE, period), expected, rtol=1e-10)


@pytest.mark.parametrize("period", PERIODS)
def test_the_average_true_range_equals_a_plain_loop(period: int) -> None:
    ranges = [HIGH[0] - LOW[0]] + [
        max(h - low, abs(h - before), abs(low - before))
        for h, low, before in zip(HIGH[1:], LOW[1:], CLOSE[:-1], strict=True)
    ]
    np.testing.assert_allclose(indicators.true_range(HIGH, LOW, CLOSE), ranges, rtol=1e-12)
    np.testing.assert_allclose(
        indicators.atr(HIGH, LOW, CLOSE, period), smoothed(ranges, 1 / period, period), rtol=1e-10
    )


def test_windows_equal_ta_lib_on_real_candles(talib: Any, shared_data: Path) -> None:
    close = real(shared_data, "binance_spot_BTCUSDT_1h_20200920_20240630").close
    np.testing.assert_allclose(indicators.sma(close, 50), talib.SMA(close, 50), rtol=1e-9)
    np.testing.assert_allclose(indicators.rolling_std(close, 50), talib.STDDEV(close, 50), rtol=1e-5)


def test_prices_scaled_to_a_hundred_millionth_keep_their_deviation() -> None:
    scaled = indicators.rolling_std(CLOSE * 1e-8, 20)
    np.testing.assert_allclose(scaled, indicators.rolling_std(CLOSE, 20) * 1e-8, rtol=1e-6)


def test_a_constant_price_has_no_deviation_and_an_rsi_of_50() -> None:
    flat = np.full(200, 27_203.35)
    assert (indicators.rolling_std(flat, 20)[19:] == 0).all()
    assert (indicators.rsi(flat, 14)[14:] == 50).all()
    assert np.isnan(indicators.rsi(flat, 14)[:14]).all()
    assert (indicators.rsi(np.arange(1.0, 50.0), 14)[14:] == 100).all()
    assert (indicators.rsi(np.arange(50.0, 1.0, -1), 14)[14:] == 0).all()


@given(n=st.integers(0, 12), period=st.integers(1, 20))
def test_few_or_no_bars_give_as_many_values(n: int, period: int) -> None:
    bars = walk(max(n, 1), seed=1)[:n]
    arrays = [
        indicators.sma(bars.close, period),
        indicators.ema(bars.close, period),
        indicators.rsi(bars.close, period),
        indicators.atr(bars.high, bars.low, bars.close, period),
        indicators.rolling_std(bars.close, period),
        indicators.previous(bars.close),
        *indicators.macd(bars.close, 3, period + 3, 2),
        *indicators.opening_range(bars.open_time_ns, bars.high, bars.low, bars.interval_ns, 0, 60),
    ]
    assert {len(array) for array in arrays} == {n}


def test_previous_is_one_bar_late() -> None:
    np.testing.assert_array_equal(indicators.previous(np.array([1.0, 2.0, 3.0])), [np.nan, 1.0, 2.0])
