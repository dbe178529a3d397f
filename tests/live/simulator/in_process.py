"""Drives an exchange in process with hand-written market messages and collects its events."""

from dataclasses import dataclass, field
from typing import Any

from live.enums import OrderType, Side
from live.money import parse
from live.simulator.core.accounts import Account, FeeTier
from live.simulator.core.algo_orders import AlgoOrder, AlgoRequest
from live.simulator.core.commands import Clock, Command, PlaceAlgo, Submit
from live.simulator.core.events import Answered, Event, OrderChanged
from live.simulator.core.exchange import Exchange
from live.simulator.core.fill_models import FillModel
from live.simulator.core.orders import Fill, Order, OrderRequest
from live.simulator.core.state import State
from live.simulator.listed_symbols import built_in
from live.simulator.market_feed import MarketFeed
from skills_lib.market.depth.model import BookTicker, DepthUpdate, MarkPrice, Snapshot, Trade, WireLevel

SYMBOL = "BTCUSDT"
START_MS = 1_700_000_000_000
ME = "me"
BUY, SELL = Side.BUY, Side.SELL
LIMIT, MARKET = OrderType.LIMIT, OrderType.MARKET


def levels(text: str) -> list[WireLevel]:
    """Parse `"100x2 99x1"` into wire levels."""
    return [(price, quantity) for price, _, quantity in (level.partition("x") for level in text.split())]


def make_exchange(
    model: FillModel = FillModel.PESSIMISTIC, balance: str = "100000", fees: FeeTier | None = None
) -> Exchange:
    """An exchange with one account and no market yet."""
    account = Account(ME, parse(balance), fees or FeeTier())
    return Exchange(State(markets={}, accounts={ME: account}, model=model))


@dataclass
class ExchangeDriver:
    """Drives an exchange. Prices and quantities are text; `tick` advances the time."""

    exchange: Exchange = field(default_factory=make_exchange)
    now_ms: int = START_MS
    update_id: int = 100
    commands: int = 0
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.feed = MarketFeed(self.exchange, built_in())

    def opened(self, bids: str, asks: str) -> "ExchangeDriver":
        """Load a snapshot."""
        snapshot = Snapshot(self.update_id, levels(bids), levels(asks), self.now_ms, self.now_ms)
        return self._take(snapshot)

    def depth(self, bids: str = "", asks: str = "", late_ms: int = 0) -> "ExchangeDriver":
        """One diff of the book, matched `late_ms` ago."""
        self.update_id += 10
        update = DepthUpdate(
            SYMBOL,
            self.now_ms,
            self.update_id - 9,
            self.update_id,
            levels(bids),
            levels(asks),
            self.update_id - 10,
            self.now_ms - late_ms,
        )
        return self._take(update)

    def gap(self) -> "ExchangeDriver":
        """A diff with a gap to the previous one."""
        self.update_id += 1001
        first, previous = self.update_id - 1, self.update_id - 2
        return self._take(DepthUpdate(SYMBOL, self.now_ms, first, self.update_id, [], [], previous))

    def restarted(self, bids: str, asks: str) -> "ExchangeDriver":
        """A recording begun anew: a snapshot while the book is in sync, then a diff that follows it alone."""
        self.update_id += 1000
        self.opened(bids, asks)
        return self.depth()

    def trade(self, price: str, quantity: str, taker: Side, late_ms: int = 0) -> "ExchangeDriver":
        """A trade on the tape, matched `late_ms` ago."""
        time_ms = self.now_ms - late_ms
        return self._take(Trade(SYMBOL, self.now_ms, time_ms, 1, price, quantity, taker is Side.SELL, "MARKET"))

    def ticker(self, bid: str, ask: str, updates_ahead: int = 5) -> "ExchangeDriver":
        """A bookTicker as "price x quantity" texts, so many update ids ahead of the book."""
        (best_bid,), (best_ask,) = levels(bid), levels(ask)
        update_id = self.update_id + updates_ahead
        return self._take(BookTicker(SYMBOL, update_id, *best_bid, *best_ask, self.now_ms, self.now_ms))

    def mark(self, price: str, rate: str = "0.0001", next_funding_ms: int = 0) -> "ExchangeDriver":
        """A mark price on the tape."""
        return self._take(MarkPrice(SYMBOL, self.now_ms, price, price, rate, next_funding_ms))

    def tick(self, milliseconds: int) -> "ExchangeDriver":
        """Advance the time."""
        self.now_ms += milliseconds
        self.events += self.exchange.step(Clock(self.now_ms))
        return self

    def send(self, body: Any) -> Any:
        """Send a command; return its value or raise its rejection."""
        self.commands += 1
        happened = self.exchange.step(Command(self.commands, self.now_ms, body))
        self.events += happened
        answer = next(event for event in happened if isinstance(event, Answered))
        if answer.rejection:
            raise answer.rejection
        return answer.value

    def order(self, side: Side, quantity: str, price: str = "", kind: OrderType | None = None, **options: Any) -> Order:
        """Place a limit order if a price is given, else a market order."""
        kind = kind or (LIMIT if price else MARKET)
        request = OrderRequest(ME, SYMBOL, side, kind, parse(quantity), parse(price or "0"), **options)
        placed: Order = self.send(Submit(request))
        return placed

    def stop(self, side: Side, quantity: str, kind: OrderType, trigger: str = "0", **options: Any) -> AlgoOrder:
        """Place a conditional order; unknown options are passed to its order."""
        own = {name: options.pop(name) for name in ("activate_price", "callback_rate", "client_id") if name in options}
        price = parse(options.pop("price", "0"))
        order = OrderRequest(ME, SYMBOL, side, kind, parse(quantity), price, **options)
        placed: AlgoOrder = self.send(PlaceAlgo(AlgoRequest(order, kind, parse(trigger), **own)))
        return placed

    def now(self, order: Order) -> Order:
        """The current state of an order."""
        return self.exchange.state.orders[order.order_id]

    @property
    def account(self) -> Account:
        """The one account."""
        return self.exchange.state.accounts[ME]

    @property
    def fills(self) -> list[Fill]:
        """Every fill so far."""
        return [event.fill for event in self.events if isinstance(event, OrderChanged) and event.fill]

    def _take(self, message: Any) -> "ExchangeDriver":
        self.events += self.feed.take(message, SYMBOL)
        return self
