"""Typed parameters: allowed values are converted, others are refused with the allowed range."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.constraints import Constraint
from skills_lib.domain.errors import InputError
from skills_lib.domain.parameters import Choice, Integer, ParameterSpace, Real, Untyped, parse_value
from skills_lib.optimize.ranges import parse_ranges

FAST = Integer(10, low=2, high=20, step=4)
WIDTH = Real(0.5, low=0.1, high=0.7, step=0.1)
SIDE = Choice("both", ("both", "long"))
SPACE = ParameterSpace({"fast": FAST, "width": WIDTH, "side": SIDE}, (Constraint("fast < 15 or side == 'long'"),))


@pytest.mark.parametrize("value", [4, 4.0, "4", " 4 ", np.int64(4), np.float32(4)])
def test_a_whole_number_comes_in_many_spellings_and_leaves_as_int(value: object) -> None:
    assert FAST.parse("fast", value) == 4
    assert type(FAST.parse("fast", value)) is int


@pytest.mark.parametrize("value", [1, 21, 4.5, "4.5", "four", "", None, True, "nan", "inf", math.nan, [4], {}, 10**400])
def test_what_is_no_whole_number_in_range_is_refused(value: object) -> None:
    with pytest.raises(InputError, match=r"Parameter fast=.* is not allowed\. Give a whole number from 2 to 20\."):
        FAST.parse("fast", value)


@pytest.mark.parametrize("value", [0.09, 0.71, "wide", None, False, math.inf, -math.inf, "1e999"])
def test_what_is_no_number_in_range_is_refused(value: object) -> None:
    with pytest.raises(InputError, match=r"Give a number from 0\.1 to 0\.7\."):
        WIDTH.parse("width", value)


def test_a_value_between_the_steps_is_allowed() -> None:
    assert FAST.parse("fast", 5) == 5
    assert WIDTH.parse("width", "0.25") == 0.25


def test_a_sweep_goes_from_low_to_high_without_rounding_errors() -> None:
    assert FAST.values() == [2, 6, 10, 14, 18]
    assert WIDTH.values() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]


@pytest.mark.parametrize(
    ("choice", "value", "expected"),
    [
        (SIDE, " LONG ", "long"),
        (Choice(1.0, (1.0, 2.0)), "2", 2.0),
        (Choice(1, (1, 2)), "2.0", 2),
        (Choice(True, (True, False)), "false", False),
        (Choice(True, (True, False)), False, False),
    ],
)
def test_a_choice_is_met_however_it_is_typed(choice: Choice[str], value: object, expected: object) -> None:
    found: object = choice.parse("x", value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        (SIDE, "up"),
        (SIDE, None),
        (SIDE, 3),
        (Choice(1, (1, 2)), True),
        (Choice(True, (True, False)), 1),
        (Choice(1.0, (1.0, 2.0)), "nan"),
        (Choice(1.0, (1.0, 2.0)), 10**400),
        (Choice(1.0, (1.0, 2.0)), np.array([1.0, 2.0])),
    ],
)
def test_what_is_no_option_is_refused(choice: Choice[str], value: object) -> None:
    with pytest.raises(InputError, match="Give one of"):
        choice.parse("x", value)


@pytest.mark.parametrize(
    ("default", "value", "expected"),
    [(5, "7", 7), (5, 2.5, 2.5), (0.5, "2", 2.0), ("ema", "sma", "sma"), (False, "TRUE", True)],
)
def test_an_untyped_parameter_keeps_the_kind_of_its_default(default: object, value: object, expected: object) -> None:
    found = Untyped(default).parse("x", value)  # type: ignore[arg-type]
    assert (found, type(found)) == (expected, type(expected))


def test_a_declaration_that_contradicts_itself_is_refused() -> None:
    for declare in (
        lambda: Integer(1, low=2, high=5),
        lambda: Integer(2, low=2, high=5, step=0),
        lambda: Real(6.0, low=2, high=5, step=1),
        lambda: Choice("up", ("long", "short")),
    ):
        with pytest.raises(InputError, match="is not allowed"):
            declare()


def test_a_space_fills_in_defaults_and_names_what_violates_a_constraint() -> None:
    assert SPACE.resolve({"fast": "14"}) == {"fast": 14, "width": 0.5, "side": "both"}
    with pytest.raises(InputError, match="fast=18, side=both violates the constraint fast < 15 or side == 'long'"):
        SPACE.resolve({"fast": 18})


def test_a_space_without_parameters_says_so() -> None:
    with pytest.raises(InputError, match=r"Unknown parameter 'fast'\. Allowed: none\."):
        ParameterSpace({}).resolve({"fast": 1})


def test_combinations_are_the_admissible_part_of_the_grid() -> None:
    found = list(SPACE.combinations())
    assert len(found) == 5 * 7 * 2 - 7  # fast=18 only with side=long
    assert found[0] == {"fast": 2, "width": 0.1, "side": "both"}
    assert all(SPACE.resolve(combination) == combination for combination in found)


@given(
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.integers())
    )
)
def test_any_value_is_parsed_into_the_space_or_refused_as_input(value: object) -> None:
    for name, parameter in SPACE.parameters.items():
        try:
            parsed = parameter.parse(name, value)
        except InputError:
            continue
        assert parameter.parse(name, parsed) == parsed


def test_a_refusal_is_one_short_line_whatever_was_given() -> None:
    with pytest.raises(InputError) as refusal:
        SIDE.parse("side", "up\nand\tdown " * 100)
    assert "up and down" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 140


@pytest.mark.parametrize(
    ("parameter", "text", "written"),
    [
        (FAST, "5-15", "x=5:15:4"),
        (FAST, " 15 .. 5 ", "x=5:15:4"),
        (FAST, "5–60", "x=5:20:4"),
        (FAST, "5-7", "x=5:7:2"),
        (WIDTH, "0.2-0.6", "x=0.2:0.6:0.1"),
        (Untyped(3), "-5-5", "x=-5:5:1"),
    ],
)
def test_a_range_with_a_dash_is_met_with_one_that_can_be_searched(
    parameter: Integer | Real | Untyped, text: str, written: str
) -> None:
    with pytest.raises(InputError, match=rf"is not allowed\. Give a .* it is low:high:step, such as {written}\.$"):
        parse_value("x", text, parameter)
    assert len(parse_ranges([written], {"x": parameter})["x"]) > 1


@pytest.mark.parametrize("text", ["5-5", "1.2.3-4", "30-60", "5-", "five-six", "2024-01-01", "1e-5x"])
def test_what_is_no_range_gets_no_advice_on_ranges(text: str) -> None:
    with pytest.raises(InputError, match=r"Give a whole number from 2 to 20\.$"):
        parse_value("fast", text, FAST)
    with pytest.raises(InputError, match=r"Give one of both, long\.$"):
        parse_value("side", "5-15", SIDE)
