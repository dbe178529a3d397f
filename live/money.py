"""Fixed-point arithmetic for prices, quantities and money: integers in units of 1e-8, never floats."""

import re

DIGITS = 8
SCALE = 100_000_000
_DECIMAL = re.compile(r"([+-]?)([0-9]{1,15})(?:\.([0-9]{0,16}))?")


def parse(text: str) -> int:
    """Read a plain decimal of ASCII digits into units of 1e-8.

    Raises:
        ValueError: not a plain decimal, or finer than 1e-8.
    """
    found = _DECIMAL.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' is not a plain decimal number")
    sign, whole, fraction = found.groups(default="")
    fraction = fraction.rstrip("0")
    if len(fraction) > DIGITS:
        raise ValueError(f"'{text}' is finer than 1e-{DIGITS}")
    units = int(whole) * SCALE + int(fraction.ljust(DIGITS, "0"))
    return -units if sign == "-" else units


def show(units: int, decimals: int = DIGITS) -> str:
    """Write units of 1e-8 with exactly `decimals` places (at most 8), truncated."""
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units), SCALE)
    if decimals == DIGITS:
        return f"{sign}{whole}.{fraction:08d}"
    if not decimals:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction:08d}"[: len(sign) + len(str(whole)) + 1 + decimals]


def exact(units: int, decimals: int) -> str:
    """Write units of 1e-8 with all their digits, and at least `decimals` places (at most 8)."""
    return plain(units) if units % 10 ** (DIGITS - decimals) else show(units, decimals)


def plain(units: int) -> str:
    """Write units of 1e-8 without trailing zeros: `0.5`, `12`."""
    text = show(units)
    return text.rstrip("0").rstrip(".")


def product(price: int, quantity: int) -> int:
    """Price times quantity in money units, rounded towards zero. Both arguments in units of 1e-8."""
    exact = price * quantity
    return exact // SCALE if exact >= 0 else -(-exact // SCALE)


def share(amount: int, part: int, whole: int) -> int:
    """`amount * part / whole`, rounded towards zero; 0 if `whole` is 0."""
    if not whole:
        return 0
    exact = amount * part
    return exact // whole if (exact >= 0) == (whole > 0) else -(-exact // whole)


def floor_product(price: int, quantity: int, rate: int) -> int:
    """Price times quantity times rate in money units, rounded down; each argument in units of 1e-8."""
    return price * quantity * rate // SCALE**2


def commission(price: int, quantity: int, rate: int) -> int:
    """The charge on a fill at `rate`, rounded up to the next unit from the exact product: never in the payer's favour.

    quantity: unsigned. A negative rate is a rebate, rounded towards zero.
    """
    return -floor_product(price, quantity, -rate)


def fee(amount: int, rate: int) -> int:
    """A charge on `amount` at `rate` (units of 1e-8), rounded up."""
    return -(-abs(amount) * rate // SCALE)
