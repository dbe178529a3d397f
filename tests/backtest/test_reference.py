"""The reference executor: settings reach backtesting.py, and failures give the reason in one line."""

import numpy as np
import pytest
from backtesting import Strategy

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import PRESETS, Costs
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals, never
from tests.backtest.market import hourly_bars, random_walk


class BuyThenSell(Strategy):
    """Buys on the second bar, closes on the fourth."""

    def init(self) -> None: ...

    def next(self) -> None:
        if len(self.data) == 2:
            self.buy()
        if len(self.data) == 4:
            self.position.close()


BARS = hourly_bars([100, 100, 100, 100, 120, 120])


def test_the_default_is_100_000_dollars_and_20_bps_on_each_side() -> None:
    trade = run_reference(BuyThenSell, BARS, {}, BacktestSettings()).execution.trades.iloc[0]
    units = trade["size"]
    assert units == pytest.approx(100_000 / (100 * 1.002), rel=1e-9)
    assert trade["commission"] == pytest.approx(units * 100 * 0.002 + units * 120 * 0.002)
    assert trade["pnl"] == pytest.approx(units * 20 - trade["commission"])


def test_interactive_brokers_charges_per_share_with_a_minimum() -> None:
    settings = BacktestSettings(costs=PRESETS["ib-stock"], fractional_unit=1, cash=10_000)
    trade = run_reference(BuyThenSell, BARS, {}, settings).execution.trades.iloc[0]
    assert trade["size"] == 99  # 10,000 less spread and commission buys 99 whole shares
    assert trade["commission"] == pytest.approx(1.0 + 1.0)  # 99 × 0.005 is below the minimum of 1 each side
    many = run_reference(BuyThenSell, BARS, {}, settings.model_copy(update={"cash": 1_000_000.0})).execution
    assert many.trades["commission"].iloc[0] == pytest.approx(2 * 0.005 * many.trades["size"].iloc[0])


def test_a_minimum_commission_without_a_cap_does_not_shrink_the_position() -> None:
    costs = Costs(commission_bps=0, commission_minimum=5)
    trade = run_reference(BuyThenSell, BARS, {}, BacktestSettings(costs=costs)).execution.trades.iloc[0]
    assert trade["size"] == pytest.approx(1_000)
    assert trade["commission"] == pytest.approx(10)


def test_what_a_strategy_prints_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    class Talks(BuyThenSell):
        def init(self) -> None:
            print("hello")  # noqa: T201

    run_reference(Talks, BARS, {}, BacktestSettings())
    said = capsys.readouterr()
    assert said.out == ""
    assert "hello" in said.err


def test_leverage_multiplies_the_size() -> None:
    free = PRESETS["free"]
    one = run_reference(BuyThenSell, BARS, {}, BacktestSettings(costs=free)).execution.trades["size"].iloc[0]
    five = run_reference(BuyThenSell, BARS, {}, BacktestSettings(costs=free, leverage=5)).execution.trades["size"]
    assert five.iloc[0] == pytest.approx(5 * one, rel=1e-8)


def test_fewer_bars_than_the_warm_up_are_refused() -> None:
    with pytest.raises(InputError, match="20 bars are fewer than the warm-up of SmaCrossover: 'SMA 30'"):
        run_reference(strategies.load("sma_crossover"), random_walk(20, seed=1), {}, BacktestSettings())


def test_a_strategy_that_raises_is_named_with_its_reason() -> None:
    class Divides(SignalStrategy):
        def signals(self, bars: Bars) -> Signals:
            raise ZeroDivisionError("by zero")

    with pytest.raises(InputError, match="Divides failed while it ran: ZeroDivisionError: by zero"):
        run_reference(Divides, BARS, {}, BacktestSettings())


def test_entries_that_equity_cannot_pay_for_are_counted() -> None:
    class AlwaysLong(SignalStrategy):
        def signals(self, bars: Bars) -> Signals:
            n = len(bars)
            return Signals(np.ones(n, dtype=bool), never(n), never(n), never(n))

    settings = BacktestSettings(cash=50, fractional_unit=1, costs=Costs(commission_bps=0))
    execution = run_reference(AlwaysLong, BARS, {}, settings).execution
    assert execution.trades.empty
    assert "entries were cancelled: equity could not pay" in execution.warnings[0]
