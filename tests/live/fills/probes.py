"""Places small orders at regular intervals of a tape and compares each fill with what the tape allowed at that moment.

What the tape allowed is computed here anew, from the displayed book and the messages since, not by the exchange's code.
Prices in units of 1e-8; an improvement is positive if the fill is better for the order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from live.enums import AlgoStatus, OrderType, Side
from live.money import parse
from live.simulator.core.accounts import Account
from live.simulator.core.algo_orders import AlgoRequest
from live.simulator.core.commands import Command, PlaceAlgo, Submit
from live.simulator.core.events import AlgoChanged, Event, OrderChanged
from live.simulator.core.exchange import Exchange
from live.simulator.core.fill_models import FillModel
from live.simulator.core.orders import OrderRequest
from live.simulator.core.state import State
from live.simulator.listed_symbols import built_in
from live.simulator.market_feed import MarketFeed
from live.simulator.tape_source import Played
from skills_lib.market.depth.model import AggTrade, BookTicker, Trade

ME = "me"
BALANCE = "1000000000"

STRICT = (FillModel.PESSIMISTIC, FillModel.BASE)
"""Models under which no taker may fill better than the tape allows."""

MAX_WAITING = 20
"""Stops of one side that wait at once; the exchange allows an account 200 in all."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The fill of one order. `allowed`: the best price that the book and newer trades and tickers left.

    fired: price of the trade that triggered the stop; 0 for market orders. trade, quote: the last trade's price and the
    last ticker's price of the side that was taken.
    """

    side: Side
    price: int
    allowed: int
    fired: int
    trade: int
    quote: int

    def improvement(self, over: int) -> int:
        """How much better than `over` the order filled."""
        return (over - self.price) * self.side.sign


@dataclass
class TapeView:
    """The messages that are newer than the displayed book, kept one by one."""

    trades: list[Trade | AggTrade] = field(default_factory=list)
    tickers: list[BookTicker] = field(default_factory=list)
    trade: int = 0
    ticker: BookTicker | None = None

    def see(self, message: object) -> None:
        """Note a message."""
        if isinstance(message, Trade | AggTrade):
            self.trades.append(message)
            self.trade = parse(message.price)
        elif isinstance(message, BookTicker):
            self.tickers.append(message)
            self.ticker = message

    def forget(self, update_id: int, transacted_ms: int) -> None:
        """The book is at this update: drop what is older."""
        self.trades = [it for it in self.trades if it.trade_ts_ms > transacted_ms]
        self.tickers = [it for it in self.tickers if it.update_id > update_id]

    def allowed(self, side: Side, displayed: int) -> int:
        """The best price at which a taker of `side` could still fill, given the best displayed one."""
        own = side is Side.SELL
        bounds = [displayed, *(parse(it.price) for it in self.trades if it.buyer_is_maker == own)]
        bounds += [parse(it.ask_price if side is Side.BUY else it.bid_price) for it in self.tickers]
        return max(bounds) if side is Side.BUY else min(bounds)

    def quote(self, side: Side) -> int:
        """The price that the last ticker offers to a taker of `side`; 0 before the first."""
        if self.ticker is None:
            return 0
        return parse(self.ticker.ask_price if side is Side.BUY else self.ticker.bid_price)


@dataclass
class Probing:
    """One pass over a tape under one fill model.

    every: lines between orders. distance: of stops from the last trade, in parts per million, at least one tick.
    shown_passed, displayed_passed: trades after which the book as matched against, and as displayed, shows a price they
    passed.
    """

    symbol: str
    model: FillModel
    every: int = 250
    distance: int = 50
    market: list[Probe] = field(default_factory=list)
    stops: list[Probe] = field(default_factory=list)
    trades: int = 0
    shown_passed: int = 0
    displayed_passed: int = 0
    view: TapeView = field(default_factory=TapeView)
    _fired: dict[int, int] = field(default_factory=dict)
    _sent: int = 0

    def __post_init__(self) -> None:
        account = Account(ME, parse(BALANCE))
        self.exchange = Exchange(State(markets={}, accounts={ME: account}, model=self.model))
        self.feed = MarketFeed(self.exchange, built_in())

    def run(self, lines: Iterable[Played]) -> "Probing":
        """Play the tape."""
        for number, line in enumerate(lines):
            self.view.see(line.message)
            self._note(self.feed.take(line.message, line.symbol, line.raw))
            book = self.feed.book(self.symbol).local
            if isinstance(line.message, Trade | AggTrade):
                self._count_passed(line.message)
            else:
                self.view.forget(book.book.update_id or 0, (book.exch_ts_ns or 0) // 1_000_000)
            if book.in_sync and self.view.trade and number % self.every == 0:
                self._place(list(Side)[number // self.every % 2])
        return self

    def flattering(self) -> list[Probe]:
        """Fills better than the tape allowed, and stops better than the trade that fired them."""
        better = [probe for probe in [*self.market, *self.stops] if probe.improvement(probe.allowed) > 0]
        return better + [probe for probe in self.stops if probe.improvement(probe.fired) > 0]

    def _place(self, side: Side) -> None:
        rules = self.exchange.state.markets[self.symbol].rules
        size = max(rules.min_quantity, rules.min_notional * 2 * 10**8 // self.view.trade // rules.step * rules.step)
        request = OrderRequest(ME, self.symbol, side, OrderType.MARKET, size)
        self._send(Submit(request))
        if sum(algo.side is side for algo in self.exchange.state.waiting_algos(ME)) >= MAX_WAITING:
            return
        trigger = self.view.trade + side.sign * max(rules.tick, self.view.trade * self.distance // 1_000_000)
        stop = OrderRequest(ME, self.symbol, side, OrderType.STOP_MARKET, size)
        self._send(PlaceAlgo(AlgoRequest(stop, OrderType.STOP_MARKET, trigger // rules.tick * rules.tick)))

    def _send(self, body: Submit | PlaceAlgo) -> None:
        self._sent += 1
        self._note(self.exchange.step(Command(self._sent, self.exchange.state.now_ms, body)))

    def _note(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, AlgoChanged) and event.order.status is AlgoStatus.TRIGGERING:
                self._fired[event.order.algo_id] = self.view.trade
            elif isinstance(event, OrderChanged) and event.fill:
                self._add(event.order.side, event.fill.price, event.order.request.algo_id)

    def _add(self, side: Side, price: int, algo_id: int) -> None:
        displayed = self.feed.book(self.symbol).best(side.opposite)
        probe = Probe(
            side=side,
            price=price,
            allowed=self.view.allowed(side, displayed),
            fired=self._fired.get(algo_id, 0),
            trade=self.view.trade,
            quote=self.view.quote(side),
        )
        (self.stops if algo_id else self.market).append(probe)

    def _count_passed(self, trade: Trade | AggTrade) -> None:
        market = self.exchange.state.markets.get(self.symbol)
        if market is None or not market.in_sync:
            return
        price, buyer = parse(trade.price), not trade.buyer_is_maker
        self.trades += 1
        shown = market.best(Side.BUY) or 0, market.best(Side.SELL) or price + 1
        displayed = market.book.best(Side.BUY), market.book.best(Side.SELL)
        self.shown_passed += _passed(price, buyer, *shown)
        self.displayed_passed += _passed(price, buyer, *displayed)


def _passed(price: int, buyer: bool, bid: int, ask: int) -> bool:
    """Whether a book with these best prices shows one that a trade has passed."""
    return bid >= price or ask < price if buyer else bid > price or ask <= price
