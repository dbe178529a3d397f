"""Lots of closed positions with their share of fees, for taxes: first in first out, or at average cost. Exact.

The fees of all lots of a position that is flat are the fees of its fills: a share is rounded to 12 decimals, and the
last lot of a fill takes what is left.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from skills_lib.trades.profit.exact import ZERO, add, multiply, rounded, signed, subtract
from skills_lib.trades.profit.fees import NONE, Fees, fees_of
from skills_lib.trades.profit.realised import sign_of
from skills_lib.trades.store.rows import StoredFill


class LotMethod(StrEnum):
    """Which purchase a sale closes."""

    FIFO = "fifo"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True)
class TaxLot:
    """A quantity that was opened and closed. entry, exit: price times quantity on both sides, in quote currency.

    opened_by: the fill that opened it; at average cost the first of the position. fees: of both sides; fees.others:
    those without a price then. direction: +1 long, -1 short.
    """

    opened_by: StoredFill
    closed_by: StoredFill
    direction: int
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    fees: Fees

    @property
    def gross(self) -> Decimal:
        """Profit without fees."""
        return signed(subtract(self.exit, self.entry), self.direction)

    @property
    def net(self) -> Decimal:
        """Profit after those fees that have a value."""
        return subtract(self.gross, self.fees.quote)

    @property
    def held_ms(self) -> int:
        """From opening to closing."""
        return self.closed_by.time_ms - self.opened_by.time_ms


@dataclass(slots=True)
class _Part:
    """What is left of a fill, and of its fee."""

    fill: StoredFill
    left: Decimal
    fees: Fees

    def take(self, quantity: Decimal) -> Fees:
        """The fee of a part, which is taken away."""
        if quantity == self.left:
            taken, self.fees = self.fees, NONE
        else:
            taken, self.fees = _divided(self.fees, quantity, self.left)
        self.left = subtract(self.left, quantity)
        return taken


def _divided(fees: Fees, part: Decimal, whole: Decimal) -> tuple[Fees, Fees]:
    share = Fraction(part) / Fraction(whole)
    quote = rounded(Fraction(fees.quote) * share)
    others = {asset: rounded(Fraction(amount) * share) for asset, amount in fees.others.items()}
    rest = {asset: subtract(amount, others[asset]) for asset, amount in fees.others.items()}
    return Fees(quote, others), Fees(subtract(fees.quote, quote), rest)


def fifo_lots(fills: Iterable[StoredFill]) -> Iterator[TaxLot]:
    """Closed lots, first in first out. fills: of one symbol and position side, in order of time and id."""
    waiting: deque[_Part] = deque()
    for fill in fills:
        now = _Part(fill, fill.quantity, fees_of(fill))
        while now.left and waiting and sign_of(waiting[0].fill) != sign_of(fill):
            first = waiting[0]
            quantity = min(first.left, now.left)
            fees = first.take(quantity) + now.take(quantity)
            entry, exit_ = multiply(first.fill.price, quantity), multiply(fill.price, quantity)
            yield TaxLot(first.fill, fill, sign_of(first.fill), quantity, entry, exit_, fees)
            if not first.left:
                waiting.popleft()
        if now.left:
            waiting.append(now)


@dataclass(slots=True)
class _Pool:
    """An open position at average cost. opening: its first fill."""

    opening: StoredFill
    direction: int
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    fees: Fees = NONE

    def add(self, part: _Part) -> None:
        """Take all that is left of a fill."""
        self.quantity, self.cost = add(self.quantity, part.left), add(self.cost, multiply(part.fill.price, part.left))
        self.fees += part.take(part.left)

    def take(self, quantity: Decimal) -> tuple[Decimal, Fees]:
        """Cost and fees of a part, which is taken away; of the last part all that is left."""
        if quantity == self.quantity:
            taken, fees = self.cost, self.fees
            self.cost, self.fees = ZERO, NONE
        else:
            taken = rounded(Fraction(self.cost) * Fraction(quantity) / Fraction(self.quantity))
            fees, self.fees = _divided(self.fees, quantity, self.quantity)
            self.cost = subtract(self.cost, taken)
        self.quantity = subtract(self.quantity, quantity)
        return taken, fees


def average_lots(fills: Iterable[StoredFill]) -> Iterator[TaxLot]:
    """Closed lots at the average cost of the position; its holding period begins with its first fill."""
    pool: _Pool | None = None
    for fill in fills:
        now = _Part(fill, fill.quantity, fees_of(fill))
        if pool is not None and sign_of(fill) != pool.direction:
            quantity = min(pool.quantity, now.left)
            entry, fees = pool.take(quantity)
            fees += now.take(quantity)
            yield TaxLot(pool.opening, fill, pool.direction, quantity, entry, multiply(fill.price, quantity), fees)
            pool = pool if pool.quantity else None
        if now.left:
            pool = pool or _Pool(fill, sign_of(fill))
            pool.add(now)


LOTS: dict[LotMethod, Callable[[Iterable[StoredFill]], Iterator[TaxLot]]] = {
    LotMethod.FIFO: fifo_lots,
    LotMethod.AVERAGE: average_lots,
}
