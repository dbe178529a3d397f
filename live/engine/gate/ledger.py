"""The gate's own account of orders sent and of positions, from the events that reached the engine.

Quantities are signed where they are a position's, in units of 1e-8.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from live.engine.constants import HIDDEN_NS, RECV_WINDOW_NS
from live.engine.decided import Adopted
from live.engine.events import (
    Answered,
    Event,
    Fill,
    OpenOrdersReport,
    OrderReport,
    PositionReport,
    Request,
    RequestOutcome,
    TradesReport,
    Witness,
)
from live.engine.intents import Intent, Purpose
from live.enums import Side

NO_SUCH_ORDER = -2013
_ABSENT_NS = RECV_WINDOW_NS + HIDDEN_NS
"""An order that the venue still does not know this long after it was sent never reached it."""
_NOT_SENT = frozenset({RequestOutcome.REJECTED, RequestOutcome.NOT_ACCEPTED})


@dataclass(slots=True)
class SentOrder:
    """An order that left. filled: by known trades; counted: by the venue's cumulative figure."""

    intent: Intent
    sent_ns: int
    filled: int = 0
    counted: int = 0
    ended: bool = False

    @property
    def unfilled(self) -> int:
        """What it may still add to the position, beside the trades known."""
        total = self.counted if self.ended else self.intent.quantity
        return max(total - self.filled, 0)


