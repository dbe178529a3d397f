"""One symbol's market as the tape shows it, less what orders of this venue have already taken from it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from live.simulator.core.enums import Side
from live.simulator.core.money import SCALE
from live.simulator.core.symbol_rules import SymbolRules

STALE_AFTER_MS = 5_000
"""A book without an update for this long is not traded against. Assumed: the venue never is silent for so long."""


class Book(Protocol):
    """What the matching needs of an order book; prices and quantities in units of 1e-8."""

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """Price and quantity from the touch outwards; BUY is the bids."""

    def quantity(self, side: Side, price: int) -> int:
        """What stands at a price; 0 where nothing does."""


@dataclass(slots=True)
class Market:
    """A book, the last trade, the mark price and funding. Rates in units of 1e-8."""

    rules: SymbolRules
    book: Book
    in_sync: bool = False
    updated_ms: int = 0
    last_price: int = 0
    mark_price: int = 0
    index_price: int = 0
    marked: bool = False
    funding_rate: int = 10_000
    next_funding_ms: int = 0
    taken: dict[tuple[Side, int], int] = field(default_factory=dict)

    def tradable(self, now_ms: int) -> bool:
        """False while the book is out of sync or the tape has a hole."""
        return self.in_sync and now_ms - self.updated_ms <= STALE_AFTER_MS

    def available(self, side: Side) -> Iterator[tuple[int, int]]:
        """Levels of one side with what is left of them, from the touch outwards."""
        for price, quantity in self.book.levels(side):
            left = quantity - self.taken.get((side, price), 0)
            if left > 0:
                yield price, left

    def best(self, side: Side) -> int | None:
        """The best price of one side that still has something; None where the side is empty."""
        return next((price for price, _ in self.available(side)), None)

    def touch(self, side: Side) -> int | None:
        """The best price on the tape, taken or not."""
        return next((price for price, _ in self.book.levels(side)), None)

    def take(self, side: Side, price: int, quantity: int) -> None:
        """Use up part of a level until the tape refreshes it."""
        self.taken[side, price] = self.taken.get((side, price), 0) + quantity

    def refresh(self, side: Side, prices: list[int]) -> None:
        """The tape has spoken about these levels: what was taken there is forgotten."""
        if self.taken:
            for price in prices:
                self.taken.pop((side, price), None)

    def follow_mid(self) -> None:
        """Mark at the middle of the touch while the tape brings no mark price; nor a last price before its first."""
        bid, ask = self.touch(Side.BUY), self.touch(Side.SELL)
        if not (bid and ask):
            return
        middle = (bid + ask) // 2
        self.last_price = self.last_price or middle
        if not self.marked:
            self.mark_price = self.index_price = middle

    def bound(self, side: Side) -> int:
        """The worst price a market order of `side` may take: marketTakeBound around the mark price."""
        reach = self.mark_price * self.rules.market_take_bound // SCALE
        return self.mark_price + reach * side.sign


def crosses(side: Side, limit: int, price: int) -> bool:
    """True where an order of `side` limited to `limit` would trade at `price`."""
    return price <= limit if side is Side.BUY else price >= limit


def strictly_crosses(side: Side, limit: int, price: int) -> bool:
    """True where `price` is strictly better than `limit` for an order of `side`."""
    return price < limit if side is Side.BUY else price > limit
