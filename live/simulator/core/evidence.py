"""What trades and tickers say about a book whose diffs arrive later than they do.

On Binance's streams a trade or a bookTicker arrives up to 100 ms before the diff that shows its effect. Until then the
displayed book holds levels that no longer exist: a buyer's trade at p leaves no ask below p and no bid at or above p, a
ticker leaves no ask below its ask and no bid above its bid. `Evidence` collects such messages until a diff or snapshot
supersedes them: the update ids of tickers and diffs are one counter; trades have matching times only. Prices and
quantities in units of 1e-8.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from live.enums import Side
from live.simulator.core.commands import Quoted, Traded

MAX_RECENT = 512
"""Messages kept one by one; older ones are joined into one that refutes as much."""

MAX_AHEAD_MS = 60_000
"""A trade whose time is so far ahead of the next diff's had a wrong clock, and no longer counts. Assumed."""

NOTHING = -(2**62)
NO_UPDATE = 2**62
"""Update id of joined trades, which have none: only time supersedes them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one side. A price's key is the price for asks and its negative for bids: keys grow outwards.

    passed_by_ticker, passed_by_trades: levels with smaller keys are gone. best, best_quantity: the newest ticker's.
    traded: quantity traded at a price. named: prices that a diff of the trades' own millisecond has set.
    """

    sign: int
    passed_by_ticker: int = NOTHING
    passed_by_trades: int = NOTHING
    best: int = 0
    best_quantity: int = 0
    traded: dict[int, int] = field(default_factory=dict)
    named: frozenset[int] = frozenset()

    def left(self, price: int, quantity: int) -> int:
        """What is left of a displayed level; 0 if it is gone."""
        key = price * self.sign
        if key < self.passed_by_ticker:
            return 0
        if price not in self.named:
            if key < self.passed_by_trades:
                return 0
            quantity -= self.traded.get(price, 0)
        return min(quantity, self.best_quantity) if price == self.best else quantity


@dataclass(frozen=True, slots=True)
class _Passed:
    """Keys below which joined messages leave no bid and no ask, until the book is at this update or time."""

    update_id: int
    transacted_ms: int
    bid_key: int
    ask_key: int


