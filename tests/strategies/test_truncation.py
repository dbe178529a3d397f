"""No signal changes when later bars are removed."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.strategy import SignalStrategy, compute_signals, parameter_space
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.domain.indicators import previous
from skills_lib.domain.signals import Signals, never
from tests.strategies.generated_bars import BUNDLED, NAMES, parameters_of, real, walk

OTHER: dict[str, dict[str, Value]] = {
    "donchian_breakout": {"entry_period": 55, "exit_period": 20, "atr_period": 10, "stop_atr": 1.0},
    "macd_trend": {"fast": 4, "slow": 40, "signal": 5, "trend": 0},
    "mean_reversion": {"period": 50, "band_std": 1.0, "stop_std": 3.0, "direction": "long"},
    "opening_range_breakout": {"open_hour": 13, "range_minutes": 90, "target_ranges": 2.0, "direction": "short"},
    "rsi_reversion": {"period": 6, "oversold": 25, "overbought": 80, "exit_level": 60},
    "sma_crossover": {"fast": 4, "slow": 100},
}
FILES = (
    "binance_spot_BTCUSDT_1h_20200920_20240630",
    "binance_spot_BTCUSDT_4h_20200920_20240630",
    "binance_spot_ETHUSDT_30m_20200920_20240630",
    "binance_usdm_SOLUSDT_15m_20250306_20250407",
    "binance_usdm_BTCUSDT_1m_20250504_20250603",
)


def assert_nothing_later_matters(strategy: type[SignalStrategy], bars: Bars, given: dict[str, Value], t: int) -> None:
    parameters = parameter_space(strategy).resolve(given)
    whole = compute_signals(strategy, bars, parameters)
    known = compute_signals(strategy, bars[: t + 1], parameters)
    assert known.columns().keys() == whole.columns().keys()
    for name, column in whole.columns().items():
        np.testing.assert_array_equal(known.columns()[name], column[: t + 1], err_msg=f"{name} at {t}")
    assert known.size == whole.size


def test_every_bundled_strategy_is_truncated_with_other_parameters_too() -> None:
    assert sorted(OTHER) == BUNDLED


@settings(deadline=None, max_examples=150)
@given(
    data=st.data(),
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 10_000),
    minutes=st.sampled_from([1, 15, 30, 60, 240, 480, 1440]),
)
def test_no_signal_changes_when_later_bars_are_cut_off(data: st.DataObject, name: str, seed: int, minutes: int) -> None:
    bars = walk(600, seed, minutes, holes=4)
    t = data.draw(st.integers(0, len(bars) - 1), label="t")
    assert_nothing_later_matters(strategies.load(name), bars, data.draw(parameters_of(name)), t)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", NAMES)
def test_no_signal_on_real_candles_changes_when_later_bars_are_cut_off(shared_data: Path, name: str, file: str) -> None:
    bars = real(shared_data, file)[:6_000]
    for given_parameters in ({}, OTHER.get(name, {})):
        for t in (0, 1, 30, 100, *range(250, len(bars), 571)):
            assert_nothing_later_matters(strategies.load(name), bars, given_parameters, t)


def test_look_ahead_in_a_strategy_is_detected() -> None:
    class BuysBeforeRises(SignalStrategy):
        """Uses the next close."""

        def signals(self, bars: Bars) -> Signals:
            rises = previous(bars.close[::-1])[::-1] > bars.close
            none = never(len(bars))
            return Signals(rises, none, none, none)

    bars = walk(100, seed=1)
    t = int(np.flatnonzero(bars.close[51:] > bars.close[50:-1])[0]) + 50
    with pytest.raises(AssertionError, match=f"long_entry at {t}"):
        assert_nothing_later_matters(BuysBeforeRises, bars, {}, t)
