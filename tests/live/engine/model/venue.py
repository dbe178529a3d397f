"""A small venue that answers the engine's actions with events, for tests that choose what arrives, when and whether.

It fills at the touch, keeps one position in one-way mode, and follows the rules that the engine rests on: reduce-only
orders never open, `closePosition` stops exist once a side, a client id is unique among open orders only.
"""

from collections import deque

from live.engine.actions import Action, Ask, CancelOrder, CancelStop, PlaceOrder
from live.engine.events import (
    AccountTrade,
    Answered,
    Event,
    Fill,
    OpenOrdersReport,
    OpenStopsReport,
    PositionReport,
    Request,
    RequestOutcome,
    TradesReport,
    Witness,
)
from live.engine.intents import Intent, Purpose
from live.enums import AlgoStatus, OrderStatus, OrderType, Side, TimeInForce
from live.money import SCALE, commission, product
from tests.live.engine.model.book_keeping import Ledger, VenueOrder, VenueStop
from tests.live.engine.states import CONTRACT, SYMBOL

RECV_WINDOW_NS = 5_000_000_000
TICK, RATE = CONTRACT.tick, CONTRACT.taker_rate
DONE = RequestOutcome.ACCEPTED
NO = RequestOutcome.REJECTED
COMPARE = RequestOutcome.RECONCILE


