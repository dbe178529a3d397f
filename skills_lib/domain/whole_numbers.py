"""Columns as whole numbers: sums of whole numbers below 2^53 are exact in float64, so running sums do not drift.

Prices are decimals. As binary fractions 0.5312 and 0.53115 are both rounded, and a sum that adds and removes thousands
of such numbers is off by a few units of its last place: rounding errors then decide whether two averages are equal. As
multiples of 0.00001 they are 53120 and 53115, and every sum is right.
"""

from typing import NamedTuple

import numpy as np

from skills_lib.domain.bars import FloatArray
from skills_lib.domain.memory import remembered

EXACT = 2.0**53
"""Up to here float64 holds every whole number."""
MAX_PLACES = 15
_SAMPLE = 64
_CHECKED_AT_ONCE = 65_536
_LEVEL_BITS = 40
REST = 2.0**-_LEVEL_BITS
"""One of `BinaryUnits.rest` in `BinaryUnits.whole`."""


class DecimalUnits(NamedTuple):
    """`values` = `whole` / `per_one`, where `per_one` is a power of ten.

    `longest`: sums over at most so many bars are exact; 0 where the values are no decimals.
    """

    whole: FloatArray
    per_one: float
    longest: int


class BinaryUnits(NamedTuple):
    """`values` = (`whole` + `rest` × `REST`) / `per_one` to 80 bits of the largest value, `per_one` a power of two.

    `longest`: sums over at most so many bars are exact; 0 where a value is not finite.
    """

    whole: FloatArray
    rest: FloatArray
    per_one: float
    longest: int


def decimal_units(values: FloatArray) -> DecimalUnits:
    """`values` in units of their last decimal place, of which there are at most 15."""
    whole, about = _decimal(values)
    return DecimalUnits(whole, float(about[0]), int(about[1]))


def binary_units(values: FloatArray) -> BinaryUnits:
    """`values` in units of a power of two, for values that are no decimals."""
    whole, rest, about = _binary(values)
    return BinaryUnits(whole, rest, float(about[0]), int(about[1]))


@remembered
def _decimal(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    places = _decimal_places(values)
    if places is None:
        return np.empty(0), np.array([1.0, 0.0])
    per_one = 10.0**places
    whole = np.rint(values * per_one)
    largest = max(float(np.abs(whole).max(initial=0.0)), 5.0**places)  # 5^places: the odd part of the divisor
    return whole, np.array([per_one, EXACT // largest])


def _decimal_places(values: FloatArray) -> int | None:
    """The fewest places with which all values are the floats nearest to decimals, None if there are none."""
    places = 0
    for some in (values[:_SAMPLE], values):  # a few values show how many places; the others confirm it
        largest = float(np.abs(some).max(initial=0.0))
        while not _are_decimals(some, 10.0**places):
            places += 1
            if places > MAX_PLACES or not largest * 10.0**places < EXACT:
                return None
    return places


def _are_decimals(values: FloatArray, per_one: float) -> bool:
    parts = (values[i : i + _CHECKED_AT_ONCE] for i in range(0, len(values), _CHECKED_AT_ONCE))
    return all(bool((np.rint(part * per_one) / per_one == part).all()) for part in parts)


@remembered
def _binary(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    if not np.isfinite(values).all():
        return np.empty(0), np.empty(0), np.array([1.0, 0.0])
    _, exponent = np.frexp(np.abs(values).max(initial=0.0))  # the largest value is below 2^exponent
    per_one = 2.0 ** min(_LEVEL_BITS - int(exponent), 1_000)
    scaled = values * per_one
    whole = np.rint(scaled)
    rest = np.rint((scaled - whole) / REST)
    return whole, rest, np.array([per_one, EXACT * REST])
