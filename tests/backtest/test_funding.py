"""Funding on hourly bars from midnight, with funding times at hours 0, 8 and 16."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.backtest.execution import TRADE_COLUMNS, Execution
from skills_lib.backtest.funding import charge_funding
from skills_lib.domain.bars import Bars
from tests.backtest.market import hourly_bars

CASH = 100_000.0
UNIT = 1e-8


def held(bars: Bars, spans: list[tuple[int, int, float]]) -> Execution:
    """An execution that holds `size` from the open of one bar to the open of another."""
    times = bars.to_frame().index
    rows = [
        dict.fromkeys(TRADE_COLUMNS, 0.0)
        | {"entry_time": times[a], "exit_time": times[b], "size": size, "entry_bar": a, "exit_bar": b}
        for a, b, size in spans
    ]
    return Execution(pd.DataFrame(rows, columns=list(TRADE_COLUMNS)), np.full(len(bars), CASH), CASH, first_bar=0)


@pytest.mark.parametrize(
    ("entry", "leave", "boundaries"),
    [
        (1, 7, 0),  # between midnight and 08:00
        (1, 8, 1),  # closed exactly at 08:00: pays there
        (8, 15, 0),  # opened exactly at 08:00: does not pay there
        (7, 9, 1),
        (1, 23, 2),
        (1, 24, 3),
    ],
)
def test_a_position_pays_at_each_boundary_it_is_carried_over(entry: int, leave: int, boundaries: int) -> None:
    bars = hourly_bars([100.0] * 30)
    charged = charge_funding(held(bars, [(entry, leave, 2.0)]), bars, bps_per_8h=1, fractional_unit=UNIT)
    assert charged.trades["funding"].iloc[0] == pytest.approx(2 * 100 * 1e-4 * boundaries)
    assert charged.equity[-1] == pytest.approx(CASH - 2 * 100 * 1e-4 * boundaries)


def test_shorts_receive_what_longs_pay_at_the_price_of_the_boundary() -> None:
    bars = hourly_bars([100.0] * 8 + [120.0] * 10)
    charged = charge_funding(held(bars, [(1, 10, -3.0)]), bars, bps_per_8h=5, fractional_unit=UNIT)
    assert charged.trades["funding"].iloc[0] == pytest.approx(-3 * 120 * 5e-4)
    assert charged.equity[7] == CASH
    assert charged.equity[8] == pytest.approx(CASH + 3 * 120 * 5e-4)


@given(
    spans=st.lists(
        st.tuples(st.integers(0, 80), st.integers(1, 19), st.floats(-5, 5).filter(lambda size: abs(size) > 1e-3)),
        max_size=6,
    ),
    rate=st.floats(-20, 20),
)
def test_what_trades_pay_is_what_equity_loses(spans: list[tuple[int, int, float]], rate: float) -> None:
    bars = hourly_bars(np.linspace(90, 130, 100).tolist())
    execution = held(bars, [(a, a + length, size) for a, length, size in spans])
    charged = charge_funding(execution, bars, rate, UNIT)
    assert CASH - charged.equity[-1] == pytest.approx(charged.trades["funding"].sum(), abs=1e-6)
    assert charged.trades["pnl"].sum() == pytest.approx(-charged.trades["funding"].sum(), abs=1e-9)


def test_an_account_that_lost_everything_and_holds_nothing_stays_at_zero() -> None:
    bars = hourly_bars(np.linspace(1, 70, 30).tolist())
    sizes = [
        41_845.188703,
        13_661.202049,
        9_642.237030,
        37_445.692135,
    ]  # adding and subtracting them in floats leaves 7e-12
    execution = held(bars, [(9, 9, -size) for size in sizes])
    ruined = replace(execution, equity=np.where(np.arange(30) < 9, CASH, 0.0))
    assert (charge_funding(ruined, bars, -7, UNIT).equity[9:] == 0).all()


def test_more_units_than_64_bits_count_are_charged_too() -> None:
    bars = hourly_bars([1e-9] * 12)
    charged = charge_funding(held(bars, [(1, 10, 1e12)]), bars, bps_per_8h=1, fractional_unit=UNIT)
    assert CASH - charged.equity[-1] == pytest.approx(1e12 * 1e-9 * 1e-4)
