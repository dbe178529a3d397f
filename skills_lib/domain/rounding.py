"""Tells figures from rounding noise, and writes two figures so that a reader can tell them apart.

Floats of one size as the account differ by about 1e-16 of it, and by some hundred times that with leverage and after
many trades. The limits below lie far above that and far below anything that can be earned.
"""

import math
from typing import Any

NO_CHANGE = 1e-12
"""A change of equity by this share of it or less is rounding: a decline is no drawdown, a return no gain."""
NO_SPREAD = 1e-9
"""Values whose deviation is this share of their mean or less are equal: the deviation is rounding, not variance."""

_MAX_DECIMALS = 12


def is_spread(deviation: Any, mean: Any, tolerance: float = NO_CHANGE) -> Any:
    """Whether a deviation (a number or an array) is more than rounding around `mean`; False where it is nan.

    `tolerance`: the largest deviation that is rounding whatever the mean, in the unit of the values; the default is for
    returns as fractions.
    """
    import numpy as np  # what shows a stored figure needs this module, and no arrays

    return deviation > np.maximum(tolerance, NO_SPREAD * np.abs(mean))


def distinct_digits(value: float, other: float, decimals: int) -> tuple[str, str]:
    """Both numbers with `decimals`, or with as many more as it takes for them to read differently if they differ.

    At most 12 decimals; numbers closer than that are equal.
    """
    for places in range(decimals, _MAX_DECIMALS + 1):
        pair = f"{value:.{places}f}", f"{other:.{places}f}"
        if pair[0] != pair[1]:
            return pair
    return f"{value:.{decimals}f}", f"{other:.{decimals}f}"


def is_below(value: float, other: float, tolerance: float = NO_SPREAD) -> bool:
    """Whether `value` is below `other` by more than rounding, or than `tolerance` in their unit."""
    return value < other and not math.isclose(value, other, rel_tol=NO_SPREAD, abs_tol=tolerance)
