"""The opening range: equal to a plain loop, and flat at the end of the day even with missing bars."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference import run_reference
from skills_lib.backtest.strategy import compute_signals
from skills_lib.domain.bars import Bars
from skills_lib.domain.sessions import session_number
from skills_lib.domain.time import MINUTE_NS
from tests.strategies.generated_bars import pick, walk

DAY = 1440
STRATEGY = strategies.load("opening_range_breakout")


@dataclass
class Session:
    """State of one session."""

    number: int
    highs: list[float] = field(default_factory=list)
    lows: list[float] = field(default_factory=list)
    bought: bool = False
    sold: bool = False


def by_hand(bars: Bars, hour: int, minutes: int) -> Iterator[tuple[bool, bool, bool]]:
    """Long entry, short entry and exit of each bar, by a loop over past bars only."""
    step = bars.interval_ns // MINUTE_NS
    session = Session(-1)
    for i in range(len(bars)):
        minute = bars.open_time_ns[i] // MINUTE_NS - hour * 60
        number, since = divmod(int(minute), DAY)
        first = number != session.number
        session = Session(number) if first else session
        if since < minutes or since < step:
            session.highs.append(bars.high[i])
            session.lows.append(bars.low[i])
            yield False, False, first or since + 2 * step >= DAY
            continue
        leave = first or since + 2 * step >= DAY
        may = bool(session.highs) and not leave
        buy = may and not session.bought and bars.close[i] > max(session.highs)
        sell = may and not session.sold and bars.close[i] < min(session.lows)
        session.bought, session.sold = session.bought or buy, session.sold or sell
        yield buy, sell, leave


@settings(deadline=None, max_examples=80)
@given(
    seed=st.integers(0, 10_000),
    step=st.sampled_from([5, 15, 30, 60, 120, 240, 360, 480, 720, 1440]),
    hour=st.integers(0, 23),
    minutes=st.sampled_from([5, 15, 45, 60, 90, 240, 720]),
    holes=st.integers(0, 8),
)
def test_signals_equal_those_of_a_loop_that_reads_one_bar_after_another(
    seed: int, step: int, hour: int, minutes: int, holes: int
) -> None:
    bars = walk(700, seed, step, holes)
    found = compute_signals(STRATEGY, bars, {"open_hour": hour, "range_minutes": minutes})
    expected = np.array(list(by_hand(bars, hour, minutes)))
    np.testing.assert_array_equal(found.long_entry, expected[:, 0])
    np.testing.assert_array_equal(found.short_entry, expected[:, 1])
    np.testing.assert_array_equal(found.long_exit, expected[:, 2])
    np.testing.assert_array_equal(found.short_exit, expected[:, 2])


def trades_of(bars: Bars, hour: int) -> pd.DataFrame:
    return run_reference(STRATEGY, bars, {"open_hour": hour, "stop": "none"}, BacktestSettings()).execution.trades


@pytest.mark.parametrize("hour", [0, 7, 13])
@pytest.mark.parametrize("step", [15, 60, 240, 360])
def test_every_position_is_closed_by_the_last_bar_of_its_session(step: int, hour: int) -> None:
    bars = walk(1_200, seed=step + hour, minutes=step)
    sessions, trades = session_number(bars.open_time_ns, hour), trades_of(bars, hour)
    assert len(trades) > 5
    assert (sessions[trades["entry_bar"]] == sessions[trades["exit_bar"]]).all()


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), hour=st.integers(0, 23))
def test_a_gap_at_the_end_of_the_day_delays_the_exit_by_at_most_one_bar(seed: int, hour: int) -> None:
    bars = walk(500, seed, minutes=60, holes=12)
    sessions = session_number(bars.open_time_ns, hour)
    first_bars = np.flatnonzero(np.append(True, sessions[1:] != sessions[:-1]))
    trades = trades_of(bars, hour)
    for entry, leave in zip(trades["entry_bar"], trades["exit_bar"], strict=True):
        starts_inside = first_bars[(first_bars > entry) & (first_bars <= leave)]
        if len(starts_inside):
            assert leave - starts_inside[0] <= 1
            assert np.count_nonzero(sessions == sessions[starts_inside[0] - 1]) < 24  # only a gap can cause that


def test_a_position_whose_exit_bar_is_missing_is_closed_in_the_next_session() -> None:
    bars = walk(72, seed=3, minutes=60, volatility=0.02)
    hours = (bars.open_time_ns // (60 * MINUTE_NS)) % 24
    days = session_number(bars.open_time_ns, 0) - session_number(bars.open_time_ns, 0)[0]
    torn = pick(bars, ~((days == 1) & (hours >= 20)))
    trades = trades_of(torn, 0)
    opened = session_number(torn.open_time_ns, 0)[trades["entry_bar"]]
    closed = session_number(torn.open_time_ns, 0)[trades["exit_bar"]]
    late = trades[opened != closed]
    assert len(late) == 1
    second_bar = torn.open_time_ns[late["exit_bar"].iloc[0]] // (60 * MINUTE_NS) % 24
    assert second_bar == 1


def test_a_session_with_a_gap_in_its_range_is_not_traded() -> None:
    bars = walk(24 * 6, seed=8, minutes=60, volatility=0.02)
    hours = (bars.open_time_ns // (60 * MINUTE_NS)) % 24
    assert compute_signals(STRATEGY, bars, {}).long_entry.any()
    torn = compute_signals(STRATEGY, pick(bars, hours != 0), {})
    assert not torn.long_entry.any()
    assert not torn.short_entry.any()


@pytest.mark.parametrize("step", [480, 720, 1440])
def test_bars_too_long_for_an_intraday_trade_give_none_but_lines_that_are_defined(step: int) -> None:
    bars = walk(60, seed=2, minutes=step)
    found = compute_signals(STRATEGY, bars, {})
    assert not found.long_entry.any()
    assert not found.short_entry.any()
    assert not np.isnan(found.indicators["Range high"][1440 // step :]).any()


def test_the_range_lines_stay_until_the_next_range_is_complete() -> None:
    bars = walk(48 * 3, seed=4, minutes=30)
    found = compute_signals(STRATEGY, bars, {"range_minutes": 120})
    midnight = int(np.flatnonzero(bars.open_time_ns % (DAY * MINUTE_NS) == 0)[1])
    top = found.indicators["Range high"]
    assert (top[midnight : midnight + 3] == top[midnight - 1]).all()
    assert (top[midnight + 3 : midnight + 40] == bars.high[midnight : midnight + 4].max()).all()
