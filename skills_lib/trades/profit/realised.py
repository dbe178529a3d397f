"""Realised profit of each fill, by FIFO and by average cost; of the same fills both give the same once the position is
flat, and that is the cash."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from skills_lib.trades.profit.exact import ZERO, add, multiply, rounded, signed, subtract
from skills_lib.trades.store.rows import StoredFill

BUY = "BUY"


def sign_of(fill: StoredFill) -> int:
    """+1 for a buy, -1 for a sell."""
    return 1 if fill.side == BUY else -1


@dataclass(frozen=True, slots=True)
class Lot:
    """A part of a fill that opened and was closed by a part of another (first in, first out), without fees.

    profit = (exit - entry) * quantity, signed by the direction: +1 long, -1 short.
    """

    symbol: str
    direction: int
    opened_by: int
    closed_by: int
    opened_ms: int
    closed_ms: int
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal

    @property
    def profit(self) -> Decimal:
        """In quote currency, exact."""
        return multiply(self.quantity, signed(subtract(self.exit_price, self.entry_price), self.direction))


@dataclass(frozen=True, slots=True)
class Realised:
    """What a fill realised, and all fills up to it. In quote currency, without fees and funding."""

    trade_id: int
    time_ms: int
    amount: Decimal
    cumulative: Decimal


@dataclass(slots=True)
class _Open:
    fill: StoredFill
    left: Decimal


def lots(fills: Iterable[StoredFill]) -> Iterator[Lot]:
    """Closed lots of one position, in the order of closing. fills: of one symbol and position side, in their order."""
    waiting: deque[_Open] = deque()
    for fill in fills:
        left = fill.quantity
        while left and waiting and sign_of(waiting[0].fill) != sign_of(fill):
            first = waiting[0]
            closed = min(first.left, left)
            yield _lot(first.fill, fill, closed)
            first.left, left = subtract(first.left, closed), subtract(left, closed)
            if not first.left:
                waiting.popleft()
        if left:
            waiting.append(_Open(fill, left))


def _lot(opened: StoredFill, closed: StoredFill, quantity: Decimal) -> Lot:
    return Lot(
        symbol=opened.symbol,
        direction=sign_of(opened),
        opened_by=opened.trade_id,
        closed_by=closed.trade_id,
        opened_ms=opened.time_ms,
        closed_ms=closed.time_ms,
        quantity=quantity,
        entry_price=opened.price,
        exit_price=closed.price,
    )


def by_fifo(fills: Iterable[StoredFill]) -> list[Realised]:
    """What each fill realised, first in first out."""
    ordered = list(fills)
    amounts = dict.fromkeys((fill.trade_id for fill in ordered), ZERO)
    for lot in lots(ordered):
        amounts[lot.closed_by] = add(amounts[lot.closed_by], lot.profit)
    found: list[Realised] = []
    cumulative = ZERO
    for fill in ordered:
        cumulative = add(cumulative, amounts[fill.trade_id])
        found.append(Realised(fill.trade_id, fill.time_ms, amounts[fill.trade_id], cumulative))
    return found


def by_average_cost(fills: Iterable[StoredFill]) -> list[Realised]:
    """What each fill realised at the average price of the position.

    Exact as fractions; each amount shown is the difference of two cumulative ones, which are rounded to 12 decimals, so
    that the amounts add up.
    """
    book = AveragePosition()
    found: list[Realised] = []
    before = ZERO
    for fill in fills:
        book.change(fill.price, signed(fill.quantity, sign_of(fill)))
        after = rounded(book.realised)
        found.append(Realised(fill.trade_id, fill.time_ms, subtract(after, before), after))
        before = after
    return found


class AveragePosition:
    """A position at average cost. quantity: signed; cost: of what is open, unsigned; realised: so far. Exact."""

    __slots__ = ("cost", "quantity", "realised")

    def __init__(self) -> None:
        self.quantity = ZERO
        self.cost = Fraction(0)
        self.realised = Fraction(0)

    def change(self, price: Decimal, change: Decimal) -> None:
        """Buy (positive) or sell some at a price."""
        paid, opposite = Fraction(price), (self.quantity > 0) != (change > 0)
        closing = min(self.quantity.copy_abs(), change.copy_abs()) if opposite else ZERO
        if closing:
            cost = self.cost * Fraction(closing) / Fraction(self.quantity.copy_abs())
            self.realised += (1 if self.quantity > 0 else -1) * (paid * Fraction(closing) - cost)
            self.cost -= cost
        self.cost += paid * Fraction(subtract(change.copy_abs(), closing))
        self.quantity = add(self.quantity, change)
