"""Any `backtesting.Strategy` as it is: real prices, real sizes, with the unit that is chosen for it."""

import numpy as np
import pytest
from backtesting import Strategy

from skills_lib.backtest.model import BacktestSettings
from tests.backtest.runs import bars_of, both, planned, run

ROUND_TRIP = bars_of([*np.linspace(100, 120, 21), *np.linspace(119, 105, 15)])


def test_a_strategy_with_a_price_level_sees_prices_as_people_write_them() -> None:
    class FixedLevel(Strategy):
        dear, cheap = 115.0, 109.0

        def init(self) -> None: ...

        def next(self) -> None:
            price = self.data.Close[-1]
            if not self.position and price > self.dear:
                self.sell(size=0.9)
            elif self.position and price < self.cheap:
                self.position.close()

    found = run(FixedLevel, ROUND_TRIP)
    assert found.trades["entry_price"].tolist() == [117.0]
    assert found.trades["exit_price"].tolist() == [107.0]
    assert found.equity[-1] == pytest.approx(1_000 + 900 / 117 * 10, abs=1e-5)


def test_a_size_of_three_is_three_coins_and_what_the_strategy_reads_is_what_it_has() -> None:
    seen = []

    class Units(Strategy):
        def init(self) -> None: ...

        def next(self) -> None:
            if len(self.data) == 2:
                self.buy(size=3, sl=90)
            if len(self.data) == 5:
                seen.append((self.position.size, self.trades[0].entry_price, self.trades[0].sl, self.equity))

    found = run(Units, ROUND_TRIP)
    assert found.trades["size"].tolist() == [3.0]
    assert found.trades["stop_price"].tolist() == [90.0]
    assert seen == [(3.0, 102.0, 90.0, pytest.approx(1_000 + 3 * 2))]


@pytest.mark.parametrize("price", [1.23e-6, 1e-9, 0.5, 137.3, 61_234.5, 5e6])
def test_the_unit_fits_price_and_cash(price: float) -> None:
    bars = bars_of([price] * 3 + [price * 1.1] * 3)
    for cash in (1.0, 1_000.0, 1e8):
        for found in both(planned(), bars, cash=cash):
            assert found.equity[-1] == pytest.approx(cash * 1.1, rel=1e-6)


def test_the_unit_is_that_of_exchanges_where_it_can_be() -> None:
    for price, unit in ((137.3, 1e-8), (61_234.5, 1e-8), (0.5, 1e-6)):
        assert BacktestSettings().with_unit_for(bars_of([price] * 3)).unit == unit
    assert BacktestSettings().with_unit_for(bars_of([1.23e-6] * 3)).unit == 0.1
    assert BacktestSettings(fractional_unit=1).with_unit_for(bars_of([1.23e-6] * 3)).unit == 1
