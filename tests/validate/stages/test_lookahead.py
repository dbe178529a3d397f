"""Every planted look-ahead is detected on any prices, and strategies without it pass."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from backtesting import Strategy
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference import run_reference
from skills_lib.backtest.strategy import SignalStrategy, parameter_space
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.indicators import ema, sma
from skills_lib.domain.signals import Signals, crosses_above, crosses_below, never
from skills_lib.domain.time import DAY_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import sample_bars
from skills_lib.validate.stages.lookahead import truncation, warm_up
from skills_lib.validate.stages.probe import Cut, generated_after
from tests.strategies.generated_bars import parameters_of, real, walk
from tests.validate.markets import random_walk
from tests.validate.stages.cheats import (
    PLAIN_CHEATS,
    SIGNAL_CHEATS,
    PeeksOneBar,
    PlainHonest,
    RedrawsItsIndicator,
    around,
    wishing,
)

BUNDLED = (
    "donchian_breakout",
    "macd_trend",
    "mean_reversion",
    "opening_range_breakout",
    "rsi_reversion",
    "sma_crossover",
)
SETTINGS = BacktestSettings()

markets = st.builds(
    random_walk,
    bars=st.integers(300, 2_000),
    seed=st.integers(0, 100_000),
    volatility=st.floats(1e-4, 0.05),
)


class SumsAllHistory(SignalStrategy):
    """Honest, but a running total always depends on the first bar."""

    def signals(self, bars: Bars) -> Signals:
        line = np.cumsum(np.sign(bars.close - bars.open) * bars.volume)
        return wishing((line > 0) & (bars.close > bars.open), (line < 0) & (bars.close < bars.open))


class RemembersForLong(SignalStrategy):
    """Exponential averages, which settle slowly."""

    def signals(self, bars: Bars) -> Signals:
        slow, fast = ema(bars.close, 100), ema(bars.close, 20)
        return wishing(crosses_above(fast, slow), crosses_below(fast, slow), indicators={"slow": slow})


class DrawsRandomNumbers(SignalStrategy):
    """Gives a different result each time."""

    def signals(self, bars: Bars) -> Signals:
        return wishing(np.random.default_rng().random(len(bars)) < 0.1, never(len(bars)))


class NeedsManyBars(SignalStrategy):
    """Refuses short histories."""

    def signals(self, bars: Bars) -> Signals:
        if len(bars) < 900:
            raise ValueError("too few bars")
        return wishing(crosses_above(bars.close, sma(bars.close, 10)), never(len(bars)))


class Watches(SignalStrategy):
    """Records the bars it receives."""

    shown: list[FloatArray] = []  # noqa: RUF012

    def signals(self, bars: Bars) -> Signals:
        self.shown.append(bars.close)
        return wishing(crosses_above(bars.close, sma(bars.close, 10)), never(len(bars)))


@hypothesis_settings(deadline=None, max_examples=25)
@given(bars=markets, seed=st.integers(0, 1_000))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_planted_look_ahead_is_caught_whatever_the_prices(bars: Bars, seed: int) -> None:
    for cheat in SIGNAL_CHEATS:
        found = truncation(cheat, bars, {}, SETTINGS, seed=seed)
        assert not found.passed, cheat.__name__
        assert found.words.startswith("Look-ahead"), cheat.__name__
        assert len(found.first_differing_bars) >= 3, f"{cheat.__name__} was caught by luck"


class WaitsForTheDaysEnd(SignalStrategy):
    """Resampled to days as it should be: each bar sees the close of the day before."""

    def signals(self, bars: Bars) -> Signals:
        day = pd.Series(bars.open_time_ns // DAY_NS)
        closing = pd.Series(bars.close).groupby(day).last().shift(1)
        return around(bars.close, day.map(closing).to_numpy())


class NormalisesByItsPast(SignalStrategy):
    """A z-score with the mean and deviation of the bars so far."""

    def signals(self, bars: Bars) -> Signals:
        past = pd.Series(np.log(bars.close)).rolling(200, min_periods=20)
        score = ((np.log(bars.close) - past.mean()) / past.std()).to_numpy()
        size = np.clip(0.002 / pd.Series(bars.close).pct_change().rolling(50).std(), 0.01, 1).fillna(0.01)
        return replace(around(score, 0.5), size=size.to_numpy())


@hypothesis_settings(deadline=None, max_examples=25)
@given(bars=markets, seed=st.integers(0, 1_000))
def test_the_versions_without_look_ahead_are_not_flagged(bars: Bars, seed: int) -> None:
    for strategy in (WaitsForTheDaysEnd, NormalisesByItsPast, RemembersForLong, SumsAllHistory):
        found = truncation(strategy, bars, {}, SETTINGS, seed=seed)
        assert found.passed, f"{strategy.__name__}: {found.words}"


@hypothesis_settings(deadline=None, max_examples=60)
@given(
    data=st.data(),
    name=st.sampled_from(BUNDLED),
    seed=st.integers(0, 10_000),
    minutes=st.sampled_from([1, 15, 60, 240, 1440]),
)
def test_no_bundled_strategy_is_flagged_on_generated_bars(
    data: st.DataObject, name: str, seed: int, minutes: int
) -> None:
    strategy = strategies.load(name)
    bars = walk(700, seed, minutes, holes=4)
    found = truncation(strategy, bars, data.draw(parameters_of(name)), SETTINGS, seed=seed)
    assert not found.first_differing_bars, found.words


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_strategies_pass_both_tests_on_the_sample(name: str) -> None:
    strategy, bars = strategies.load(name), sample_bars("BTC/USDT", Timeframe.H1)
    defaults = parameter_space(strategy).defaults()
    truncated, warmed = truncation(strategy, bars, defaults, SETTINGS), warm_up(strategy, bars, defaults, SETTINGS)
    assert truncated.passed, truncated.words
    assert truncated.on == "signals"
    assert truncated.compared_bars > 3 * len(bars)
    assert warmed.passed, warmed.words
    assert 0 < (warmed.settled_after_bars or 0) < 3_000


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_strategies_pass_on_real_candles(shared_data: Path, name: str) -> None:
    bars = real(shared_data, "binance_spot_BTCUSDT_1h_20200920_20240630")
    strategy = strategies.load(name)
    defaults = parameter_space(strategy).defaults()
    assert truncation(strategy, bars, defaults, SETTINGS).passed
    assert warm_up(strategy, bars, defaults, SETTINGS).passed


def test_the_probe_uses_the_same_prices_as_a_backtest() -> None:
    bars = random_walk(500, seed=3)
    Watches.shown = []
    run_reference(Watches, bars, {}, SETTINGS)
    in_backtest = Watches.shown[0]
    Watches.shown = []
    truncation(Watches, bars, {}, SETTINGS)
    np.testing.assert_array_equal(Watches.shown[0], in_backtest)
    assert in_backtest[0] != bars.close[0], "prices come in fractional units"
    cut = next(shown for shown in Watches.shown if len(shown) == len(bars) - 1)
    np.testing.assert_array_equal(cut, in_backtest[:-1])


def test_the_first_bar_that_differs_and_what_differs_are_named() -> None:
    found = truncation(RedrawsItsIndicator, random_walk(600, seed=1), {}, SETTINGS)
    assert found.differing == ["indicators[Centred]"]
    assert all(0 <= bar < 600 for bar in found.first_differing_bars)
    peeks = truncation(PeeksOneBar, random_walk(600, seed=1), {}, SETTINGS)
    assert set(peeks.differing) == {"long_entry", "short_entry"}


def test_generated_bars_are_valid_and_keep_the_known_ones() -> None:
    bars = random_walk(500, seed=5)
    generated = generated_after(bars, Cut(200, -3.0))
    for name in ("open_time_ns", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(generated, name)[:200], getattr(bars, name)[:200])
    assert (generated.low <= np.minimum(generated.open, generated.close)).all()
    assert (generated.high >= np.maximum(generated.open, generated.close)).all()
    real_move = np.log(bars.close[200:500] / bars.close[199])
    np.testing.assert_allclose(np.log(generated.close[200:] / generated.close[199]), -3 * real_move, atol=1e-9)


def test_random_numbers_are_distinguished_from_look_ahead() -> None:
    found = truncation(DrawsRandomNumbers, random_walk(400, seed=2), {}, SETTINGS)
    assert not found.passed
    assert "random numbers" in found.words


def test_a_strategy_that_cannot_run_on_most_cuts_was_not_tested() -> None:
    found = truncation(NeedsManyBars, random_walk(1_000, seed=2), {}, SETTINGS)
    assert not found.passed
    assert not found.first_differing_bars
    assert found.words.startswith("Not tested")


def test_a_strategy_that_fails_on_all_bars_is_an_input_error() -> None:
    with pytest.raises(InputError, match="NeedsManyBars failed while it ran"):
        truncation(NeedsManyBars, random_walk(300, seed=2), {}, SETTINGS)


def test_the_same_seed_gives_the_same_answer() -> None:
    bars = random_walk(800, seed=4)
    assert truncation(PeeksOneBar, bars, {}, SETTINGS, seed=5) == truncation(PeeksOneBar, bars, {}, SETTINGS, seed=5)


@pytest.mark.parametrize("cheat", PLAIN_CHEATS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_plain_strategy_is_caught_by_its_orders(cheat: type[Strategy], seed: int) -> None:
    found = truncation(cheat, random_walk(500, seed), {}, SETTINGS, seed=seed)
    assert found.on == "orders"
    assert not found.passed
    assert found.first_differing_bars


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("on_close", [False, True])
def test_a_plain_strategy_with_stops_and_waiting_orders_passes(seed: int, on_close: bool) -> None:
    settings = SETTINGS.model_copy(update={"trade_on_close": on_close, "exclusive_orders": False})
    found = truncation(PlainHonest, random_walk(500, seed), {}, settings, seed=seed)
    assert found.passed, found.words
    assert found.cuts > 5


def test_a_signal_strategy_with_its_own_next_is_compared_by_orders() -> None:
    class Own(PeeksOneBar):
        def next(self) -> None:
            super().next()

    found = truncation(Own, random_walk(300, seed=1), {}, SETTINGS)
    assert found.on == "orders"
    assert not found.passed


def test_a_recursive_average_settles_and_says_after_how_many_bars() -> None:
    found = warm_up(RemembersForLong, random_walk(5_000, seed=1), {}, SETTINGS)
    assert found.passed
    assert found.settled_after_bars is not None
    assert 100 <= found.settled_after_bars < 1_500


def test_a_sum_over_all_history_never_settles() -> None:
    found = warm_up(SumsAllHistory, random_walk(5_000, seed=1), {}, SETTINGS)
    assert truncation(SumsAllHistory, random_walk(5_000, seed=1), {}, SETTINGS).passed
    assert not found.passed
    assert found.settled_after_bars is None
    assert found.differing_share > 0.01


def test_a_plain_strategy_warms_up_by_its_orders() -> None:
    found = warm_up(PlainHonest, random_walk(900, seed=1), {}, SETTINGS)
    assert found.starts == 2
    assert found.passed, found.words


def test_a_moving_average_settles_exactly_with_its_period() -> None:
    class Average(SignalStrategy):
        """Crosses of one average of 40 closes."""

        def signals(self, bars: Bars) -> Signals:
            average = pd.Series(bars.close).rolling(40).mean().to_numpy()
            return wishing(bars.close > average, bars.close <= average)

    assert warm_up(Average, random_walk(3_000, seed=1), {}, SETTINGS).settled_after_bars == 39
