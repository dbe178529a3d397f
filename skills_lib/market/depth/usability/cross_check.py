"""Compares a book with what other streams say about the same update: independent of the chain of updates.

bookTicker: "Pushes any update to the best bid or ask's price or quantity in real-time" (USD-M, Individual Symbol Book
Ticker Streams). A book after update u therefore shows the last ticker whose id is at most u, once a later ticker has
come. On three recordings of 2024 this held for all 22,136 updates; on spot quantities lag, so only prices count there.
"""

from collections import deque
from typing import NamedTuple

from skills_lib.market.depth.book.view import BookView
from skills_lib.market.depth.causes import Cause, Unusable
from skills_lib.market.depth.model import AggTrade, BookTicker, Level, Trade, Venue, WireError
from skills_lib.market.depth.scale import Scale

MAX_MISMATCHES = 3
"""Updates in a row that differ from the last ticker before them; one that differs from its own ticker is enough."""

MAX_TRADES_OUTSIDE = 20
"""Trades in a row outside the best prices around their time, within at least _MIN_OUTSIDE_MS."""

_MIN_OUTSIDE_MS = 3_000
_MAX_TICKERS, _MAX_PENDING = 5_000, 200


class _Best(NamedTuple):
    """Best prices after an update; `time_ms` is the venue's."""

    update_id: int
    time_ms: int
    bid: Level
    ask: Level
    scale: Scale


class CrossCheck:
    """Takes updates applied to a book, tickers and trades; each may return why the book is not the venue's."""

    def __init__(self, venue: Venue) -> None:
        self._exact = venue is Venue.USDM
        self.wanted = False  # whether a ticker or trade stream is subscribed
        self.checked = self.mismatches = 0
        self._tickers: deque[BookTicker] = deque(maxlen=_MAX_TICKERS)
        self._pending: deque[_Best] = deque(maxlen=_MAX_PENDING)
        self._recent: deque[_Best] = deque(maxlen=3)
        self._trades: deque[tuple[int, str]] = deque(maxlen=_MAX_TICKERS)
        self._outside, self._outside_since_ms = 0, 0
        self._in_a_row = 0

    def forget_tickers(self) -> None:
        """Tickers may be missing from here on: their stream was interrupted."""
        self._tickers.clear()

    def restart(self) -> None:
        """The book was lost: what was pending is about another one."""
        self._pending.clear()
        self._recent.clear()
        self._trades.clear()
        self._in_a_row = self._outside = 0

    def on_update(self, book: BookView, time_ns: int | None) -> Unusable | None:
        """An update was applied."""
        bid, ask = book.best_bid, book.best_ask
        if bid is None or ask is None or book.update_id is None:
            return None
        best = _Best(book.update_id, (time_ns or 0) // 1_000_000, bid, ask, book.scale)
        self._pending.append(best)
        self._recent.append(best)
        return self._compare() or self._judge_trades(best.time_ms)

    def on_ticker(self, ticker: BookTicker) -> Unusable | None:
        """A ticker arrived."""
        if self._tickers and ticker.update_id <= self._tickers[-1].update_id:
            if ticker.update_id == self._tickers[-1].update_id:
                return None
            self.forget_tickers()  # ids that start anew
        self._tickers.append(ticker)
        return self._compare() if self._pending else None

    def on_trade(self, trade: Trade | AggTrade) -> None:
        """A trade arrived; it is judged when an update of its time has."""
        self._trades.append((trade.trade_ts_ms, trade.price))

    def _compare(self) -> Unusable | None:
        tickers = self._tickers
        while self._pending and tickers and tickers[-1].update_id >= self._pending[0].update_id:
            best = self._pending.popleft()
            while len(tickers) > 1 and tickers[1].update_id <= best.update_id:
                tickers.popleft()
            if tickers[0].update_id <= best.update_id and (found := self._judge(best, tickers[0])):
                return found
        return None

    def _judge(self, best: _Best, ticker: BookTicker) -> Unusable | None:
        same_id = ticker.update_id == best.update_id
        self.checked += 1
        if _agree(best, ticker, self._exact or same_id):
            self._in_a_row = 0
            return None
        self.mismatches += 1
        self._in_a_row += 1
        if not same_id and self._in_a_row < MAX_MISMATCHES:
            return None
        detail = f"after update {best.update_id} its best prices are not those of bookTicker {ticker.update_id}"
        return Unusable(Cause.TICKER_DISAGREES, detail)

    def _judge_trades(self, now_ms: int) -> Unusable | None:
        """A right book shows, before or after a trade, best prices that the trade lies between."""
        while self._trades and self._trades[0][0] <= now_ms:
            time_ms, text = self._trades.popleft()
            if self._is_inside(text):
                self._outside = 0
                continue
            self._outside += 1
            self._outside_since_ms = time_ms if self._outside == 1 else self._outside_since_ms
            if self._outside >= MAX_TRADES_OUTSIDE and time_ms - self._outside_since_ms >= _MIN_OUTSIDE_MS:
                detail = f"the last {self._outside} trades are outside its best prices, that at {text} too"
                return Unusable(Cause.TRADES_DISAGREE, detail)
        return None

    def _is_inside(self, text: str) -> bool:
        scale = self._recent[-1].scale
        try:
            price = scale.price(text)
        except WireError:
            return False
        known = [best for best in self._recent if best.scale == scale]
        return min(best.bid.price for best in known) <= price <= max(best.ask.price for best in known)


def _agree(best: _Best, ticker: BookTicker, exact: bool) -> bool:
    scale = best.scale
    try:
        prices = scale.price(ticker.bid_price), scale.price(ticker.ask_price)
        if prices != (best.bid.price, best.ask.price):
            return False
        quantities = scale.quantity(ticker.bid_quantity), scale.quantity(ticker.ask_quantity)
        return not exact or quantities == (best.bid.quantity, best.ask.quantity)
    except WireError:
        return False
