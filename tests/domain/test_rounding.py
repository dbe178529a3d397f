"""Rounding and variance are distinguished, and two figures that differ read differently."""

import numpy as np
import pytest

from skills_lib.domain.rounding import distinct_digits, is_below, is_spread


@pytest.mark.parametrize(
    ("deviation", "mean", "expected"),
    [
        (2e-17, 0.1, False),  # equal returns of 10 %, as floats leave them
        (4e-11, 0.04, False),  # equal returns of 4 % with sizes rounded to 1e-8 of the base asset
        (1e-13, 0.0, False),
        (1e-9, 0.04, True),
        (1e-6, 0.0, True),
        (float("nan"), 0.1, False),
    ],
)
def test_a_residue_is_no_variance(deviation: float, mean: float, expected: bool) -> None:
    assert bool(is_spread(deviation, mean)) is expected
    assert is_spread(np.array([deviation]), np.array([mean])).tolist() == [expected]


@pytest.mark.parametrize(
    ("value", "other", "decimals", "expected"),
    [
        (18.76, 18.83, 1, ("18.76", "18.83")),
        (18.7, 18.83, 1, ("18.7", "18.8")),
        (18.8, 18.8, 1, ("18.8", "18.8")),
        (0.9996, 1, 2, ("0.9996", "1.0000")),
    ],
)
def test_figures_get_the_decimals_that_tell_them_apart(
    value: float, other: float, decimals: int, expected: tuple[str, str]
) -> None:
    assert distinct_digits(value, other, decimals) == expected


def test_what_rounding_separates_is_equal() -> None:
    assert not is_below(0.1 + 0.2 - 1e-16, 0.3)
    assert not is_below(1.0, 1.005, tolerance=0.01)
    assert is_below(1.0, 1.005)
