"""Publishes tape messages as frames of the subscribed streams."""

from live.simulator.core.events import Liquidated
from live.simulator.core.market import Market
from live.simulator.core.money import parse
from live.simulator.market_feed import MarketFeed
from live.simulator.streams import frames
from live.simulator.streams.depth_batches import DepthBatch
from live.simulator.streams.history import Aggregate, Tick, TradeHistory
from live.simulator.streams.hub import Hub
from live.simulator.streams.names import Kind, Stream
from skills_lib.market.depth.model import AggTrade, BookTicker, DepthUpdate, MarkPrice, Message, Trade

AGGREGATION_MS = 100
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

    def history(self, symbol: str) -> TradeHistory:
        """The trade history of a symbol."""
        return self.histories.setdefault(symbol, TradeHistory())

    def on_message(self, message: Message, raw: bytes, now_ms: int) -> None:
        """Publish a message that the exchange has applied."""
        match message:
            case DepthUpdate():
                self._depth(message, raw, now_ms)
            case BookTicker():
                self._updates_without_ticker[message.symbol] = -1
                self._forward(Kind.BOOK_TICKER, message.symbol, raw)
            case Trade() if parse(message.price) and parse(message.quantity):
                self._trade(message, raw, now_ms)
            case AggTrade():
                self._agg_trade(message, raw)
            case MarkPrice():
                self._forward(Kind.MARK_PRICE, message.symbol, raw, each_symbol=False)
        self.on_time(now_ms)

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
            if history.pending and now_ms - history.pending.time_ms >= AGGREGATION_MS:
                self._send_aggregate(symbol, history.close_aggregate(), now_ms)

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
        for stream in self.hub.streams_of(Kind.DEPTH, update.symbol):
            if not stream.speed_ms:
                self.hub.publish(stream, _with_symbol_fields(raw, update.symbol))
                continue
            batch = self._batches.setdefault((update.symbol, stream.speed_ms), DepthBatch(stream.speed_ms))
            if batch.due(update.event_ts_ms):
                self._send_batch(update.symbol, stream.speed_ms, batch)
            if update.final_update_id != batch.final:
                batch.add(update)
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
        self._forward(Kind.TRADE, trade.symbol, raw)
        tick = Tick(trade.trade_id, parse(trade.price), parse(trade.quantity), trade.trade_ts_ms, trade.buyer_is_maker)
        self._send_aggregate(trade.symbol, self.history(trade.symbol).add(tick), now_ms)

    def _agg_trade(self, trade: AggTrade, raw: bytes) -> None:
        self._forward(Kind.AGG_TRADE, trade.symbol, raw)
        history = self.history(trade.symbol)
        price, quantity = parse(trade.price), parse(trade.quantity)
        history.add(Tick(trade.last_trade_id, price, quantity, trade.trade_ts_ms, trade.buyer_is_maker))
        history.pending = None
        history.aggregates.append(
            Aggregate(
                trade.aggregate_id,
                price,
                quantity,
                trade.first_trade_id,
                trade.last_trade_id,
                trade.trade_ts_ms,
                trade.buyer_is_maker,
            )
        )

    def _send_aggregate(self, symbol: str, entry: Aggregate | None, now_ms: int) -> None:
        market = self.feed.exchange.state.markets.get(symbol)
        if entry and market:
            for stream in self.hub.streams_of(Kind.AGG_TRADE, symbol):
                self.hub.publish(stream, frames.agg_trade(symbol, entry, market.rules, now_ms))

    def _markets(self, stream: Stream) -> list[tuple[str, Market]]:
        markets = self.feed.exchange.state.markets
        return [(symbol, market) for symbol, market in markets.items() if stream.symbol in ("", symbol)]

    def _partial(self, stream: Stream, now_ms: int) -> None:
        for symbol, market in self._markets(stream):
            if market.in_sync:
                local = self.feed.books[symbol].local
                top = local.book.top(stream.levels)
                rules = market.rules
                sides = [[(rules.price_text(p), rules.quantity_text(q)) for p, q in side] for side in top]
                number = local.book.update_id or 0
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
        bars = self.history(stream.symbol).bars[stream.interval]
        market = self.feed.exchange.state.markets.get(stream.symbol)
        if bars and market:
            closed = now_ms > bars[-1].close_ms
            payload = frames.kline(stream.symbol, stream.interval, bars[-1], market.rules, now_ms, closed)
            self.hub.publish(stream, payload)

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
