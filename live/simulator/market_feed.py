"""Applies public market messages to the exchange: maintains the tape's order books, forwards trades and mark prices."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from live.enums import Side
from live.simulator.core import commands
from live.simulator.core.events import Event
from live.simulator.core.exchange import Exchange
from live.simulator.core.fill_models import FillModel
from live.simulator.core.market import Market
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.listed_symbols import inferred
from live.simulator.scaled_messages import (
    ScaledAggTrade,
    ScaledMark,
    ScaledTicker,
    ScaledTrade,
    quoted,
    scaled,
)
from live.simulator.tape_book import TapeBook
from skills_lib.market.depth.model import MS_TO_NS, BookTicker, DepthUpdate, Message, Snapshot, WireError
from skills_lib.market.depth.sequencer import UpdateDecision

_ORDINARY_TRADES = ("", "MARKET")


@dataclass(slots=True)
class MarketFeed:
    """Applies public messages to the exchange. `listed` are the rules of known symbols.

    refused: number of malformed messages. updates: number of diffs applied. aggregated: symbols with aggregate trades
    on the tape, whose single trades are ignored so that none counts twice.
    """

    exchange: Exchange
    listed: dict[str, SymbolRules]
    books: dict[str, TapeBook] = field(default_factory=dict)
    refused: int = 0
    updates: int = 0
    aggregated: set[str] = field(default_factory=set)

    @property
    def in_sync(self) -> bool:
        """True if every symbol seen so far has a book in sync."""
        return bool(self.books) and all(book.local.in_sync for book in self.books.values())

    @property
    def running(self) -> bool:
        """True once every book is in sync and at least one diff has been applied."""
        return self.in_sync and self.updates > 0

    def take(self, message: Message, symbol: str, raw: bytes = b"") -> list[Event]:
        """Apply one message of `symbol`, scaled or as decoded; return the resulting events.

        raw: the message as bytes, which compiled code reads faster than a decoded diff.
        """
        handle = _HANDLERS.get(type(message))
        if handle:
            return handle(self, message)
        if isinstance(message, DepthUpdate):
            return self._depth(message, raw)
        if type(message) is Snapshot:
            return self._snapshot(message, symbol)
        return self._unscaled(message, symbol)

    def _plain_ticker(self, ticker: BookTicker) -> list[Event]:
        """Most lines of a tape are tickers: nothing is built of one but what the exchange takes."""
        try:
            found = quoted(ticker)
        except WireError:
            self.refused += 1
            return []
        return self.exchange.quote(found)

    def _unscaled(self, message: Message, symbol: str) -> list[Event]:
        try:
            found = scaled(message)
        except WireError:
            self.refused += 1
            return []
        return [] if found is message else self.take(found, symbol)

    def book(self, symbol: str) -> TapeBook:
        """The book of a symbol; created on first use."""
        if symbol not in self.books:
            self.books[symbol] = TapeBook(symbol)
            if symbol in self.listed:
                self._open_market(symbol, self.listed[symbol])
        return self.books[symbol]

    def lose(self, symbol: str, reason: str) -> list[Event]:
        """The symbol's connection broke: nothing fills until a new snapshot."""
        self.book(symbol).local.invalidate(reason)
        return self._applied(symbol, self.exchange.state.now_ms, [], [])

    def _open_market(self, symbol: str, rules: SymbolRules) -> None:
        state = self.exchange.state
        market = state.markets[symbol] = Market(rules, self.books[symbol])
        if state.model is FillModel.OPTIMISTIC:
            market.evidence = None

    def _depth(self, update: DepthUpdate, raw: bytes) -> list[Event]:
        book = self.book(update.symbol)
        try:
            decision = book.local.receive_raw(raw) if raw else book.local.receive(update)
        except WireError:
            self.refused += 1
            return []
        if decision is UpdateDecision.GAP:
            if book.local.in_sync:  # a snapshot that was held begins the new chain
                return self._refreshed(update.symbol, update.event_ts_ms)
            return self._applied(update.symbol, update.event_ts_ms, [], [])
        if decision is not UpdateDecision.APPLY:
            return []
        self.updates += 1
        return self._applied(update.symbol, update.event_ts_ms, *book.named, transacted_ns=update.exch_ts_ns)

    def _snapshot(self, snapshot: Snapshot, symbol: str) -> list[Event]:
        book = self.book(symbol)
        if symbol not in self.listed:
            self.listed[symbol] = inferred(symbol, [*snapshot.bids, *snapshot.asks])
            self._open_market(symbol, self.listed[symbol])
        try:
            decision = book.local.load(snapshot)
        except WireError:
            self.refused += 1
            return []
        if decision is UpdateDecision.STALE:
            return []
        return self._refreshed(symbol, snapshot.event_ts_ms or self.exchange.state.now_ms)

    def _refreshed(self, symbol: str, time_ms: int) -> list[Event]:
        """The whole book is another one."""
        bids, asks = ([price for price, _ in self.books[symbol].levels(side)] for side in (Side.BUY, Side.SELL))
        return self._applied(symbol, time_ms, bids, asks, fresh=True)

    def _applied(
        self,
        symbol: str,
        time_ms: int,
        bids: Iterable[int],
        asks: Iterable[int],
        fresh: bool = False,
        transacted_ns: int | None = None,
    ) -> list[Event]:
        """The book has changed. transacted_ns: its matching time, where it is not that of the book."""
        if symbol not in self.exchange.state.markets:
            return []
        local = self.books[symbol].local
        update_id = local.book.update_id or 0
        transacted_ms = (transacted_ns or local.exch_ts_ns or 0) // MS_TO_NS
        return self.exchange.step(
            commands.DepthApplied(symbol, time_ms, bids, asks, local.in_sync, fresh, update_id, transacted_ms)
        )

    def _ticker(self, ticker: ScaledTicker) -> list[Event]:
        return self.exchange.quote(ticker.quoted)

    def _trade(self, trade: ScaledTrade) -> list[Event]:
        if trade.kind not in _ORDINARY_TRADES or trade.symbol in self.aggregated:
            return []
        return self._traded(trade.traded)

    def _agg_trade(self, trade: ScaledAggTrade) -> list[Event]:
        self.aggregated.add(trade.symbol)
        return self._traded(trade.traded)

    def _traded(self, trade: commands.Traded) -> list[Event]:
        if not trade.price or not trade.quantity or trade.symbol not in self.exchange.state.markets:
            return []
        return self.exchange.step(trade)

    def _mark(self, mark: ScaledMark) -> list[Event]:
        return self.exchange.step(mark.marked) if mark.symbol in self.exchange.state.markets else []


_HANDLERS: dict[type, Callable[[MarketFeed, Any], list[Event]]] = {
    ScaledTicker: MarketFeed._ticker,
    BookTicker: MarketFeed._plain_ticker,
    ScaledTrade: MarketFeed._trade,
    ScaledAggTrade: MarketFeed._agg_trade,
    ScaledMark: MarketFeed._mark,
}
