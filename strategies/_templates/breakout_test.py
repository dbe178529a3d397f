"""breakout_template: enters where a drawing says, sees no future, never wants both sides."""

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
from strategies._templates.breakout import Breakout

STRATEGY = Breakout
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


CLOSES = [10.0, 11, 10, 10.5, 10, 12, 12.5, 9]
# high of 3 before:  -  -  - 11   11   11   12   12.5     low of 3 before:  -  -  - 10 10 10 10 10
# ATR 2:       - 0.5 0.75 0.63 0.56 1.28 0.89 2.20        low of 2 before:  -  - 10 10 10 10 10 10
# ATR 3:       -   - 0.56 0.54 0.53 1.02 0.84 1.73


def test_it_buys_above_the_channel_after_a_quiet_stretch_and_leaves_below_the_shorter_one() -> None:
    found = wishes(CLOSES, period=3, exit_period=2, quiet=1.1, stop_atr=2.0)
    assert at(found.long_entry) == [5]  # bar 6 is higher still, but bar 5 was not quiet: 1.28 > 1.1 × 1.02
    assert at(found.short_entry) == [7]
    assert at(found.long_exit) == [7]
    assert at(found.short_exit) == [5, 6]
    assert found.stop_price is not None
    assert found.stop_price[5] == pytest.approx(12 - 2 * 1.0165, abs=1e-3)
    assert found.stop_price[7] == pytest.approx(9 + 2 * 1.7294, abs=1e-3)


def test_it_leaves_out_a_breakout_after_a_loud_stretch() -> None:
    assert at(wishes(CLOSES, period=3, exit_period=2, quiet=1.0, stop_atr=2.0).long_entry) == []


def test_without_a_stop_there_is_no_stop() -> None:
    assert wishes(CLOSES, period=3, exit_period=2, quiet=1.1, stop_atr=0.0).stop_price is None


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
