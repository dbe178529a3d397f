"""One symbol's market: the tape's book less what trades and tickers refute and what simulated orders have taken."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from live.enums import Side
from live.money import SCALE
from live.simulator.core.commands import DepthApplied, Traded
from live.simulator.core.evidence import Evidence
from live.simulator.core.symbol_rules import SymbolRules

STALE_AFTER_MS = 5_000
"""Orders do not trade against a book without updates for this long. Assumed: Binance is never silent for so long."""


class Book(Protocol):
    """Order book as used by the matching; prices and quantities in units of 1e-8."""

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """(price, quantity) from the best price outwards; BUY gives the bids."""

    def best(self, side: Side) -> int:
        """The best displayed price of one side; 0 if it is empty."""

    def quantity(self, side: Side, price: int) -> int:
        """The displayed quantity at a price; 0 if none."""


@dataclass(slots=True)
class Market:
    """Book, last price, mark price and funding of a symbol. Rates in units of 1e-8.

    evidence: what refutes levels of the book; None if displayed levels are believed until a diff removes them.
    next_funding_ms: the next boundary of funding, 0 before it is known. funded_ms: the last one that was charged.
    """

    rules: SymbolRules
    book: Book
    evidence: Evidence | None = field(default_factory=Evidence)
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
    update_id: int = 0

    def tradable(self, now_ms: int) -> bool:
        """False while the book is out of sync or stale, or the symbol is not trading."""
        return self.in_sync and self.rules.trading and now_ms - self.updated_ms <= STALE_AFTER_MS

    def traded(self, trade: Traded) -> None:
        """Note a trade of the tape."""
        self.last_price = trade.price
        if self.evidence is not None:
            self.evidence.traded(trade)

    def applied(self, update: DepthApplied, now_ms: int) -> None:
        """The tape has updated the book."""
        self.updated_ms, self.update_id = now_ms, update.update_id
        self.refresh(Side.BUY, update.bids)
        self.refresh(Side.SELL, update.asks)
        if update.fresh:
            self.taken.clear()
        if self.evidence is not None:
            self.evidence.superseded(update.update_id, update.transacted_ms, update.bids, update.asks)

    def standing(self, side: Side) -> Iterator[tuple[int, int]]:
        """Levels of one side that no trade or ticker has refuted, from the best price outwards."""
        if self.evidence is None or not self.evidence.pending:
            yield from self.book.levels(side)
            return
        limits = self.evidence.limits(side)
        for price, quantity in self.book.levels(side):
            left = limits.left(price, quantity)
            if left > 0:
                yield price, left

    def thinned(self, side: Side, limit: int) -> bool:
        """True if levels within `limit` are displayed that a trade or ticker has refuted or reduced."""
        if self.evidence is None or not self.evidence.pending:
            return False
        limits = self.evidence.limits(side)
        for price, quantity in self.book.levels(side):
            if not crosses(side.opposite, limit, price):
                return False
            if limits.left(price, quantity) < quantity:
                return True
        return False

    def available(self, side: Side) -> Iterator[tuple[int, int]]:
        """Standing levels of one side with what simulated orders have left of them."""
        for price, quantity in self.standing(side):
            left = quantity - self.taken.get((side, price), 0)
            if left > 0:
                yield price, left

    def queue(self, side: Side, price: int) -> int:
        """Quantity that an order at this price would queue behind: the larger of book's and ticker's."""
        displayed, ticker = self.book.quantity(side, price), self.evidence and self.evidence.ticker
        if not ticker:
            return displayed
        best, quantity = (ticker.bid, ticker.bid_quantity) if side is Side.BUY else (ticker.ask, ticker.ask_quantity)
        return max(displayed, quantity) if best == price else displayed

    def traded_at(self, side: Side, price: int) -> int:
        """Quantity traded at a price of one side that the displayed book does not lack yet."""
        return self.evidence.limits(side).traded.get(price, 0) if self.evidence else 0

    def quote(self, side: Side) -> int:
        """The best price of one side on a ticker newer than the book; 0 without one."""
        ticker = self.evidence and self.evidence.ticker
        return 0 if not ticker else ticker.bid if side is Side.BUY else ticker.ask

    def best(self, side: Side) -> int | None:
        """The best price of one side with remaining quantity; None if the side is empty."""
        return next((price for price, _ in self.available(side)), None)

    def take(self, side: Side, price: int, quantity: int) -> None:
        """Take liquidity from a level until the tape refreshes it."""
        self.taken[side, price] = self.taken.get((side, price), 0) + quantity

    def refresh(self, side: Side, prices: Iterable[int]) -> None:
        """Reset the taken liquidity of levels that the tape has updated."""
        if self.taken:
            for price in prices:
                self.taken.pop((side, price), None)

    def follow_mid(self) -> None:
        """Use the mid price as mark price while the tape has none, and as last price before the first trade."""
        bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
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