@dataclass(slots=True)
class Held:
    """A position: by trades, and as the venue last reported it. traded_ns, reported_ns: venue times.

    remaining: what is left of `reported` after later trades; `remaining_ns`: trades after this time are later ones.
    cost: of `quantity` at its entry prices, signed, in units of 1e-16. stop_from: of an adopted position, the price
    that its stop is measured from; else 0.
    """

    quantity: int = 0
    cost: int = 0
    reported: int = 0
    traded_ns: int = 0
    reported_ns: int = 0
    remaining: int = 0
    remaining_ns: int = 0
    reported_price: int = 0
    stop_from: int = 0

    @property
    def size(self) -> int:
        """Unsigned; the larger of both accounts. A report from before the last trade says nothing of it."""
        return max(abs(self.quantity), abs(self.reported) if self.reported_ns >= self.traded_ns else 0)

    def entry_prices(self, closing: Side) -> list[int]:
        """Of the position that `closing` would reduce: the mean of the trades, rounded down, and the venue's figure."""
        by_trades = [self.cost // self.quantity] if closing.sign * self.quantity < 0 else []
        by_report = [self.reported_price] if closing.sign * self.reported < 0 and self.reported_price else []
        return by_trades + by_report

    def report(self, quantity: int, price: int, as_of_ns: int, until_ns: int) -> None:
        """The venue's figure and entry price (0 if it does not say), which trades up to `until_ns` may be in."""
        self.reported, self.reported_price, self.reported_ns = quantity, price, as_of_ns
        self.remaining, self.remaining_ns = quantity, until_ns

    def trade(self, quantity: int, price: int, event_ns: int) -> None:
        """Add a signed quantity: what it closes leaves at the mean entry price, what is beyond opens at `price`."""
        self.traded_ns = max(self.traded_ns, event_ns)
        if event_ns > self.remaining_ns:  # never past 0: a report may have been older than it seemed
            left = self.remaining + quantity
            self.remaining = left if left * self.remaining > 0 else 0
        after = self.quantity + quantity
        if after * self.quantity <= 0:
            self.stop_from = 0
        if self.quantity * quantity >= 0:
            self.cost += quantity * price
        elif after * self.quantity > 0:
            self.cost = self.cost * after // self.quantity
        else:
            self.cost = after * price
        self.quantity = after

    def reducible(self, side: Side) -> int:
        """How much an order of `side` may reduce, by the account that allows more."""
        return max(0, *(-side.sign * amount for amount in (self.quantity, self.remaining)))


class GateLedger:
    """All orders sent, and all positions. working: entries that may still add to a position.

    Fills of an order whose id at the venue is not known yet are kept by that id until it is.
    """

    def __init__(self) -> None:
        self.orders: dict[str, SentOrder] = {}
        self.working: dict[str, SentOrder] = {}
        self.held: dict[str, Held] = {}
        self._trades: set[tuple[str, int]] = set()
        self._by_order_id: dict[tuple[str, int], SentOrder] = {}
        self._unclaimed: dict[tuple[str, int], int] = {}
        self._handlers: dict[type, Callable[[Any], None]] = {
            OrderReport: self._order,
            Answered: self._answer,
            PositionReport: self._position,
            TradesReport: self._trades_listed,
            OpenOrdersReport: self._orders_listed,
            Adopted: self._adopt,
        }

    def position(self, symbol: str) -> Held:
        """A symbol's position."""
        return self.held.setdefault(symbol, Held())

    def sent(self, intent: Intent, now_ns: int) -> None:
        """An order leaves."""
        order = self.orders[intent.client_id] = SentOrder(intent, now_ns)
        self._settle(order)

    def observe(self, event: Event) -> None:
        """Take in an event."""
        if handler := self._handlers.get(type(event)):
            handler(event)

    def _trades_listed(self, event: TradesReport) -> None:
        for trade in event.trades:
            self._fill(event.symbol, trade.order_id, trade.side, trade.fill, trade.event_ns)

    def _orders_listed(self, event: OpenOrdersReport) -> None:
        for order in event.orders:
            self._order(order)

    def _adopt(self, event: Adopted) -> None:
        """A position of somebody else is the run's from now on."""
        held = self.position(event.symbol)
        if held.quantity != event.quantity:
            held.quantity, held.cost = event.quantity, event.quantity * event.price
        held.report(event.quantity, event.price, max(held.reported_ns, event.asked_ns), event.time_ns)
        held.stop_from = (min if event.quantity > 0 else max)(event.price, event.mark)

    def _order(self, report: OrderReport) -> None:
        order = self.orders.get(report.client_id)
        if order is not None:
            order.counted = max(order.counted, report.filled)
            order.ended = order.ended or not report.status.open
            key = report.symbol, report.order_id
            self._by_order_id[key] = order
            order.filled += self._unclaimed.pop(key, 0)
        if report.fill is not None:
            self._fill(report.symbol, report.order_id, report.side, report.fill, report.event_ns)
        if order is not None:
            self._settle(order)

    def _fill(self, symbol: str, order_id: int, side: Side, fill: Fill, event_ns: int) -> None:
        if (symbol, fill.trade_id) in self._trades:
            return
        self._trades.add((symbol, fill.trade_id))
        held = self.position(symbol)
        held.trade(side.sign * fill.quantity, fill.price, event_ns)
        if order := self._by_order_id.get((symbol, order_id)):
            order.filled += fill.quantity
            self._settle(order)
        else:
            self._unclaimed[symbol, order_id] = self._unclaimed.get((symbol, order_id), 0) + fill.quantity

    def _position(self, report: PositionReport) -> None:
        held = self.position(report.symbol)
        queried = report.witness is Witness.QUERY
        as_of_ns = report.asked_ns if queried else report.event_ns
        if as_of_ns >= held.reported_ns:
            until_ns = report.time_ns if queried else as_of_ns
            held.report(report.quantity, report.entry_price, as_of_ns, until_ns)

    def _answer(self, answer: Answered) -> None:
        order = self.orders.get(answer.client_id)
        if order is None:
            return
        refused = answer.request is Request.PLACE and answer.outcome in _NOT_SENT
        absent = answer.request is Request.ORDER and answer.code == NO_SUCH_ORDER
        order.ended = order.ended or refused or (absent and answer.time_ns >= order.sent_ns + _ABSENT_NS)
        self._settle(order)

    def _settle(self, order: SentOrder) -> None:
        """Keep an entry among the working ones while it may still add to a position."""
        name = order.intent.client_id
        if order.intent.purpose is Purpose.ENTRY and order.unfilled:
            self.working[name] = order
        else:
            self.working.pop(name, None)
