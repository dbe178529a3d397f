"""Funding on hourly bars from midnight, with funding times at hours 0, 8 and 16; both executors."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.kernel.run import run_kernel
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import Costs
from skills_lib.domain.signals import Signals
from tests.backtest.market import HOUR_NS, START_NS, hourly_bars

CASH = 100_000.0


def held(
    bars: Bars, entry: int, leave: int, bps_per_8h: float, direction: int = 1, **options: object
) -> tuple[Execution, Execution]:
    """Runs of both executors that hold a full position from the open of one bar to the open of another."""
    enter, out, none = (np.zeros(len(bars), dtype=bool) for _ in range(3))
    enter[entry - 1] = True
    out[leave - 1 : leave] = leave < len(bars) + 1
    columns = Signals(enter if direction > 0 else none, none if direction > 0 else enter, out, out)

    class Held(SignalStrategy):
        def signals(self, bars: Bars) -> Signals:
            return columns

    costs = Costs(commission_bps=0, funding_bps_per_8h=bps_per_8h)
    conditions = BacktestSettings(cash=CASH, costs=costs, **options)
    return run_kernel(Held, bars, {}, conditions), run_reference(Held, bars, {}, conditions).execution


def bars_of(prices: Sequence[float], interval_ns: int) -> Bars:
    columns = [np.array(prices, dtype=np.float64)] * 4
    return Bars(START_NS + interval_ns * np.arange(len(prices)), *columns, np.ones(len(prices)), interval_ns)


@pytest.mark.parametrize(
    ("entry", "leave", "payments"),
    [
        (2, 7, 0),  # between midnight and 08:00
        (2, 8, 1),  # closed exactly at 08:00: pays there
        (8, 15, 0),  # opened exactly at 08:00: does not pay there
        (7, 9, 1),
        (2, 23, 2),
        (2, 24, 3),
    ],
)
def test_a_position_pays_at_each_funding_time_it_is_carried_over(entry: int, leave: int, payments: int) -> None:
    for run in held(hourly_bars([100.0] * 30), entry, leave, bps_per_8h=1):
        assert run.trades["funding"].iloc[0] == pytest.approx(CASH * 1e-4 * payments)
        assert run.equity[-1] == pytest.approx(CASH * (1 - 1e-4 * payments))


@pytest.mark.parametrize(("days", "payments"), [(1, 12), (7, 84)])
def test_the_last_bar_pays_up_to_and_including_its_end(days: int, payments: int) -> None:
    bars = bars_of([100.0] * 6, days * 24 * HOUR_NS)
    for run in held(bars, 2, len(bars) + 1, bps_per_8h=1):
        assert run.trades["funding"].iloc[0] == pytest.approx(CASH * 1e-4 * payments)


def test_shorts_receive_what_longs_pay_at_the_price_of_the_funding_time() -> None:
    for run in held(bars_of([100.0] * 8 + [120.0] * 10, HOUR_NS), 2, 10, bps_per_8h=5, direction=-1):
        assert run.trades["funding"].iloc[0] == pytest.approx(-1_000 * 120 * 5e-4)
        assert run.equity[7] == CASH
        assert run.equity[8] == pytest.approx(CASH - 1_000 * 20 + 1_000 * 120 * 5e-4)


@settings(max_examples=60, deadline=None)
@given(
    entry=st.integers(2, 80),
    length=st.integers(1, 19),
    rate=st.floats(-20, 20).filter(lambda rate: abs(rate) > 1e-6),
    direction=st.sampled_from([1, -1]),
    on_close=st.booleans(),
)
def test_what_trades_pay_is_what_equity_loses(
    entry: int, length: int, rate: float, direction: int, on_close: bool
) -> None:
    bars = hourly_bars(np.linspace(90, 130, 100).tolist())
    for run in held(bars, entry, entry + length, rate, direction, trade_on_close=on_close):
        trade = run.trades.iloc[0]
        moved = trade["size"] * (trade["exit_price"] - trade["entry_price"])
        assert run.equity[-1] - CASH == pytest.approx(moved - trade["funding"], abs=1e-6)
        assert trade["pnl"] == pytest.approx(moved - trade["funding"], abs=1e-6)


def test_funding_that_uses_up_the_account_ends_it_whatever_the_price_does_later() -> None:
    bars = bars_of([100.0] * 40 + [1_000.0] * 10, 8 * HOUR_NS)
    for run in held(bars, 2, len(bars) + 1, bps_per_8h=99, leverage=10):
        assert run.trades["exit_reason"].tolist() == ["liquidation"]
        assert run.equity[-1] == pytest.approx(0, abs=1e-2)


def test_funding_paid_moves_the_price_of_liquidation() -> None:
    """10 x from 100: a margin of 10 a unit, of which payments of 0.5 leave 7.5 or less: 93 is near enough."""
    prices = [100.0] * 9 + [93.0] + [100.0] * 5
    bars = bars_of(prices, 8 * HOUR_NS)
    without, with_funding = (held(bars, 3, len(bars) + 1, bps, leverage=10)[0] for bps in (0.0, 50.0))
    assert without.trades["exit_reason"].tolist() == ["last bar"]
    assert with_funding.trades["exit_reason"].tolist() == ["liquidation"]
    assert with_funding.trades["exit_bar"].iloc[0] == 9


def test_more_units_than_64_bits_count_are_charged_too() -> None:
    bars = hourly_bars([1e-9] * 12)
    for run in held(bars, 2, 10, bps_per_8h=1):
        assert CASH - run.equity[-1] == pytest.approx(CASH * 1e-4)
