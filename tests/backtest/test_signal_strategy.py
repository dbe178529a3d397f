"""Signals executed by the base class trade exactly like a strategy written by hand with its own `next()`."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from backtesting import Backtest, Strategy
from backtesting.lib import FractionalBacktest

from skills_lib.backtest.strategy import SignalStrategy, compute_signals, parameter_space
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.parameters import Choice, Integer
from skills_lib.domain.signals import Signals, never
from skills_lib.testing import from_closes as closing
from strategies.opening_range_breakout import OpeningRangeBreakout
from strategies.sma_crossover import SmaCrossover
from tests.strategies.generated_bars import walk

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
COLUMNS = ["Size", "EntryBar", "ExitBar", "EntryPrice", "ExitPrice", "SL", "TP", "PnL", "Commission", "ReturnPct"]
MANNERS: list[dict[str, Any]] = [
    {"exclusive_orders": True},
    {"exclusive_orders": True, "trade_on_close": True, "spread": 0.001},
    {"exclusive_orders": True, "margin": 0.2},
]


class HandWrittenCross(Strategy):
    """SMA 10 over SMA 30, as a quant writes it in a notebook."""

    def init(self) -> None:
        self.fast = self.I(lambda close: pd.Series(close).rolling(10).mean(), self.data.Close)
        self.slow = self.I(lambda close: pd.Series(close).rolling(30).mean(), self.data.Close)

    def next(self) -> None:
        before, now = self.fast[-2] - self.slow[-2], self.fast[-1] - self.slow[-1]
        if now > 0 >= before and not self.position.is_long:
            self.buy()
        elif now < 0 <= before and not self.position.is_short:
            self.sell()


class HandWrittenRange(Strategy):
    """Opening range of 60 minutes after midnight, stop at its other side, target one range from the close."""

    def init(self) -> None:
        self.day = self.top = self.bottom = None
        self.done: set[str] = set()

    def next(self) -> None:
        now, close = self.data.index[-1], self.data.Close[-1]
        if now.date() != self.day:
            self.day, self.top, self.bottom, self.done = now.date(), -np.inf, np.inf, set()
            self.position.close()
        if now.hour == 0:
            self.top, self.bottom = max(self.top, self.data.High[-1]), min(self.bottom, self.data.Low[-1])
            return
        if self.bottom == np.inf:
            return
        if now.hour * 60 + now.minute >= 24 * 60 - 30:  # the next bar of 15 minutes is the last, or this one is
            self.position.close()
        elif close > self.top and "long" not in self.done:
            self.done.add("long")
            self.buy(sl=self.bottom, tp=close + (self.top - self.bottom))
        elif close < self.bottom and "short" not in self.done:
            self.done.add("short")
            self.sell(sl=self.top, tp=close - (self.top - self.bottom))


def trades(bars: Bars, strategy: type[Strategy], manner: dict[str, Any], **parameters: object) -> np.ndarray:
    backtest = FractionalBacktest(
        bars.to_frame(), strategy, cash=100_000, commission=0.002, finalize_trades=True, **manner
    )
    return backtest.run(**parameters)["_trades"][COLUMNS].to_numpy(dtype=float)


@pytest.mark.parametrize("manner", MANNERS, ids=["default", "on close with spread", "leverage 5"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sma_crossover_trades_like_one_written_by_hand(seed: int, manner: dict[str, Any]) -> None:
    bars = walk(3_000, seed)
    ours, theirs = trades(bars, SmaCrossover, manner), trades(bars, HandWrittenCross, manner)
    assert len(theirs) > 50
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("manner", MANNERS, ids=["default", "on close with spread", "leverage 5"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_opening_range_with_stop_and_target_trades_like_one_written_by_hand(seed: int, manner: dict[str, Any]) -> None:
    bars = walk(96 * 40, seed, minutes=15, volatility=0.004)
    midnight = int(np.flatnonzero(bars.open_time_ns % 86_400_000_000_000 == 0)[0])
    bars = bars[midnight + 4 :]  # from 01:00: a warm-up must not decide which half of a range is seen
    ours = trades(bars, OpeningRangeBreakout, manner, target_ranges=1.0)
    theirs = trades(bars, HandWrittenRange, manner)
    assert len(theirs) > 40
    exits = theirs[:, COLUMNS.index("ExitPrice")]
    assert np.isclose(exits, theirs[:, COLUMNS.index("TP")]).any()
    assert np.isclose(exits, theirs[:, COLUMNS.index("SL")]).any()
    np.testing.assert_array_equal(ours, theirs)


def test_in_a_notebook_it_turns_without_exclusive_orders_too() -> None:
    bars = walk(2_000, seed=4)
    as_it_is = Backtest(bars.to_frame(), SmaCrossover, cash=1_000_000, commission=0.002, finalize_trades=True).run()
    exclusive = Backtest(
        bars.to_frame(), SmaCrossover, cash=1_000_000, commission=0.002, finalize_trades=True, exclusive_orders=True
    ).run()
    assert as_it_is["# Trades"] > 30
    assert set(np.sign(as_it_is["_trades"]["Size"])) == {1, -1}
    assert as_it_is["_trades"][COLUMNS].equals(exclusive["_trades"][COLUMNS])


def test_a_time_zone_in_the_index_changes_nothing() -> None:
    bars = walk(1_000, seed=6, minutes=15)
    naive, zoned = bars.to_frame(), bars.to_frame().tz_localize("UTC").tz_convert("Asia/Tokyo")
    runs = [Backtest(frame, OpeningRangeBreakout, cash=1e6, finalize_trades=True).run() for frame in (naive, zoned)]
    assert len(runs[0]["_trades"]) > 5
    assert runs[0]["_trades"][COLUMNS].equals(runs[1]["_trades"][COLUMNS])


class Scripted(SignalStrategy):
    """Signals on given bars."""

    longs: tuple[int, ...] = ()
    shorts: tuple[int, ...] = ()
    exits: tuple[int, ...] = ()
    share = 1.0
    stop = 0.0

    def signals(self, bars: Bars) -> Signals:
        def on(chosen: tuple[int, ...]) -> np.ndarray:
            return np.isin(np.arange(len(bars)), chosen)

        stop = np.full(len(bars), self.stop) if self.stop else None
        return Signals(on(self.longs), on(self.shorts), on(self.exits), on(self.exits), self.share, stop)


FLAT = closing([100.0] * 12)


def spans(**parameters: object) -> list[tuple[float, int, int]]:
    backtest = Backtest(FLAT.to_frame(), Scripted, cash=100_000, exclusive_orders=True, finalize_trades=True)
    found = backtest.run(**parameters)["_trades"].sort_values("EntryBar")
    return list(zip(found["Size"], found["EntryBar"], found["ExitBar"], strict=True))


def test_a_size_of_one_is_the_whole_equity_and_not_one_unit() -> None:
    assert spans(longs=(2,), share=1.0) == [(999, 3, 11)]  # backtesting.py's epsilon takes the last unit
    assert spans(longs=(2,), share=0.25) == [(250, 3, 11)]


def test_an_entry_in_the_direction_held_is_not_taken_again() -> None:
    assert spans(longs=(2, 4, 6)) == [(999, 3, 11)]


def test_an_entry_wins_over_an_exit_and_long_over_short() -> None:
    assert spans(longs=(2, 5), exits=(5,)) == [(999, 3, 11)]
    assert spans(longs=(2, 5), shorts=(2, 5)) == [(999, 3, 11)]
    assert spans(longs=(2,), shorts=(5,), exits=(5,)) == [(999, 3, 6), (-999, 6, 11)]


def test_an_entry_whose_stop_lies_on_the_wrong_side_is_not_taken_and_what_is_held_stays() -> None:
    assert spans(longs=(2,), stop=101.0) == []
    assert spans(longs=(2,), shorts=(5,), stop=90.0) == [(999, 3, 11)]


def test_parameters_run_as_given_and_stand_at_their_default_otherwise() -> None:
    frame = walk(300, seed=2).to_frame()
    stats = Backtest(frame, SmaCrossover, cash=1e6).run(fast=20)
    assert (stats["_strategy"].fast, stats["_strategy"].slow) == (20, 30)
    assert (SmaCrossover.fast, SmaCrossover.slow) == (10, 30)


def test_signals_of_another_length_are_refused() -> None:
    class Short(SignalStrategy):
        """Returns one signal too few."""

        def signals(self, bars: Bars) -> Signals:
            none = never(len(bars) - 1)
            return Signals(none, none, none, none)

    with pytest.raises(InputError, match="Short returned 11 signals for 12 bars"):
        Backtest(FLAT.to_frame(), Short, cash=1e6).run()


def test_a_parameter_space_takes_in_base_classes_and_mixins_and_the_last_word_counts() -> None:
    class Sided:
        """Not a strategy by itself."""

        side = Choice("both", ("both", "long"))

    class Mine(Sided, SmaCrossover):
        fast = Integer(12, low=2, high=50)
        _private = 3

    assert parameter_space(Mine).defaults() == {"fast": 12, "slow": 30, "side": "both"}


def test_one_constraint_may_stand_without_a_tuple_and_nonsense_is_named() -> None:
    class One(SmaCrossover):
        constraints = "fast < slow"  # type: ignore[assignment]

    class Nonsense(SmaCrossover):
        constraints = 3  # type: ignore[assignment]

    assert [c.text for c in parameter_space(One).constraints] == ["fast < slow"]
    with pytest.raises(InputError, match=r"Nonsense\.constraints is 3"):
        parameter_space(Nonsense)


def test_signals_without_a_broker_equal_those_of_a_run() -> None:
    bars = walk(500, seed=1)
    ran = Backtest(bars.to_frame(), SmaCrossover, cash=1e6).run(fast=4, slow=40)["_strategy"]._signals
    single = compute_signals(SmaCrossover, bars, {"fast": 4, "slow": 40})
    for name, column in single.columns().items():
        np.testing.assert_array_equal(ran.columns()[name], column)
