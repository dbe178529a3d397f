"""What the venue reports of orders and trades. Each trade counts once, whoever reports it first."""

from live.engine.actions import Action
from live.engine.constants import EXCHANGE_MADE, LATE_FILL_NS
from live.engine.events import Fill, OpenOrdersReport, OrderReport, Request, TradesReport, Witness
from live.engine.intents import Purpose
from live.engine.latching import latch
from live.engine.orders.answers import settle
from live.engine.positions import book_fill, target_price
from live.engine.queries import answered
from live.engine.state import EngineState, Order, OrderState, Stop, StopState, Unattributed
from live.enums import OrderStatus, Side

_ENDED_AS = {OrderStatus.FILLED: OrderState.FILLED}


def on_order(state: EngineState, report: OrderReport) -> list[Action]:
    """An order as the venue has it, from whichever witness."""
    order = state.orders.get(report.client_id)
    if order is None:
        return _on_other_order(state, report)
    _claim(state, order, report.order_id)
    if report.witness is Witness.QUERY:
        answered(order.query)
    if report.fill:
        _fill(state, order, report.fill, report.event_ns)
    order.reported = max(order.reported, report.filled)
    if report.status is OrderStatus.CANCELED and not order.state.ended and order.intent.purpose is Purpose.ENTRY:
        state.positions[report.symbol].compare_from_ns = state.now_ns + LATE_FILL_NS
    _take_status(order, report.status)
    settle(state, order)
    return []


def _take_status(order: Order, status: OrderStatus) -> None:
    """An order that has ended stays so: a report that says otherwise is older."""
    if order.state.ended and order.state is not OrderState.ABSENT:
        return
    order.state = OrderState.OPEN if status.open else _ENDED_AS.get(status, OrderState.CANCELLED)


def _fill(state: EngineState, order: Order, fill: Fill, event_ns: int) -> None:
    first = not order.filled
    if not book_fill(state, order.intent.symbol, order.intent.side, fill, event_ns, order):
        return
    if order.intent.purpose is Purpose.ENTRY and first:
        state.day.trades += 1
    name_position(state, order.intent.symbol, order.intent.position)


def name_position(state: EngineState, symbol: str, name: str = "") -> None:
    """Give a position that has just opened its id and its target; without a name, somebody else opened it."""
    position = state.positions[symbol]
    if not position.quantity:
        return
    if not position.id:
        position.id, position.foreign = name or state.next_id(), not name
    position.target_price = target_price(state, position)


def on_trades(state: EngineState, report: TradesReport) -> list[Action]:
    """The account's trades of a symbol."""
    market, actions = state.markets[report.symbol], list[Action]()
    answered(market.query(Request.TRADES))
    market.trades_asked_ns = max(market.trades_asked_ns, report.asked_ns)
    for trade in report.trades:
        if trade.event_ns < state.started_ns and trade.order_id not in state.order_ids:
            continue  # of the time before this run, whose position it started from
        if order := state.orders.get(state.order_ids.get(trade.order_id, "")):
            _fill(state, order, trade.fill, trade.event_ns)
            order.reported = max(order.reported, order.filled)
            settle(state, order)
        elif state.trades.get((report.symbol, trade.fill.trade_id)) is not True:
            actions += _book_other(state, report.symbol, "", trade.order_id, trade.side, trade.fill, trade.event_ns)
    return actions


def _claim(state: EngineState, order: Order, order_id: int) -> None:
    """Learn the venue's id of an order, and take over the fills that were booked before it was known whose they are."""
    state.order_ids[order_id] = order.intent.client_id
    order.order_id = order_id
    if waiting := state.unattributed.pop(order_id, None):
        if waiting.fills and not order.filled and order.intent.purpose is Purpose.ENTRY:
            state.day.trades += 1
        order.trades.update(waiting.fills)
        order.filled += sum(waiting.fills.values())


def candidates(state: EngineState, symbol: str, side: Side) -> list[Order]:
    """Orders whose answer is missing, so that an order with an id not known yet may be one of them."""
    return [
        order
        for order in state.working.values()
        if not order.order_id and not order.state.ended and order.intent.symbol == symbol and order.intent.side is side
    ]


def on_open_orders(state: EngineState, report: OpenOrdersReport) -> list[Action]:
    """All open orders of a symbol. That one is missing says that it is not open, not that it never was."""
    answered(state.markets[report.symbol].query(Request.OPEN_ORDERS))
    actions = [action for order in report.orders for action in on_order(state, order)]
    shown = {order.client_id for order in report.orders}
    for order in state.working.values():
        if order.intent.symbol == report.symbol and order.intent.client_id not in shown:
            order.not_open_ns = max(order.not_open_ns, report.asked_ns)
    return actions


def _on_other_order(state: EngineState, report: OrderReport) -> list[Action]:
    """An order that this run did not send by itself: of a stop that fired, of the exchange, or of somebody else."""
    if report.fill:
        return _book_other(
            state, report.symbol, report.client_id, report.order_id, report.side, report.fill, report.event_ns
        )
    if not _is_stops(state, report.symbol, report.client_id, report.order_id):
        state.unattributed.setdefault(report.order_id, Unattributed(report.symbol, report.side, state.now_ns))
    return []


def _book_other(
    state: EngineState, symbol: str, client_id: str, order_id: int, side: Side, fill: Fill, event_ns: int
) -> list[Action]:
    stops = _is_stops(state, symbol, client_id, order_id)
    if not book_fill(state, symbol, side, fill, event_ns):
        return []
    entries = [o for o in candidates(state, symbol, side) if o.intent.purpose is Purpose.ENTRY]
    name_position(state, symbol, entries[0].intent.position if entries else "")
    stop = state.positions[symbol].stop
    if stops and stop and stop.state in (StopState.SENT, StopState.UNKNOWN, StopState.REFUSED, StopState.RESTING):
        stop.state, stop.fired_ns = StopState.FIRED, state.now_ns
    if client_id.startswith(EXCHANGE_MADE):
        return latch(state, "exchange_order", symbol, f"The exchange traded in {symbol} by itself ({client_id[:40]}).")
    if not stops:
        waiting = state.unattributed.setdefault(order_id, Unattributed(symbol, side, state.now_ns))
        waiting.fills[fill.trade_id] = fill.quantity
    return []


def _is_stops(state: EngineState, symbol: str, client_id: str, order_id: int) -> bool:
    """True if the order is what a stop of this run became."""
    stop: Stop | None = state.positions[symbol].stop
    names = (client_id, state.order_ids.get(order_id, ""))
    return any(name.startswith(f"{state.run}-") and name.endswith("S") for name in names) or (
        stop is not None and order_id == stop.order_id != 0
    )
