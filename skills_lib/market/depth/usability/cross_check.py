"""Compares a book with what other streams say about the same update: independent of the chain of updates.

bookTicker: "Pushes any update to the best bid or ask's price or quantity in real-time" (USD-M, Individual Symbol Book
Ticker Streams). A book after update u therefore shows the last ticker whose id is at most u, once a later ticker has
come. On three recordings of 2024 this held for all 22,136 updates; on spot quantities lag, so only prices count there.

Partial depth (`@depth5`) carries whole levels and the id of the update after which they stood ("Partial Book Depth
Streams", `u`): it is compared with the book at that id, and ignored where the book never stood at that id.
"""

from collections import deque

from skills_lib.market.depth.book.view import BestPrices, BookView
from skills_lib.market.depth.causes import Cause, Unusable
from skills_lib.market.depth.model import (
    MS_TO_NS,
    AggTrade,
    BookTicker,
    PartialDepth,
    Trade,
    Venue,
    WireError,
    WireLevel,
)
from skills_lib.market.depth.scale import Scale

MAX_MISMATCHES = 3
"""Updates in a row that differ from the last ticker before them; one that differs from its own ticker is enough."""

MAX_TRADES_OUTSIDE = 20
"""Trades in a row outside the best prices around their time, within at least _MIN_OUTSIDE_MS."""

_MIN_OUTSIDE_MS = 3_000
_MAX_TICKERS, _MAX_PENDING, _MAX_PRICES = 5_000, 200, 4_096
_NO_PRICE = -1


