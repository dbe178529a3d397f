"""Publishes tape messages as frames of the subscribed streams."""

from collections.abc import Callable
from typing import Any

from live.money import parse
from live.simulator.core.events import Liquidated
from live.simulator.core.market import Market
from live.simulator.market_feed import MarketFeed
from live.simulator.scaled_messages import SCALED
from live.simulator.streams import frames
from live.simulator.streams.depth_batches import DepthBatch
from live.simulator.streams.history import AGGREGATION_MS, PassedRows, TradeHistory
from live.simulator.streams.hub import Hub
from live.simulator.streams.names import Kind, Stream
from skills_lib.market.depth.model import AggTrade, BookTicker, DepthUpdate, MarkPrice, Message, Trade

NEVER_MS = 2**62
UPDATES_WITHOUT_TICKER = 20
"""After this many diffs without a bookTicker, bookTicker frames are built from the book."""


class Publisher:
    """Publishes market data. The tape's diffs, tickers and trades are forwarded as raw bytes where possible."""

    def __init__(self, feed: MarketFeed, hub: Hub) -> None:
        self.feed, self.hub = feed, hub
        self.histories: dict[str, TradeHistory] = {}
        self._batches: dict[tuple[str, int], DepthBatch] = {}
        self._updates_without_ticker: dict[str, int] = {}
        self._next: dict[str, int] = {}
        self._klines_from: dict[str, int] = {}
        self._now_ms = self._due_ms = self._seen_changes = 0

    def history(self, symbol: str) -> TradeHistory:
        """The trade history of a symbol, up to date."""
        history = self._history(symbol)
        history.read(self._now_ms)
        return history

    def on_message(self, message: Message, raw: bytes, now_ms: int) -> None:
        """Publish a message that the exchange has applied."""
        self._now_ms = now_ms
        if self._seen_changes != self.hub.changes:
            self._streams_changed()
        handler = _HANDLERS.get(type(message))
        if handler:
            handler(self, message, raw, now_ms)
        if now_ms >= self._due_ms:
            self.on_time(now_ms)

    @property
    def is_idle(self) -> bool:
        """Whether nobody listens to the market, and nothing is due."""
        return not self.hub.streams and self._seen_changes == self.hub.changes and self._due_ms >= NEVER_MS

    def pass_rows(self, symbol: str, passed: PassedRows, tickers: int, updates: int) -> None:
        """Lines of a symbol that were played while it was idle. tickers, updates: how many of each they hold."""
        self._now_ms = max(self._now_ms, passed.until_ms)
        if passed.trades:
            self._history(symbol).take_rows(passed)
        if tickers:
            self._updates_without_ticker[symbol] = -1
            return
        before = self._updates_without_ticker.get(symbol, 0)
        if updates and before >= 0:
            self._updates_without_ticker[symbol] = min(UPDATES_WITHOUT_TICKER, before + updates)

    def _streams_changed(self) -> None:
        """What was aggregated before anybody listened is not published; timed streams are due at once."""
        self._seen_changes, self._due_ms = self.hub.changes, 0
        self._klines_from = {name: at for name, at in self._klines_from.items() if name in self.hub.streams}
        for history in self.histories.values():
            history.read(self._now_ms)

    def _history(self, symbol: str) -> TradeHistory:
        history = self.histories.get(symbol)
        if history is None:
            history = self.histories[symbol] = TradeHistory()
        return history

    def on_liquidation(self, event: Liquidated) -> None:
        """Publish the liquidation of a simulated position."""
        rules = self.feed.listed[event.order.symbol]
        for stream in self.hub.streams_of(Kind.FORCE_ORDER, event.order.symbol):
            self.hub.publish(stream, frames.force_order(event, rules))

    def on_time(self, now_ms: int) -> None:
        """Send what is due by time: batched diffs, partial books, mark prices, klines, tickers, aggregates."""
        for (symbol, speed), batch in self._batches.items():
            if batch.due(now_ms):
                self._send_batch(symbol, speed, batch)
        for stream in list(self.hub.streams.values()):
            if stream.kind in _TIMED and now_ms >= self._next.get(stream.name, 0):
                interval_ms = stream.speed_ms or 1000
                self._next[stream.name] = (now_ms // interval_ms + 1) * interval_ms
                _TIMED[stream.kind](self, stream, now_ms)
        for symbol, history in self.histories.items():
            if self.hub.streams_of(Kind.AGG_TRADE, symbol):
                self._send_aggregates(symbol, history, now_ms)
        self._due_ms = self._next_due_ms()

    def _next_due_ms(self) -> int:
        timed = [self._next.get(name, 0) for name, stream in self.hub.streams.items() if stream.kind in _TIMED]
        batched = [batch.closes_ms for batch in self._batches.values() if batch.pending]
        aggregated = [
            history.pending.time_ms + AGGREGATION_MS
            for symbol, history in self.histories.items()
            if history.pending and self.hub.streams_of(Kind.AGG_TRADE, symbol)
        ]
        return min([*timed, *batched, *aggregated], default=NEVER_MS)

    def flush(self, now_ms: int) -> None:
        """Send all batched diffs at the end of the tape."""
        for (symbol, speed), batch in self._batches.items():
            if batch.pending:
                self._send_batch(symbol, speed, batch)
        self.on_time(now_ms)

    def _forward(self, kind: Kind, symbol: str, raw: bytes, each_symbol: bool = True) -> None:
        streams = [stream for stream in self.hub.streams_of(kind, symbol) if stream.symbol or each_symbol]
        if streams:
            data = _with_symbol_fields(raw, symbol)
            for stream in streams:
                self.hub.publish(stream, data)

    def _depth(self, update: DepthUpdate, raw: bytes, now_ms: int) -> None:
        for stream in self.hub.streams_of(Kind.DEPTH, update.symbol) if self.hub.streams else ():
            if not stream.speed_ms:
                self.hub.publish(stream, _with_symbol_fields(raw, update.symbol))
                continue
            batch = self._batches.setdefault((update.symbol, stream.speed_ms), DepthBatch(stream.speed_ms))
            if batch.due(update.event_ts_ms):
                self._send_batch(update.symbol, stream.speed_ms, batch)
            if update.final_update_id != batch.final:
                batch.add(update)
                self._due_ms = min(self._due_ms, batch.closes_ms)
        updates = self._updates_without_ticker.get(update.symbol, 0)
        if updates >= UPDATES_WITHOUT_TICKER:
            self._own_ticker(update, now_ms)
        elif updates >= 0:
            self._updates_without_ticker[update.symbol] = updates + 1

    def _own_ticker(self, update: DepthUpdate, now_ms: int) -> None:
        market = self.feed.exchange.state.markets.get(update.symbol)
        if market and market.in_sync:
            for stream in self.hub.streams_of(Kind.BOOK_TICKER, update.symbol):
                self.hub.publish(stream, frames.book_ticker(update.symbol, market, update.final_update_id, now_ms))

    def _send_batch(self, symbol: str, speed: int, batch: DepthBatch) -> None:
        payload = frames.depth(batch.close(symbol))
        for stream in self.hub.streams_of(Kind.DEPTH, symbol):
            if stream.speed_ms == speed:
                self.hub.publish(stream, payload)

    def _trade(self, trade: Trade, raw: bytes, now_ms: int) -> None:
        history = self._history(trade.symbol)
        history.take(trade, now_ms)
        if self.hub.streams and parse(trade.price) and parse(trade.quantity):
            self._forward(Kind.TRADE, trade.symbol, raw)
            if self.hub.streams_of(Kind.AGG_TRADE, trade.symbol):
                self._send_aggregates(trade.symbol, history, now_ms)
                self._due_ms = min(self._due_ms, now_ms + AGGREGATION_MS)

    def _agg_trade(self, trade: AggTrade, raw: bytes, now_ms: int) -> None:
        self._history(trade.symbol).take(trade, now_ms)
        if self.hub.streams:
            self._forward(Kind.AGG_TRADE, trade.symbol, raw)

    def _book_ticker(self, ticker: BookTicker, raw: bytes, _: int) -> None:
        self._updates_without_ticker[ticker.symbol] = -1
        if self.hub.streams:
            self._forward(Kind.BOOK_TICKER, ticker.symbol, raw)

    def _mark(self, mark: MarkPrice, raw: bytes, _: int) -> None:
        if self.hub.streams:
            self._forward(Kind.MARK_PRICE, mark.symbol, raw, each_symbol=False)

    def _send_aggregates(self, symbol: str, history: TradeHistory, now_ms: int) -> None:
        market = self.feed.exchange.state.markets.get(symbol)
        for entry in history.read(now_ms):
            if market:
                for stream in self.hub.streams_of(Kind.AGG_TRADE, symbol):
                    self.hub.publish(stream, frames.agg_trade(symbol, entry, market.rules, now_ms))

    def _markets(self, stream: Stream) -> list[tuple[str, Market]]:
        markets = self.feed.exchange.state.markets
        return [(symbol, market) for symbol, market in markets.items() if stream.symbol in ("", symbol)]

    def _partial(self, stream: Stream, now_ms: int) -> None:
        for symbol, market in self._markets(stream):
            if market.in_sync:
                book, rules = self.feed.books[symbol], market.rules
                sides = [
                    [(rules.price_text(p), rules.quantity_text(q)) for p, q in side] for side in book.top(stream.levels)
                ]
                number = book.local.book.update_id or 0
                update = DepthUpdate(symbol, now_ms, number, number, sides[0], sides[1], number, market.updated_ms)
                self.hub.publish(stream, frames.depth(update))

    def _mark_price(self, stream: Stream, now_ms: int) -> None:
        marks = [frames.mark_price(symbol, m, now_ms) for symbol, m in self._markets(stream) if m.mark_price]
        on_tape = any(market.marked for _, market in self._markets(stream))
        if marks and stream.symbol and not on_tape:
            self.hub.publish(stream, marks[0])
        elif marks and not stream.symbol:
            bases = {symbol: market.rules.base for symbol, market in self._markets(stream)}
            self.hub.publish(stream, [*marks, *(frames.coin_mark_price(mark, bases[mark["s"]]) for mark in marks)])

    def _kline(self, stream: Stream, now_ms: int) -> None:
        """Each kline until it is closed: its last frame says so, and comes before the first of the next kline."""
        history, market = self.history(stream.symbol), self.feed.exchange.state.markets.get(stream.symbol)
        if market is None:
            return
        from_ms = self._klines_from.get(stream.name, history.last_opened_ms(stream.interval))
        for bar in history.bars(stream.interval, from_ms):
            closed = now_ms > bar.close_ms
            self._klines_from[stream.name] = bar.close_ms + 1 if closed else bar.open_ms
            self.hub.publish(stream, frames.kline(stream.symbol, stream.interval, bar, market.rules, now_ms, closed))

    def _ticker(self, stream: Stream, now_ms: int) -> None:
        found = []
        for symbol, market in self._markets(stream):
            history = self.history(symbol)
            if history.session and stream.kind is Kind.TICKER:
                last = history.trades[-1].quantity
                found.append(frames.ticker(symbol, history.session, market.rules, now_ms, last))
            elif history.session:
                found.append(frames.mini_ticker(symbol, history.session, market.rules, now_ms))
        if found:
            self.hub.publish(stream, found[0] if stream.symbol else found)


_HANDLERS: dict[type, Callable[[Publisher, Any, bytes, int], None]] = {
    DepthUpdate: Publisher._depth,
    BookTicker: Publisher._book_ticker,
    Trade: Publisher._trade,
    AggTrade: Publisher._agg_trade,
    MarkPrice: Publisher._mark,
}
_HANDLERS |= {scaled: _HANDLERS[plain] for plain, scaled in SCALED.items()}

_TIMED = {
    Kind.PARTIAL: Publisher._partial,
    Kind.MARK_PRICE: Publisher._mark_price,
    Kind.KLINE: Publisher._kline,
    Kind.TICKER: Publisher._ticker,
    Kind.MINI_TICKER: Publisher._ticker,
}


def _with_symbol_fields(raw: bytes, symbol: str) -> bytes:
    """The payload of a tape line, with the fields `ps` and `st` that Binance has added since the recording."""
    start = raw.find(b'"data":') + 7 if raw.startswith(b'{"stream":') else 0
    data = raw[start:-1] if start else raw
    if b'"st":' in data:
        return data
    name = b'"s":"%s"' % symbol.encode()
    return data.replace(name, name + b',"ps":"%s","st":%d' % (symbol.encode(), frames.USDM), 1)
