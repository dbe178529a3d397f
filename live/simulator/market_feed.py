"""Applies public market messages to the exchange: maintains the tape's order books, forwards trades and mark prices."""

from dataclasses import dataclass, field

from live.simulator.core import commands
from live.simulator.core.enums import Side
from live.simulator.core.events import Event
from live.simulator.core.exchange import Exchange
from live.simulator.core.market import Market
from live.simulator.core.money import parse
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.listed_symbols import inferred
from live.simulator.tape_book import TapeBook
from skills_lib.market.depth.model import (
    AggTrade,
    DepthUpdate,
    MarkPrice,
    Message,
    Snapshot,
    Trade,
    WireError,
)
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

    def take(self, message: Message, symbol: str) -> list[Event]:
        """Apply one message of `symbol`; return the resulting events."""
        match message:
            case DepthUpdate():
                return self._depth(message)
            case Trade() if message.kind in _ORDINARY_TRADES:
                return self._trade(message)
            case AggTrade():
                self.aggregated.add(message.symbol)
                return self._trade(message)
            case MarkPrice():
                return self._mark(message)
            case Snapshot():
                return self._snapshot(message, symbol)
        return []

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
        self.exchange.state.markets[symbol] = Market(rules, self.books[symbol])

    def _depth(self, update: DepthUpdate) -> list[Event]:
        book = self.book(update.symbol)
        try:
            decision = book.local.receive(update)
        except WireError:
            self.refused += 1
            return []
        if decision is UpdateDecision.GAP:
            return self._applied(update.symbol, update.event_ts_ms, [], [])
        if decision is not UpdateDecision.APPLY:
            return []
        self.updates += 1
        if not self._needs_levels(update.symbol):
            return self._applied(update.symbol, update.event_ts_ms, [], [])
        bids, asks = ([parse(price) for price, _ in side] for side in (update.bids, update.asks))
        return self._applied(update.symbol, update.event_ts_ms, bids, asks)

    def _needs_levels(self, symbol: str) -> bool:
        """True if orders rest on the symbol or liquidity was taken, so that matching needs the changed levels."""
        state = self.exchange.state
        market = state.markets.get(symbol)
        return bool(state.open.get(symbol)) or bool(market and market.taken)

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
        now_ms = snapshot.event_ts_ms or self.exchange.state.now_ms
        bids, asks = ([price for price, _ in book.levels(side)] for side in (Side.BUY, Side.SELL))
        return self._applied(symbol, now_ms, bids, asks, fresh=True)

    def _applied(self, symbol: str, time_ms: int, bids: list[int], asks: list[int], fresh: bool = False) -> list[Event]:
        if symbol not in self.exchange.state.markets:
            return []
        in_sync = self.books[symbol].local.in_sync
        return self.exchange.step(commands.DepthApplied(symbol, time_ms, bids, asks, in_sync, fresh))

    def _trade(self, trade: Trade | AggTrade) -> list[Event]:
        if trade.symbol not in self.exchange.state.markets:
            return []
        if isinstance(trade, Trade) and trade.symbol in self.aggregated:
            return []
        taker = Side.SELL if trade.buyer_is_maker else Side.BUY
        price, quantity = parse(trade.price), parse(trade.quantity)
        if not price or not quantity:
            return []
        return self.exchange.step(commands.Traded(trade.symbol, trade.event_ts_ms, price, quantity, taker))

    def _mark(self, mark: MarkPrice) -> list[Event]:
        if mark.symbol not in self.exchange.state.markets:
            return []
        return self.exchange.step(
            commands.Marked(
                symbol=mark.symbol,
                time_ms=mark.event_ts_ms,
                mark_price=parse(mark.mark_price),
                index_price=parse(mark.index_price or "0"),
                funding_rate=parse(mark.funding_rate or "0.0001"),
                next_funding_ms=mark.next_funding_ts_ms,
            )
        )
