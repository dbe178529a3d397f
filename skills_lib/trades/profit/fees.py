"""Fees by what they were paid in: valued in the quote asset at their price then where it is known, else apart."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from skills_lib.trades.profit.exact import ZERO, add, multiply, share, subtract
from skills_lib.trades.store.rows import StoredFill


@dataclass(frozen=True, slots=True)
class Fees:
    """quote: in the quote asset, those in others at their price then. others: amounts by asset that have no value."""

    quote: Decimal = ZERO
    others: dict[str, Decimal] = field(default_factory=dict)

    def __add__(self, other: "Fees") -> "Fees":
        others = dict(self.others)
        for asset, amount in other.others.items():
            others[asset] = add(others.get(asset, ZERO), amount)
        return Fees(add(self.quote, other.quote), others)


NONE = Fees()


def fees_of(fill: StoredFill) -> Fees:
    """The fee of a fill."""
    if fill.fee_quote is not None:
        return Fees(fill.fee_quote)
    return Fees(others={fill.fee_asset or "unknown": fill.fee}) if fill.fee or not fill.fee_asset else NONE


def all_fees(fills: Iterable[StoredFill]) -> Fees:
    """The fees of fills."""
    found = NONE
    for fill in fills:
        found += fees_of(fill)
    return found


def divided(fill: StoredFill, part: Decimal) -> tuple[Fees, Fees]:
    """The fee of `part` of a fill's quantity, and of the rest; together exactly the fee."""
    if part == fill.quantity:
        return fees_of(fill), NONE
    whole = fees_of(fill)
    quote = share(whole.quote, part, fill.quantity)
    others = {asset: share(amount, part, fill.quantity) for asset, amount in whole.others.items()}
    rest = {asset: subtract(amount, others[asset]) for asset, amount in whole.others.items()}
    return Fees(quote, others), Fees(subtract(whole.quote, quote), rest)


def value(fee: Decimal, fee_asset: str, quote: str, price: Decimal | None) -> Decimal | None:
    """A fee in the quote asset. price: of the fee's asset in it then; None: not known, nor is the value."""
    if not fee_asset:
        return None
    if fee_asset == quote or not fee:
        return fee
    return None if price is None else multiply(fee, price)
