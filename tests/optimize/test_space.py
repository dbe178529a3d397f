"""Spaces: ranges and constraints are parsed, and invalid ones are refused in one line."""

import itertools

import numpy as np
import pytest
from backtesting import Strategy
from hypothesis import given
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.strategy import parameter_space
from skills_lib.domain.constraints import Constraint
from skills_lib.domain.errors import InputError
from skills_lib.optimize.space import Space, make_space

SMA = parameter_space(strategies.load("sma_crossover"))
BANDS = parameter_space(strategies.load("mean_reversion"))


def test_a_range_includes_both_ends() -> None:
    space = make_space(SMA, ["fast=5:20:5", "slow=50"])
    assert space.values == {"fast": (5, 10, 15, 20), "slow": (50,)}


def test_a_range_includes_its_end_where_the_step_does_not_meet_it() -> None:
    assert make_space(SMA, ["fast=5:21:5"]).values["fast"] == (5, 10, 15, 20, 21)
    assert make_space(SMA, ["slow=20:42"]).values["slow"] == (20, 25, 30, 35, 40, 42)
    assert make_space(BANDS, ["band_std=1:1.25:0.1"]).values["band_std"] == (1.0, 1.1, 1.2, 1.25)


def test_steps_of_a_tenth_do_not_drift() -> None:
    assert make_space(BANDS, ["band_std=1:1.3:0.1"]).values["band_std"] == (1.0, 1.1, 1.2, 1.3)


def test_a_step_as_long_as_its_range_is_allowed_and_one_value_needs_none() -> None:
    assert make_space(SMA, ["fast=5:10:5", "slow=50:50:10"]).values == {"fast": (5, 10), "slow": (50,)}
    assert make_space(BANDS, ["band_std=1.8:1.9:0.1"]).values["band_std"] == (1.8, 1.9)  # 1.9 - 1.8 is below 0.1


def test_a_range_without_a_step_takes_the_parameters_own() -> None:
    assert make_space(SMA, ["slow=20:40"]).values["slow"] == (20, 25, 30, 35, 40)


def test_lists_are_sorted_and_repeated_values_counted_once() -> None:
    assert make_space(SMA, ["fast=20,5,10,5"]).values["fast"] == (5, 10, 20)


def test_names_keep_the_order_in_which_they_are_listed() -> None:
    assert make_space(BANDS, ["direction=short,both"]).values["direction"] == ("short", "both")


def test_parameters_without_a_range_keep_their_defaults() -> None:
    space = make_space(SMA, ["fast=5:10:5"])
    assert space.combinations(space.admissible) == [{"fast": 5, "slow": 30}, {"fast": 10, "slow": 30}]


def test_without_ranges_every_parameter_varies_over_the_strategys_own() -> None:
    space = make_space(SMA)
    assert space.combinations(space.admissible) == list(SMA.combinations())


def test_constraints_add_to_the_strategys_own() -> None:
    space = make_space(SMA, ["fast=5:20:5", "slow=10:30:10"], ["slow - fast >= 10"])
    found = {tuple(point.values()) for point in space.combinations(space.admissible)}
    grid = itertools.product((5, 10, 15, 20), (10, 20, 30))
    assert found == {(fast, slow) for fast, slow in grid if fast < slow and slow - fast >= 10}


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=5, unique=True),
    st.lists(st.integers(-5, 5), min_size=1, max_size=5, unique=True),
    st.sampled_from(["a < b", "a + b > 0", "a / b > 1", "not a == b", "a < 3", "1 < 2"]),
)
def test_points_are_those_at_which_every_constraint_holds(a: list[int], b: list[int], text: str) -> None:
    constraint = Constraint.parse(text, ["a", "b"])
    space = Space({"a": tuple(sorted(a)), "b": tuple(sorted(b)), "c": ("x", "y")}, (constraint,))
    expected = [index for index in range(space.size) if space.admits(index)]
    if expected:
        assert space.admissible.tolist() == expected
    else:
        with pytest.raises(InputError, match="None of the"):
            _ = space.admissible


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_an_index_converts_to_a_point_and_back(shape: list[int], data: st.DataObject) -> None:
    space = Space({f"p{i}": tuple(range(n)) for i, n in enumerate(shape)})
    index = np.array([data.draw(st.integers(0, space.size - 1))])
    assert space.indices(space.positions(index)) == index


@pytest.mark.parametrize(
    ("ranges", "constraints", "message"),
    [
        (["fst=5:60:5"], [], "Unknown parameter 'fst'. Did you mean 'fast'?"),
        (["fast"], [], "`param=fast` is not NAME=RANGE."),
        (["fast="], [], "`param=fast=` is not NAME=RANGE."),
        (["fast=5:60:0"], [], "Range fast=5:60:0 is empty."),
        (["fast=60:5:5"], [], "Range fast=60:5:5 is empty."),
        (["fast=5:60:5:2"], [], "has 4 parts"),
        (["fast=five:60:5"], [], "contains 'five', which is not a number"),
        (["fast=1:nan:1"], [], "contains 'nan', which is not a number"),
        (["fast=5:600:5"], [], "Parameter fast=205.0 is not allowed. Give a whole number from 2 to 200."),
        (["fast=5:10:2.5"], [], "Parameter fast=7.5 is not allowed."),
        (["fast=5:60:1e-9"], [], "At most 100,000"),
        (["fast=1:1e300:1"], [], "Range fast=1:1e300:1 has too many values."),
        (["fast=-1e308:1e308:1e-300"], [], "At most 100,000"),
        (["fast=5:60:-5"], [], "Range fast=5:60:-5 is empty."),
        (["fast=5:60:56"], [], "has a step of 56, larger than the range. Give at most 55, or list the values"),
        (["fast=5:60:inf"], [], "contains 'inf', which is not a number"),
        (["fast=5:60:5", "fast=10"], [], "`param=fast` is given twice."),
        (["fast=50:60:5", "slow=10:40:10"], [], "None of the 12 combinations meets fast < slow."),
        (["fast=5:60:5"], ["fast > slow"], "None of the 12 combinations meets fast < slow and fast > slow."),
        (["fast=5:60:5"], ["fast < slwo"], "'slwo' in constraint 'fast < slwo'. Did you mean 'slow'?"),
        (["fast=5:60:5"], ["__import__('os').system('true')"], "contains '__import__('os').system('true')'"),
        (["fast=5:60:5"], ["fast"], "is not a condition"),
    ],
)
def test_a_space_that_does_not_fit_is_refused_in_one_line(
    ranges: list[str], constraints: list[str], message: str
) -> None:
    with pytest.raises(InputError) as refusal:
        make_space(SMA, ranges, constraints)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_strategy_without_ranges_needs_one() -> None:
    class Plain(Strategy):
        hour = 3

    with pytest.raises(InputError, match=r"No parameter declares a range \(there are: hour\)"):
        make_space(parameter_space(Plain))
    assert make_space(parameter_space(Plain), ["hour=1:5:2"]).values == {"hour": (1, 3, 5)}


def test_a_grid_too_large_to_enumerate_says_how_to_sample_it() -> None:
    with pytest.raises(InputError, match="`method=random` or tpe"):
        _ = make_space(parameter_space(strategies.load("donchian_breakout"))).admissible
