"""Limit and stop orders of strategies with their own next(): the open is a bar's first price, the close its last."""

from collections.abc import Callable
from typing import Any

import pytest
from backtesting import Strategy

from skills_lib.backtest.execution import Execution
from tests.backtest.runs import bars_of, run


def ordering(place: Callable[[Any], Any], at: int = 2) -> type[Strategy]:
    """A strategy that places an order once, at the close of the bar numbered `at` from 1."""

    class Ordering(Strategy):
        def init(self) -> None: ...

        def next(self) -> None:
            if len(self.data) == at:
                place(self)

    return Ordering


def only_trade(execution: Execution) -> tuple[float, float, str]:
    assert len(execution.trades) == 1
    trade = execution.trades.iloc[0]
    return trade["entry_price"], trade["exit_price"], trade["exit_reason"]


def test_a_limit_order_below_which_a_bar_opens_is_filled_there_and_its_stop_counts_in_that_bar() -> None:
    bars = bars_of([100.0, 100.0, (90.0, 101.0, 50.0, 100.0), 112.0])
    found = run(ordering(lambda s: s.buy(size=1, limit=95, sl=85)), bars)
    assert only_trade(found) == (90, 85, "stop")
    assert found.equity[-1] == pytest.approx(995)


def test_the_same_for_a_short() -> None:
    bars = bars_of([100.0, 100.0, (110.0, 150.0, 99.0, 100.0), 90.0])
    found = run(ordering(lambda s: s.sell(size=1, limit=105, sl=115)), bars)
    assert only_trade(found) == (110, 115, "stop")


def test_a_limit_order_reached_within_the_bar_lies_above_its_stop_so_a_low_below_both_reaches_both() -> None:
    bars = bars_of([100.0, 100.0, (100.0, 101.0, 80.0, 100.0), 112.0])
    found = run(ordering(lambda s: s.buy(size=1, limit=95, sl=85)), bars)
    assert only_trade(found) == (95, 85, "stop")
    assert not any("assumed" in text for text in found.warnings)


def test_a_target_reached_before_or_after_a_limit_order_in_its_bar_is_not_taken_and_told() -> None:
    bars = bars_of([100.0, 100.0, (100.0, 120.0, 94.0, 100.0), 101.0])
    found = run(ordering(lambda s: s.buy(size=1, limit=95, tp=110)), bars)
    assert only_trade(found) == (95, 101, "last bar")
    assert any("worse was assumed" in text for text in found.warnings)


def test_a_target_that_the_close_has_passed_is_taken_in_the_bar_of_a_limit_order() -> None:
    bars = bars_of([100.0, 100.0, (100.0, 120.0, 94.0, 118.0), 101.0])
    assert only_trade(run(ordering(lambda s: s.buy(size=1, limit=95, tp=110)), bars)) == (95, 110, "target")


def test_a_stop_order_reached_within_the_bar_reaches_a_target_beyond_it() -> None:
    bars = bars_of([100.0, 100.0, (100.0, 120.0, 99.0, 101.0), 101.0])
    assert only_trade(run(ordering(lambda s: s.buy(size=1, stop=105, tp=110)), bars)) == (105, 110, "target")


def test_where_a_bar_may_have_reached_a_stop_loss_after_a_stop_order_it_is_assumed_and_told() -> None:
    bars = bars_of([100.0, 100.0, (100.0, 120.0, 90.0, 118.0), 119.0])
    found = run(ordering(lambda s: s.buy(size=1, stop=105, sl=95)), bars)
    assert only_trade(found) == (105, 95, "stop")
    assert any("worse was assumed" in text for text in found.warnings)


@pytest.mark.parametrize("on_close", [False, True])
def test_a_stop_order_that_a_gap_passes_is_filled_at_the_open(on_close: bool) -> None:
    bars = bars_of([100.0, 100.0, 100.0, (110.0, 112.0, 108.0, 109.0), 109.0])
    found = run(ordering(lambda s: s.buy(size=1, stop=105)), bars, trade_on_close=on_close)
    assert only_trade(found)[0] == 110


def test_a_target_that_the_open_has_passed_is_filled_there_before_a_stop_that_the_bar_reaches_later() -> None:
    bars = bars_of([100.0, 100.0, 100.0, (120.0, 120.0, 80.0, 90.0), 90.0])
    found = run(ordering(lambda s: s.buy(size=1, sl=85, tp=115)), bars)
    assert only_trade(found) == (100, 120, "target")


def test_a_second_order_is_sized_by_what_is_known_at_its_fill_and_not_by_the_bars_close() -> None:
    """Half of 1,000 at 100 buys 5; half of the free 500 at 110 buys 2.27, whatever the close of that bar is."""

    class Twice(Strategy):
        def init(self) -> None: ...

        def next(self) -> None:
            if len(self.data) in (2, 3):
                self.buy(size=0.5)

    sizes = []
    for close in (60.0, 400.0):
        bars = bars_of([100.0, 100.0, 100.0, (110.0, 400.0, 60.0, close), 100.0])
        sizes.append(run(Twice, bars, exclusive_orders=False).trades["size"].tolist())
    assert sizes[0] == sizes[1]
    assert sorted(sizes[0]) == [pytest.approx(250 / 110, abs=1e-7), pytest.approx(5, abs=1e-7)]


def test_part_of_a_fractional_position_can_be_closed() -> None:
    class Parts(Strategy):
        def init(self) -> None: ...

        def next(self) -> None:
            if len(self.data) == 2:
                self.buy(size=0.9)
            if len(self.data) == 3:
                self.position.close(portion=0.25)

    found = run(Parts, bars_of([400.0, 400.0, 400.0, 500.0, 600.0]))
    assert sorted(found.trades["size"]) == [pytest.approx(0.5625), pytest.approx(1.6875)]
    assert found.equity[-1] == pytest.approx(1_000 + 0.5625 * 100 + 1.6875 * 200)
    assert found.trades["pnl"].sum() == pytest.approx(found.equity[-1] - 1_000)