@dataclass(slots=True)
class Evidence:
    """Messages newer than the displayed book of one symbol.

    behind: brings everything up to date, where messages were passed over that nobody has asked for yet.
    """

    behind: "Callable[[Evidence], None] | None" = None
    _ticker: Quoted | None = None
    _tickers: list[Quoted] = field(default_factory=list)
    _trades: list[Traded] = field(default_factory=list)
    _since_ticker: list[Traded] = field(default_factory=list)
    _joined: list[_Passed] = field(default_factory=list)
    _named: dict[Side, frozenset[int]] | None = None
    _limits: dict[Side, Limits] | None = None

    @property
    def ticker(self) -> Quoted | None:
        """The newest ticker that is newer than the book; None without one."""
        if self.behind:
            self.catch_up()
        return self._ticker

    @property
    def counts(self) -> tuple[int, int]:
        """How many tickers and trades are kept one by one."""
        return len(self._tickers), len(self._trades)

    def catch_up(self) -> None:
        """Bring everything up to date."""
        behind, self.behind = self.behind, None
        if behind is not None:
            behind(self)

    def is_superseded(self, update_id: int, transacted_ms: int) -> bool:
        """Whether a book of this update and matching time leaves nothing of what is kept."""
        newer = any(it.update_id > update_id for it in self._tickers)
        return not (newer or self._joined or any(it.traded_ms >= transacted_ms for it in self._trades))

    def forget(self) -> None:
        """Nothing is newer than the book."""
        self._ticker, self._tickers, self._trades, self._joined = None, [], [], []
        self._since_ticker, self._named, self._limits = [], None, None

    @property
    def pending(self) -> bool:
        """True while a message is newer than the book."""
        if self.behind:
            self.catch_up()
        return bool(self._tickers or self._trades or self._joined)

    def quoted(self, ticker: Quoted, book_update_id: int) -> None:
        """Note a ticker, unless the book is at its update or beyond."""
        if self.behind:
            self.catch_up()
        update_id, newest = ticker.update_id, self._ticker
        if update_id <= book_update_id:
            return
        self._tickers.append(ticker)
        self._limits = None
        if newest is None or update_id >= newest.update_id:
            self._ticker = ticker
            if self._since_ticker:
                self._since_ticker = []
        if len(self._tickers) > MAX_RECENT:
            self._join()

    def traded(self, trade: Traded) -> None:
        """Note a trade. One that is older than the book counts too: something acts on it now, at its price."""
        if self.behind:
            self.catch_up()
        self._trades.append(trade)
        self._limits = self._named = None
        if self._ticker and trade.traded_ms >= self._ticker.transacted_ms:
            self._since_ticker.append(trade)
        if len(self._trades) > MAX_RECENT:
            self._join()

    def superseded(self, update_id: int, transacted_ms: int, bids: Iterable[int], asks: Iterable[int]) -> None:
        """The book is now at this update and matching time; `bids` and `asks` are the prices it has set.

        Messages older than that are dropped. A diff of a trade's own millisecond may end before the trade: it restores
        only the levels it names.
        """
        if not self.pending:
            return
        self._limits = None
        if self._ticker is None or self._ticker.update_id <= update_id:  # so are all the others: it is the newest
            self._tickers, self._ticker = [], None
        else:
            newer = [it for it in self._tickers if it.update_id > update_id and it.transacted_ms >= transacted_ms]
            self._tickers, self._ticker = newer, max(newer, key=lambda it: it.update_id, default=None)
        if self._trades:
            latest = transacted_ms + MAX_AHEAD_MS if transacted_ms else NO_UPDATE
            self._trades = [it for it in self._trades if transacted_ms <= it.traded_ms <= latest]
            self._name(transacted_ms, bids, asks)
        if self._joined:
            self._joined = [it for it in self._joined if it.update_id > update_id and it.transacted_ms >= transacted_ms]

    def _name(self, transacted_ms: int, bids: Iterable[int], asks: Iterable[int]) -> None:
        if not self._trades or any(trade.traded_ms > transacted_ms for trade in self._trades):
            self._named = None
            return
        before = self._named or {Side.BUY: frozenset(), Side.SELL: frozenset()}
        self._named = {Side.BUY: before[Side.BUY].union(bids), Side.SELL: before[Side.SELL].union(asks)}

    def limits(self, side: Side) -> Limits:
        """What is known about one side of the book; BUY gives the bids."""
        if self.behind:
            self.catch_up()
        if self._limits is None:
            self._limits = {each: self._limits_of(each) for each in Side}
        return self._limits[side]

    def _limits_of(self, side: Side) -> Limits:
        ticker, is_bid = self._ticker, side is Side.BUY
        by_ticker = [_ticker_key(it, side) for it in self._tickers]
        by_trade = [_trade_key(it, side) for it in self._trades]
        joined = [it.bid_key if is_bid else it.ask_key for it in self._joined]
        traded: dict[int, int] = {}
        for trade in self._trades:
            if trade.taker is not side:
                traded[trade.price] = traded.get(trade.price, 0) + trade.quantity
        return Limits(
            sign=-side.sign,
            passed_by_ticker=max([*by_ticker, *joined], default=NOTHING),
            passed_by_trades=max(by_trade, default=NOTHING),
            best=(ticker.bid if is_bid else ticker.ask) if ticker else 0,
            best_quantity=self._best_quantity(ticker, side) if ticker else 0,
            traded=traded,
            named=self._named[side] if self._named else frozenset(),
        )

    def _best_quantity(self, ticker: Quoted, side: Side) -> int:
        """The ticker's quantity less what later trades have used up."""
        price, quantity = (ticker.bid, ticker.bid_quantity) if side is Side.BUY else (ticker.ask, ticker.ask_quantity)
        later = (trade for trade in self._since_ticker if trade.taker is not side and trade.price == price)
        return quantity - sum(trade.quantity for trade in later)

    def _join(self) -> None:
        """Join all messages but the newest ticker. A price at which a joined trade happened counts as passed."""
        tickers = [
            _Passed(it.update_id, it.transacted_ms, *(_ticker_key(it, side) for side in Side)) for it in self._tickers
        ] + [it for it in self._joined if it.update_id < NO_UPDATE]
        trades = [
            _Passed(NO_UPDATE, it.traded_ms, *(_trade_key(it, side) + (it.taker is not side) for side in Side))
            for it in self._trades
        ] + [it for it in self._joined if it.update_id == NO_UPDATE]
        self._joined = [_joined(found) for found in (tickers, trades) if found]
        self._tickers, self._trades = [self._ticker] if self._ticker else [], []


def _joined(found: list[_Passed]) -> _Passed:
    """One entry that refutes as much as all of these, for as long as the newest of them."""
    return _Passed(
        update_id=max(it.update_id for it in found),
        transacted_ms=max(it.transacted_ms for it in found),
        bid_key=max(it.bid_key for it in found),
        ask_key=max(it.ask_key for it in found),
    )


def _ticker_key(ticker: Quoted, side: Side) -> int:
    """Levels with smaller keys are gone; a side without a price says nothing."""
    price = ticker.bid if side is Side.BUY else ticker.ask
    return -side.sign * price if price else NOTHING


def _trade_key(trade: Traded, side: Side) -> int:
    """Levels with smaller keys are gone: what the taker passed, and on its own side its price as well."""
    return -side.sign * trade.price + (trade.taker is side)