class CrossCheck:
    """Takes updates applied to a book, tickers and trades; each may return why the book is not the venue's."""

    def __init__(self, venue: Venue) -> None:
        self._exact = venue is Venue.USDM
        self.wanted = False  # whether a ticker or trade stream is subscribed
        self.checked = 0
        self._tickers: deque[BookTicker] = deque(maxlen=_MAX_TICKERS)
        self._ticker_id = -1
        self._pending: deque[BestPrices] = deque(maxlen=_MAX_PENDING)
        self._recent: deque[BestPrices] = deque(maxlen=3)
        self._trades: deque[Trade | AggTrade] = deque(maxlen=_MAX_TICKERS)
        self._prices: dict[str, int] = {}
        self._scale = Scale(0, 0)
        self._outside, self._outside_since_ms = 0, 0
        self._in_a_row = 0
        self._partial: PartialDepth | None = None

    def forget_tickers(self) -> None:
        """Tickers may be missing from here on: their stream was interrupted."""
        self._tickers.clear()
        self._ticker_id = -1

    def restart(self) -> None:
        """The book was lost: what was pending is about another one."""
        self._pending.clear()
        self._recent.clear()
        self._trades.clear()
        self._partial = None
        self._in_a_row = self._outside = 0

    def on_update(self, book: BookView, time_ns: int | None) -> Unusable | None:
        """An update was applied."""
        if self._partial is not None and (found := self._compare_partial(book, self._partial)):
            return found
        best = book.best_prices()
        if not best.bid or not best.ask:
            return None
        if book.scale is not self._scale:
            self._use_scale(book.scale)
        self._pending.append(best)
        self._recent.append(best)
        found = self._compare()
        return found if found or not self._trades else self._judge_trades((time_ns or 0) // MS_TO_NS)

    def on_ticker(self, ticker: BookTicker) -> Unusable | None:
        """A ticker arrived."""
        update_id = ticker.update_id
        if update_id <= self._ticker_id:
            if update_id == self._ticker_id:
                return None
            self._tickers.clear()  # ids that start anew
        self._ticker_id = update_id
        self._tickers.append(ticker)
        return self._compare() if self._pending else None

    def on_partial(self, book: BookView, partial: PartialDepth) -> Unusable | None:
        """Partial depth arrived; it waits for the update of its id, if that has not been applied yet."""
        return self._compare_partial(book, partial)

    def _compare_partial(self, book: BookView, partial: PartialDepth) -> Unusable | None:
        """Compare at equal ids; keep what is newer than the book, and drop what is older."""
        update_id = -1 if book.update_id is None else book.update_id
        self._partial = partial if partial.final_update_id > update_id else None
        if partial.final_update_id != update_id:
            return None
        self.checked += 1
        top = book.top(max(len(partial.bids), len(partial.asks)))
        if self._levels(book, partial.bids) == top.bids[: len(partial.bids)] and (
            self._levels(book, partial.asks) == top.asks[: len(partial.asks)]
        ):
            return None
        return Unusable(Cause.PARTIAL_DISAGREES, f"after update {update_id} its levels are not those of partial depth")

    @staticmethod
    def _levels(book: BookView, wire: list[WireLevel]) -> list[tuple[int, int]]:
        """Levels in units of the book; empty if its scale cannot write them, which no side of the book is."""
        try:
            return [(book.scale.price(price), book.scale.quantity(quantity)) for price, quantity in wire]
        except WireError:
            return []

    def on_trade(self, trade: Trade | AggTrade) -> None:
        """A trade arrived; it is judged when an update of its time has."""
        self._trades.append(trade)

    def _compare(self) -> Unusable | None:
        tickers = self._tickers
        while self._pending and tickers and tickers[-1].update_id >= self._pending[0].update_id:
            best = self._pending.popleft()
            while len(tickers) > 1 and tickers[1].update_id <= best.update_id:
                tickers.popleft()
            if tickers[0].update_id <= best.update_id and (found := self._judge(best, tickers[0])):
                return found
        return None

    def _judge(self, best: BestPrices, ticker: BookTicker) -> Unusable | None:
        same_id = ticker.update_id == best.update_id
        self.checked += 1
        if self._agree(best, ticker, self._exact or same_id):
            self._in_a_row = 0
            return None
        self._in_a_row += 1
        if not same_id and self._in_a_row < MAX_MISMATCHES:
            return None
        detail = f"after update {best.update_id} its best prices are not those of bookTicker {ticker.update_id}"
        return Unusable(Cause.TICKER_DISAGREES, detail)

    def _judge_trades(self, now_ms: int) -> Unusable | None:
        """A right book shows, before or after a trade, best prices that the trade lies between."""
        trades, recent = self._trades, self._recent
        lowest, highest = min(best.bid for best in recent), max(best.ask for best in recent)
        while trades and (time_ms := trades[0].trade_ts_ms) <= now_ms:
            text = trades.popleft().price
            if lowest <= self._price(text) <= highest:
                self._outside = 0
                continue
            self._outside += 1
            self._outside_since_ms = time_ms if self._outside == 1 else self._outside_since_ms
            if self._outside >= MAX_TRADES_OUTSIDE and time_ms - self._outside_since_ms >= _MIN_OUTSIDE_MS:
                detail = f"the last {self._outside} trades are outside its best prices, that at {text} too"
                return Unusable(Cause.TRADES_DISAGREE, detail)
        return None

    def _agree(self, best: BestPrices, ticker: BookTicker, exact: bool) -> bool:
        if self._price(ticker.bid_price) != best.bid or self._price(ticker.ask_price) != best.ask:
            return False
        if not exact:
            return True
        try:
            quantities = self._scale.quantity(ticker.bid_quantity), self._scale.quantity(ticker.ask_quantity)
        except WireError:
            return False
        return quantities == (best.bid_quantity, best.ask_quantity)

    def _price(self, text: str) -> int:
        """A price in units, remembered, since prices recur; _NO_PRICE if the scale cannot write it."""
        if (price := self._prices.get(text)) is None:
            try:
                price = self._scale.price(text)
            except WireError:
                price = _NO_PRICE
            if len(self._prices) >= _MAX_PRICES:
                self._prices.clear()
            self._prices[text] = price
        return price

    def _use_scale(self, scale: Scale) -> None:
        """What was pending is in units of another scale."""
        self._scale = scale
        self._prices.clear()
        self._pending.clear()
        self._recent.clear()