class ModelVenue:
    """The venue's side. `stream`: user events not delivered yet, in order; `answers`: as soon as they are made.

    fill_share: how much of the next entry fills at once, in units of 1e-8. hide_ns: how long new orders and stops are
    missing from queries.
    """

    def __init__(self, price: int) -> None:
        self.now_ns, self.price = 0, price
        self.ledger = Ledger()
        self.orders: dict[int, VenueOrder] = {}
        self.stops: list[VenueStop] = []
        self.stream: deque[Event] = deque()
        self.fill_share, self.hide_ns = SCALE, 0
        self.highest_open_stops = 0
        self._last_id = 1_000

    # ---- what the engine sends

    def receive(self, action: Action) -> list[Event]:
        """Carry out one request now, and answer it."""
        if isinstance(action, PlaceOrder):
            late = self.now_ns > action.time_ns + RECV_WINDOW_NS
            return self._late(action) if late else self._place(action.approved.intent)
        if isinstance(action, CancelOrder | CancelStop):
            if self.now_ns > action.time_ns + RECV_WINDOW_NS:
                request = Request.CANCEL if isinstance(action, CancelOrder) else Request.CANCEL_STOP
                return [self._answer(request, action.client_id, RequestOutcome.NOT_ACCEPTED, -1021)]
            return self._cancel(action) if isinstance(action, CancelOrder) else self._cancel_stop(action)
        return self._query(action) if isinstance(action, Ask) else []

    def _late(self, action: PlaceOrder) -> list[Event]:
        intent = action.approved.intent
        request = Request.PLACE_STOP if intent.purpose is Purpose.STOP else Request.PLACE
        return [self._answer(request, intent.client_id, RequestOutcome.NOT_ACCEPTED, -1021)]

    def _place(self, intent: Intent) -> list[Event]:
        if intent.purpose is Purpose.STOP:
            return self._place_stop(intent)
        refusal = self._refusal(intent)
        if refusal:
            return [self._answer(Request.PLACE, intent.client_id, *refusal)]
        order = self._new_order(intent.client_id, intent.side, intent.quantity, intent.price, intent.reduce_only)
        self.stream.append(order.report(self.now_ns, self.now_ns, Witness.STREAM))
        self._execute(order, intent)
        answer = order.report(self.now_ns, self.now_ns, Witness.ANSWER)
        return [self._answer(Request.PLACE, intent.client_id, DONE), answer]

    def _refusal(self, intent: Intent) -> tuple[RequestOutcome, int] | None:
        if any(o.client_id == intent.client_id and o.status.open for o in self.orders.values()):
            return COMPARE, -4116
        if intent.reduce_only:
            if not self.ledger.quantity or intent.side.sign * self.ledger.quantity > 0:
                return COMPARE, -2022
            if intent.quantity > abs(self.ledger.quantity):
                return COMPARE, -4118
        crosses = intent.side.sign * (intent.price - self.price) >= 0
        return (NO, -5022) if intent.time_in_force is TimeInForce.GTX and crosses else None

    def _execute(self, order: VenueOrder, intent: Intent) -> None:
        if intent.type is OrderType.MARKET:
            self._fill(order, order.quantity)
            return
        if intent.time_in_force is TimeInForce.IOC:
            steps = order.quantity * self.fill_share // SCALE // (SCALE // 1_000)
            self._fill(order, steps * (SCALE // 1_000))
            if order.status.open:
                self._end(order, OrderStatus.EXPIRED)

    def _place_stop(self, intent: Intent) -> list[Event]:
        answer = self._stop_refusal(intent)
        if answer:
            return [self._answer(Request.PLACE_STOP, intent.client_id, *answer)]
        stop = VenueStop(intent, self._next_id(), hidden_until_ns=self.now_ns + self.hide_ns)
        self.stops.append(stop)
        self.highest_open_stops = max(self.highest_open_stops, sum(s.open for s in self.stops))
        self.stream.append(stop.report(self.now_ns, self.now_ns, Witness.STREAM))
        answered = self._answer(Request.PLACE_STOP, intent.client_id, DONE)
        return [answered, stop.report(self.now_ns, self.now_ns, Witness.ANSWER)]

    def _stop_refusal(self, intent: Intent) -> tuple[RequestOutcome, int] | None:
        if any(s.open and s.intent.client_id == intent.client_id for s in self.stops):
            return COMPARE, -4116
        if any(s.open and s.intent.side is intent.side for s in self.stops):
            return COMPARE, -4130
        if intent.side.sign * (self.price - intent.trigger_price) >= 0:
            return NO, -2021
        return None

    def _cancel(self, action: CancelOrder) -> list[Event]:
        for order in self.orders.values():
            if order.client_id == action.client_id and order.status.open:
                self._end(order, OrderStatus.CANCELED)
                answer = order.report(self.now_ns, self.now_ns, Witness.ANSWER)
                return [self._answer(Request.CANCEL, action.client_id, DONE), answer]
        return [self._answer(Request.CANCEL, action.client_id, COMPARE, -2011)]

    def _cancel_stop(self, action: CancelStop) -> list[Event]:
        for stop in self.stops:
            if stop.intent.client_id == action.client_id and stop.open:
                stop.status = AlgoStatus.CANCELED
                self.stream.append(stop.report(self.now_ns, self.now_ns, Witness.STREAM))
                return [self._answer(Request.CANCEL_STOP, action.client_id, DONE)]
        return [self._answer(Request.CANCEL_STOP, action.client_id, COMPARE, -2011)]

    # ---- queries

    def _query(self, ask: Ask) -> list[Event]:
        if ask.request is Request.ORDER:
            return self._order_query(ask)
        if ask.request is Request.STOP:
            return self._stop_query(ask)
        if ask.request is Request.POSITION:
            return [self.position_report(Witness.QUERY, ask.time_ns)]
        if ask.request is Request.TRADES:
            rows = tuple(row for row in self.ledger.trades if row.event_ns >= ask.from_ns)
            return [TradesReport(self.now_ns, SYMBOL, ask.time_ns, ask.from_ns, rows)]
        return self._lists(ask)

    def _lists(self, ask: Ask) -> list[Event]:
        now, event = self.now_ns, self.now_ns
        if ask.request is Request.OPEN_ORDERS:
            shown = [o for o in self.orders.values() if o.status.open and o.hidden_until_ns <= now]
            return [
                OpenOrdersReport(now, SYMBOL, ask.time_ns, tuple(o.report(now, event, Witness.QUERY) for o in shown))
            ]
        if ask.request is Request.OPEN_STOPS:
            open_stops = [s for s in self.stops if s.open and s.hidden_until_ns <= now]
            return [
                OpenStopsReport(
                    now, SYMBOL, ask.time_ns, tuple(s.report(now, event, Witness.QUERY) for s in open_stops)
                )
            ]
        return []

    def _order_query(self, ask: Ask) -> list[Event]:
        found = [o for o in self.orders.values() if o.client_id == ask.client_id and o.hidden_until_ns <= self.now_ns]
        if found:
            return [found[-1].report(self.now_ns, self.now_ns, Witness.QUERY)]
        return [self._answer(Request.ORDER, ask.client_id, COMPARE, -2013)]

    def _stop_query(self, ask: Ask) -> list[Event]:
        found = [s for s in self.stops if s.intent.client_id == ask.client_id and s.hidden_until_ns <= self.now_ns]
        if found:
            return [found[-1].report(self.now_ns, self.now_ns, Witness.QUERY)]
        return [self._answer(Request.STOP, ask.client_id, COMPARE, -2013)]

    def position_report(self, witness: Witness, asked_ns: int = 0) -> PositionReport:
        """The position as it is now."""
        ledger = self.ledger
        price = abs(ledger.cost * SCALE // ledger.quantity) if ledger.quantity else 0
        return PositionReport(self.now_ns, SYMBOL, ledger.quantity, price, ledger.updated_ns, asked_ns, witness)

    # ---- what happens at the venue by itself

    def move(self, price: int) -> None:
        """The market moves: resting entries fill at their price, stops fire."""
        self.price = price
        for order in [o for o in self.orders.values() if o.status.open]:
            if order.side.sign * (order.price - price) >= 0:
                self._fill(order, order.quantity - order.filled)
        for stop in [s for s in self.stops if s.open]:
            if stop.intent.side.sign * (price - stop.intent.trigger_price) >= 0:
                self.fire(stop)

    def fill_part(self, order: VenueOrder, quantity: int) -> None:
        """A part of a resting order fills."""
        self._fill(order, min(quantity, order.quantity - order.filled))

    def fire(self, stop: VenueStop) -> None:
        """The stop becomes a market order with ids of its own, which closes what is there on its side."""
        stop.status = AlgoStatus.TRIGGERED
        held, side = self.ledger.quantity, stop.intent.side
        if held * side.sign >= 0:
            stop.status = AlgoStatus.EXPIRED
            self.stream.append(stop.report(self.now_ns, self.now_ns, Witness.STREAM))
            return
        order = self._new_order(f"fired{stop.algo_id}", side, abs(held), 0, True)
        stop.order_id = order.order_id
        self.stream.append(stop.report(self.now_ns, self.now_ns, Witness.STREAM))
        self._fill(order, order.quantity)
        stop.status = AlgoStatus.FINISHED
        self.stream.append(stop.report(self.now_ns, self.now_ns, Witness.STREAM))

    def trade_by_hand(self, side: Side, quantity: int, client_id: str = "web_1") -> None:
        """Somebody else sends a market order, or the venue liquidates."""
        order = self._new_order(f"{client_id}{self._last_id}", side, quantity, 0, False)
        self._fill(order, quantity)

    def _new_order(self, client_id: str, side: Side, quantity: int, price: int, reduce_only: bool) -> VenueOrder:
        order = VenueOrder(client_id, self._next_id(), side, quantity, price, reduce_only)
        order.hidden_until_ns = self.now_ns + self.hide_ns
        self.orders[order.order_id] = order
        return order

    def _end(self, order: VenueOrder, status: OrderStatus) -> None:
        order.status = status
        self.stream.append(order.report(self.now_ns, self.now_ns, Witness.STREAM))

    def _fill(self, order: VenueOrder, quantity: int) -> None:
        """One trade at the price of the market; ACCOUNT_UPDATE comes before ORDER_TRADE_UPDATE, at the same time."""
        if not quantity:
            return
        fee = commission(self.price, quantity, RATE)
        realised = self._book(order.side.sign * quantity)
        fill = Fill(self._next_id(), self.price, quantity, fee, "USDT", False, realised)
        self.ledger.fees += fee
        self.ledger.trades.append(AccountTrade(order.order_id, order.side, fill, self.now_ns))
        order.filled += quantity
        order.status = OrderStatus.FILLED if order.filled == order.quantity else OrderStatus.PARTIALLY_FILLED
        self.stream.append(self.position_report(Witness.STREAM))
        self.stream.append(order.report(self.now_ns, self.now_ns, Witness.STREAM, fill))

    def _book(self, quantity: int) -> int:
        """Change the position at the market's price; return the profit realised."""
        ledger = self.ledger
        closing = min(abs(quantity), abs(ledger.quantity)) if quantity * ledger.quantity < 0 else 0
        realised = 0
        if closing:
            sign = 1 if ledger.quantity > 0 else -1
            part = ledger.cost * closing // abs(ledger.quantity)
            realised = sign * product(self.price, closing) - part
            ledger.cost -= part
            ledger.quantity -= sign * closing
        rest = quantity + closing if quantity < 0 else quantity - closing
        ledger.quantity += rest
        ledger.cost += product(self.price, rest)
        ledger.realised += realised
        ledger.updated_ns = self.now_ns
        return realised

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _answer(self, request: Request, client_id: str, outcome: RequestOutcome, code: int = 0) -> Answered:
        return Answered(self.now_ns, request, SYMBOL, client_id, outcome, code)

    @property
    def open_stops(self) -> list[VenueStop]:
        """Stops that can still fire."""
        return [stop for stop in self.stops if stop.open]

    @property
    def open_orders(self) -> list[VenueOrder]:
        """Orders that can still fill."""
        return [order for order in self.orders.values() if order.status.open]
