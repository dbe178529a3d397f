"""Limits of numbers that a person or a program gives: counts, seeds and amounts; nan is within none."""

from skills_lib.domain.errors import InputError

MAX_SEED = 2**31 - 1
"""The largest seed that all generators accept."""
MAX_COUNT = 1_000_000
"""The largest count of trials, trades or markets."""
MAX_AMOUNT = 1e12
"""The largest cash in quote currency, and the largest unit of a base asset."""


def require_within(name: str, value: float, low: float, high: float) -> None:
    """Accept `low` to `high`, both included.

    Raises:
        InputError: any other number, infinity or nan.
    """
    if not low <= value <= high:
        raise InputError(f"{name}={value} is not allowed. Give {low:,} to {high:,}.")


def require_amount(name: str, value: float) -> None:
    """Accept an amount above 0.

    Raises:
        InputError: 0 or less, more than `MAX_AMOUNT`, infinity or nan.
    """
    if not 0 < value <= MAX_AMOUNT:
        raise InputError(f"{name}={value} is not allowed. Give more than 0 and at most {MAX_AMOUNT:,.0f}.")
