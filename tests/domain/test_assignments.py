"""Parameters typed as NAME=VALUE: every name once."""

import pytest

from skills_lib.domain.assignments import parse_assignments
from skills_lib.domain.errors import InputError


def test_values_are_kept_as_typed_without_blanks_around_them() -> None:
    assert parse_assignments([" fast = 10 ", "mode=a=b"]) == {"fast": "10", "mode": "a=b"}
    assert parse_assignments([]) == {}


@pytest.mark.parametrize("text", ["fast", "=10", "fast=", " = ", ""])
def test_what_is_not_name_and_value_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not NAME=VALUE"):
        parse_assignments(["slow=30", text])


@pytest.mark.parametrize("again", ["fast=12", " fast =10"])
def test_a_repeated_name_is_refused_even_with_the_same_value(again: str) -> None:
    with pytest.raises(InputError, match=r"`param=fast` is given twice, as 10 and as 1\d\. .* keep one\.$"):
        parse_assignments(["fast=10", "slow=30", again])
