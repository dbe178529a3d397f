"""momentum_template: enters where a drawing says, sees no future, never wants both sides."""

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
from strategies._templates.momentum import Momentum

STRATEGY = Momentum
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


# return of one bar:      -  -10 %  0  10 %  0     0   -10 %
# return of two bars:     -    -  -10 %  10 %  10 %  0   -10 %
# deviation of two:       -    -   5 %   5 %   5 %   0     5 %
CLOSES = [100.0, 90, 90, 99, 99, 99, 89.1]


def test_it_enters_where_a_return_is_large_for_its_noise_and_leaves_where_it_has_faded() -> None:
    # strength: - - -1.41 1.41 1.41 0 -1.41
    found = wishes(CLOSES, lookback=2, entry_strength=1.0, exit_strength=0.0)
    assert at(found.long_entry) == [3]
    assert at(found.short_entry) == [6]
    assert at(found.long_exit) == [2, 5, 6]
    assert at(found.short_exit) == [3, 4, 5]


def test_a_return_that_its_noise_explains_is_not_traded() -> None:
    found = wishes(CLOSES, lookback=2, entry_strength=1.5)
    assert at(found.long_entry) == at(found.short_entry) == []


def test_the_position_shrinks_with_volatility_and_is_whole_in_a_calm_market() -> None:
    # 5 % an hour is 0.05 × √8760 = 468 % a year
    found = wishes(CLOSES, lookback=2, volatility_target_pct=60.0)
    assert isinstance(found.size, np.ndarray)
    np.testing.assert_allclose(found.size, [1, 1, *[60 / (5 * 8760**0.5)] * 3, 1, 60 / (5 * 8760**0.5)])


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
    wanted = compute_signals(STRATEGY, random_walk(1_500, seed), parameters)
    assert not (wanted.long_entry & wanted.short_entry).any()
    assert not (wanted.long_entry & wanted.long_exit).any()
    assert not (wanted.short_entry & wanted.short_exit).any()


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
