"""Numbers outside their limits are refused in one line that names them and what is allowed."""

import math

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.domain.limits import MAX_AMOUNT, require_amount, require_within


def is_allowed(value: float) -> bool:
    try:
        require_within("limit", value, 1, 100)
    except InputError:
        return False
    return True


def test_both_ends_are_allowed_and_nothing_beyond_them() -> None:
    assert [value for value in (0.999, 1, 3.5, 100, 100.001) if is_allowed(value)] == [1, 3.5, 100]


@pytest.mark.parametrize("value", [0, 101, -math.inf, math.inf, math.nan, 10**400])
def test_what_is_outside_is_refused(value: float) -> None:
    with pytest.raises(InputError) as refusal:
        require_within("limit", value, 1, 100)
    assert str(refusal.value) == f"limit={value} is not allowed. Give 1 to 100."


def test_an_amount_is_above_0_and_at_most_the_largest() -> None:
    require_amount("cash", 1e-9)
    require_amount("cash", MAX_AMOUNT)
    for value in (0.0, -5.0, 1e300, math.inf, -math.inf, math.nan):
        with pytest.raises(InputError, match=r"is not allowed\. Give more than 0 and at most 1,000,000,000,000\.$"):
            require_amount("cash", value)
