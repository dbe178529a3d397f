"""One symbol's market: the tape's book minus the liquidity that simulated orders have taken."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from live.simulator.core.enums import Side
from live.simulator.core.money import SCALE
from live.simulator.core.symbol_rules import SymbolRules

STALE_AFTER_MS = 5_000
"""Orders do not trade against a book without updates for this long. Assumed: Binance is never silent for so long."""


class Book(Protocol):
    """Order book as used by the matching; prices and quantities in units of 1e-8."""

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """(price, quantity) from the best price outwards; BUY gives the bids."""

    def quantity(self, side: Side, price: int) -> int:
        """The displayed quantity at a price; 0 if none."""


@dataclass(slots=True)
class Market:
    """Book, last price, mark price and funding of a symbol. Rates in units of 1e-8.

    next_funding_ms: the next boundary of funding, 0 before it is known. funded_ms: the last one that was charged.
    """

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
    funded_ms: int = 0
    funding_interval_ms: int = 8 * 3_600_000
    taken: dict[tuple[Side, int], int] = field(default_factory=dict)

    def tradable(self, now_ms: int) -> bool:
        """False while the book is out of sync or stale, or the symbol is not trading."""
        return self.in_sync and self.rules.trading and now_ms - self.updated_ms <= STALE_AFTER_MS

    def available(self, side: Side) -> Iterator[tuple[int, int]]:
        """Levels of one side with their remaining quantities, from the best price outwards."""
        for price, quantity in self.book.levels(side):
            left = quantity - self.taken.get((side, price), 0)
            if left > 0:
                yield price, left

    def best(self, side: Side) -> int | None:
        """The best price of one side with remaining quantity; None if the side is empty."""
        return next((price for price, _ in self.available(side)), None)

    def touch(self, side: Side) -> int | None:
        """The best price on the tape, ignoring taken liquidity."""
        return next((price for price, _ in self.book.levels(side)), None)

    def take(self, side: Side, price: int, quantity: int) -> None:
        """Take liquidity from a level until the tape refreshes it."""
        self.taken[side, price] = self.taken.get((side, price), 0) + quantity

    def refresh(self, side: Side, prices: list[int]) -> None:
        """Reset the taken liquidity of levels that the tape has updated."""
        if self.taken:
            for price in prices:
                self.taken.pop((side, price), None)

    def follow_mid(self) -> None:
        """Use the mid price as mark price while the tape has none, and as last price before the first trade."""
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
    """True if an order of `side` with limit price `limit` would trade at `price`."""
    return price <= limit if side is Side.BUY else price >= limit


def strictly_crosses(side: Side, limit: int, price: int) -> bool:
    """True if `price` is strictly better than `limit` for an order of `side`."""
    return price < limit if side is Side.BUY else price > limit
