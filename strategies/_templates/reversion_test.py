"""reversion_template: enters where a drawing says, sees no future, never wants both sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_lib.backtest.drawn_bars import from_closes, random_walk
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.runner import run_reference
from skills_lib.backtest.strategy import compute_signals, parameter_space
from skills_lib.domain.bars import BoolArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.signals import Signals
from strategies._templates.reversion import Reversion

STRATEGY = Reversion
SPACE = parameter_space(STRATEGY)


def wishes(closes: list[float], **parameters: Value) -> Signals:
    """What the strategy wants on hourly bars that are drawn without wicks."""
    return compute_signals(STRATEGY, from_closes(closes), parameters)


def at(column: BoolArray) -> list[int]:
    """The bars on which a wish is given."""
    return [int(bar) for bar in np.flatnonzero(column)]


@st.composite
def combinations(draw: st.DrawFn) -> dict[str, Value]:
    """Any admissible combination of parameters."""
    values = {name: draw(st.sampled_from(parameter.values())) for name, parameter in SPACE.parameters.items()}
    return values if all(constraint.holds(values) for constraint in SPACE.constraints) else SPACE.defaults()


def test_it_buys_far_below_the_average_and_leaves_on_the_way_back() -> None:
    # bar 4: average 9, deviation 1.73, lower line 7.27; bar 5: 8.5 and 1.66; bar 6: 8.25 and 1.48
    found = wishes([10, 10, 10, 10, 6, 8, 9], period=4, entry_std=1.0, exit_std=0.0, stop_std=2.0)
    assert at(found.long_entry) == [4]
    assert at(found.short_entry) == []
    assert at(found.long_exit) == [3, 6]
    assert found.stop_price is not None
    assert found.stop_price[4] == pytest.approx(6 - 2 * 3**0.5)


def test_it_sells_far_above_the_average_and_may_leave_before_reaching_it() -> None:
    closes = [10.0, 10, 10, 10, 14, 12, 11]
    patient = wishes(closes, period=4, entry_std=1.0, exit_std=0.0, stop_std=2.0)
    hasty = wishes(closes, period=4, entry_std=1.0, exit_std=0.5, stop_std=0.0)
    assert at(patient.short_entry) == at(hasty.short_entry) == [4]
    assert at(patient.short_exit) == [3, 6]  # bar 5: 12 is above the average 11.5 and within half of 1.66
    assert at(hasty.short_exit) == [3, 5, 6]
    assert patient.stop_price is not None
    assert patient.stop_price[4] == pytest.approx(14 + 2 * 3**0.5)
    assert hasty.stop_price is None


def test_it_enters_once_for_each_fall() -> None:
    assert at(wishes([10, 10, 10, 10, 6, 3, 1], period=4, entry_std=0.5).long_entry) == [4]


@settings(deadline=None, max_examples=40)
@given(parameters=combinations(), seed=st.integers(0, 10_000), known=st.integers(1, 600))
def test_no_wish_changes_when_later_bars_are_cut_off(parameters: dict[str, Value], seed: int, known: int) -> None:
    bars = random_walk(600, seed)
    whole, cut = (compute_signals(STRATEGY, some, parameters).columns() for some in (bars, bars[:known]))
    assert whole.keys() == cut.keys()
    for name, column in whole.items():
        np.testing.assert_array_equal(cut[name], column[:known], err_msg=name)


@settings(deadline=None, max_examples=40)
@given(parameters=combinations(), seed=st.integers(0, 10_000))
def test_it_never_wants_both_sides_nor_in_and_out_at_once(parameters: dict[str, Value], seed: int) -> None:
    bars = random_walk(1_500, seed)
    wanted = compute_signals(STRATEGY, bars, parameters)
    assert not (wanted.long_entry & wanted.short_entry).any()
    assert not (wanted.long_entry & wanted.long_exit).any()
    assert not (wanted.short_entry & wanted.short_exit).any()
    if wanted.stop_price is not None:
        close = bars.close
        assert not (wanted.stop_price[wanted.long_entry] >= close[wanted.long_entry]).any()
        assert not (wanted.stop_price[wanted.short_entry] <= close[wanted.short_entry]).any()


@pytest.mark.parametrize("direction", ["long", "short"])
def test_one_direction_leaves_out_the_entries_of_the_other(direction: str) -> None:
    bars = random_walk(3_000, seed=1)
    both, one = (compute_signals(STRATEGY, bars, {"direction": allowed}) for allowed in ("both", direction))
    kept, dropped = ("long_entry", "short_entry") if direction == "long" else ("short_entry", "long_entry")
    assert getattr(both, kept).any()
    assert getattr(both, dropped).any()
    np.testing.assert_array_equal(getattr(one, kept), getattr(both, kept))
    assert not getattr(one, dropped).any()


def test_a_backtest_opens_each_trade_at_the_bar_after_a_wish() -> None:
    bars = random_walk(3_000, seed=2)
    trades = run_reference(STRATEGY, bars, SPACE.defaults(), BacktestSettings()).execution.trades
    wanted = compute_signals(STRATEGY, bars, SPACE.defaults())
    before = trades["entry_bar"].to_numpy() - 1
    assert len(trades) > 5
    np.testing.assert_array_equal(trades["size"] > 0, wanted.long_entry[before])
    assert (wanted.long_entry | wanted.short_entry)[before].all()


def test_the_defaults_are_allowed_and_a_sweep_meets_them() -> None:
    assert SPACE.resolve({}) == SPACE.defaults()
    for name, parameter in SPACE.parameters.items():
        assert parameter.default in parameter.values(), name
