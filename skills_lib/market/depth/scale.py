"""Converts wire prices and quantities to scaled integers and back, exactly."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from skills_lib.market.depth.model import WireError, WireLevel

MAX_SCALED = 10**17 - 1
"""Largest scaled number: the sum of ten levels per side still fits in 64 bits."""

_MAX_CHARACTERS = 40
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?")


class ScaleError(WireError):
    """A number has more decimals than the scale; `decimals` is how many it needs."""

    def __init__(self, text: str, allowed: int, decimals: int) -> None:
        super().__init__(f"'{text}' has {decimals} decimals, the scale in use {allowed}. Use a finer scale.")
        self.decimals = decimals


def scaled(text: str, decimals: int) -> int:
    """`text` in units of 10^-decimals, exactly.

    Raises:
        ScaleError: the scale has too few decimals.
        WireError: not a number, negative, or larger than MAX_SCALED units.
    """
    whole, dot, fraction = text.partition(".")
    if not (len(text) <= _MAX_CHARACTERS and text.isascii() and whole.isdigit() and (fraction.isdigit() or not dot)):
        return _scaled_decimal(text, decimals)
    retained = fraction[:decimals]
    if fraction[decimals:].strip("0"):
        raise ScaleError(text, decimals, len(fraction.rstrip("0")))
    return _require_bounded(int(whole + retained.ljust(decimals, "0")), text)


def significant_decimals(text: str) -> int:
    """The number of decimals needed to write `text` exactly.

    Raises:
        WireError: not a number.
    """
    _, dot, fraction = text.partition(".")
    if dot and fraction.isdigit() and text.isascii():
        return len(fraction.rstrip("0"))
    exponent = _parse_number(text).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _scaled_decimal(text: str, decimals: int) -> int:
    number = _parse_number(text)
    value = number.scaleb(decimals)
    if value != value.to_integral_value():
        raise ScaleError(text, decimals, significant_decimals(text))
    return _require_bounded(int(value), text)


def _parse_number(text: str) -> Decimal:
    if len(text) > _MAX_CHARACTERS or not _NUMBER.fullmatch(text):
        raise WireError(f"'{text[:_MAX_CHARACTERS]}' is not a price or quantity. Take a new snapshot.")
    return Decimal(text)


def _require_bounded(value: int, text: str) -> int:
    if value > MAX_SCALED:
        raise WireError(f"'{text[:_MAX_CHARACTERS]}' is more than {MAX_SCALED:,} units. Use a coarser scale.")
    return value


@dataclass(frozen=True, slots=True)
class Scale:
    """One unit of price is 10^-price_decimals of the quote asset, one of quantity 10^-quantity_decimals of the base.

    `price_places` and `quantity_places` are the decimals the venue writes, trailing zeros included: "61659.70" has one
    significant decimal and two places.
    """

    price_decimals: int
    quantity_decimals: int
    price_places: int = 0
    quantity_places: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "price_places", max(self.price_places, self.price_decimals))
        object.__setattr__(self, "quantity_places", max(self.quantity_places, self.quantity_decimals))

    @classmethod
    def of_levels(cls, levels: Iterable[WireLevel]) -> Self:
        """The coarsest scale that represents every level exactly.

        Raises:
            WireError: a level is not a pair of numbers.
        """
        price_decimals = quantity_decimals = price_places = quantity_places = 0
        for price, quantity in levels:
            price_decimals = max(price_decimals, significant_decimals(price))
            quantity_decimals = max(quantity_decimals, significant_decimals(quantity))
            price_places = max(price_places, len(price.partition(".")[2]))
            quantity_places = max(quantity_places, len(quantity.partition(".")[2]))
        return cls(price_decimals, quantity_decimals, price_places, quantity_places)

    @classmethod
    def of_filters(cls, tick_size: str, step_size: str) -> Self:
        """The scale of exchangeInfo's PRICE_FILTER.tickSize and LOT_SIZE.stepSize.

        Raises:
            WireError: they are not numbers.
        """
        return cls.of_levels([(tick_size, step_size)])

    def finest(self, other: "Scale") -> "Scale":
        """The coarsest scale that covers both scales."""
        return Scale(
            max(self.price_decimals, other.price_decimals),
            max(self.quantity_decimals, other.quantity_decimals),
            max(self.price_places, other.price_places),
            max(self.quantity_places, other.quantity_places),
        )

    def price(self, text: str) -> int:
        """A wire price in units.

        Raises:
            WireError: not a number above 0, too large, or (ScaleError) finer than this scale.
        """
        if price := scaled(text, self.price_decimals):
            return price
        raise WireError(f"Price '{text}' is not above 0. Take a new snapshot.")

    def quantity(self, text: str) -> int:
        """A wire quantity in units; 0 deletes a level.

        Raises:
            WireError: as `price`.
        """
        return scaled(text, self.quantity_decimals)

    def price_text(self, price: int) -> str:
        """A price as the venue writes it."""
        return _format_units(price, self.price_decimals, self.price_places)

    def quantity_text(self, quantity: int) -> str:
        """A quantity as the venue writes it."""
        return _format_units(quantity, self.quantity_decimals, self.quantity_places)

    def price_decimal(self, price: int) -> Decimal:
        """A price in quote currency."""
        return Decimal(price).scaleb(-self.price_decimals)


def _format_units(value: int, decimals: int, places: int) -> str:
    digits = str(value).rjust(decimals + 1, "0")
    whole, fraction = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
    return f"{whole}.{fraction.ljust(places, '0')}" if places else whole
