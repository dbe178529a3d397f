"""Exact arithmetic: sums and products of Decimals never round, and quotients are fractions until they are shown."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from typing import Final

EXACT: Final = Context(prec=400, traps=[Inexact, InvalidOperation])
"""What does not fit 400 digits is an error."""
_ROUNDING: Final = Context(prec=400, rounding=ROUND_HALF_EVEN)
SHOWN: Final = Decimal("1e-12")
"""The last place of amounts that had to be divided."""
ZERO: Final = Decimal(0)


def add(left: Decimal, right: Decimal) -> Decimal:
    """The sum, exact."""
    return EXACT.add(left, right)


def subtract(left: Decimal, right: Decimal) -> Decimal:
    """The difference, exact."""
    return EXACT.subtract(left, right)


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """The product, exact."""
    return EXACT.multiply(left, right)


def signed(amount: Decimal, sign: int) -> Decimal:
    """The amount, or its opposite where the sign is negative."""
    return amount if sign > 0 else amount.copy_negate()


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum of all, exact."""
    found = ZERO
    for amount in amounts:
        found = EXACT.add(found, amount)
    return found


def rounded(amount: Fraction) -> Decimal:
    """An amount as a Decimal: exact where it has at most 12 decimals, else rounded to them, half to even."""
    scaled = amount * 10**12
    digits = scaled.numerator if scaled.denominator == 1 else round(scaled)
    return _ROUNDING.scaleb(Decimal(digits), -12)


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """amount * part / whole, rounded to 12 decimals. The rest is `subtract(amount, share)`, so none is lost."""
    return rounded(Fraction(amount) * Fraction(part) / Fraction(whole))


def quotient(amount: Decimal, by: Decimal) -> Decimal:
    """amount / by, rounded to 12 decimals."""
    return rounded(Fraction(amount) / Fraction(by))
