"""Queries of regular orders, of their trades and of their changes."""

from collections.abc import Iterator
from typing import Any

from live.enums import OrderStatus
from live.simulator.core.orders import Amendment, Order
from live.simulator.core.rejections import Rejection, no_such_order
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Security, with_symbol
from live.simulator.http.endpoints.windows import (
    DAY_MS,
    QUARTER_MS,
    WEEK_MS,
    TimeWindow,
    kept,
    read_window,
    recent,
    rows,
)
from live.simulator.payloads import orders

UNFILLED_RETENTION_MS = 3 * DAY_MS
_ENDED_UNFILLED = (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH)


def is_forgotten(created_ms: int, ended_unfilled: bool, is_open: bool, now_ms: int) -> bool:
    """True if queries no longer find an order: three days after it was created if it ended unfilled, else ninety.

    An open order is always found.
    """
    if is_open:
        return False
    return created_ms + (UNFILLED_RETENTION_MS if ended_unfilled else QUARTER_MS) < now_ms


def _is_known(call: Call, order: Order) -> bool:
    unfilled = order.status in _ENDED_UNFILLED and not order.filled
    forgotten = is_forgotten(order.created_ms, unfilled, order.status.open, call.state.now_ms)
    return order.account == call.owner and not forgotten


def _find(call: Call) -> Order:
    """An order by its id, else the newest with the client order id."""
    number, client_id = call.params.order_id()
    symbol = call.rules().symbol
    known = call.state.orders
    candidates = [known[number]] if number in known else [] if number else reversed(known.values())
    for order in candidates:
        if (number or order.client_id == client_id) and order.symbol == symbol and _is_known(call, order):
            return order
    raise no_such_order()


async def show_order(call: Call) -> dict[str, Any]:
    """`GET /order`."""
    order = _find(call)
    return orders.order(order, call.rules())


async def show_open_order(call: Call) -> dict[str, Any]:
    """`GET /openOrder`."""
    order = _find(call)
    if not order.status.open:
        raise no_such_order()
    return orders.order(order, call.rules())


async def open_orders(call: Call) -> list[dict[str, Any]]:
    """`GET /openOrders`."""
    found = call.state.open_orders(call.owner, call.optional_symbol())
    return [orders.order(order, call.rules(order.symbol)) for order in found]


async def all_orders(call: Call) -> list[dict[str, Any]]:
    """`GET /allOrders`, oldest first: at most seven days, the last seven by default, or from `orderId` on."""
    symbol, first, limit = call.optional_symbol(), call.params.integer("orderId"), call.params.limit(500, 1000)
    window = read_window(call.params, WEEK_MS, WEEK_MS)
    if not first:
        window = recent(call.params, window, call.state.now_ms, WEEK_MS)
    found = (
        order
        for order in call.state.orders.values()
        if symbol in ("", order.symbol)
        and order.order_id >= first
        and order.created_ms in window
        and _is_known(call, order)
    )
    chosen = rows(found, limit, bool(first) or window.from_start)
    return [orders.order(order, call.rules(order.symbol)) for order in chosen]


async def user_trades(call: Call) -> list[dict[str, Any]]:
    """`GET /userTrades`, oldest first: at most seven days, the last seven by default, or from `fromId` on."""
    params, rules, limit, window = call.params, call.rules(), call.params.limit(500, 1000), _trades_window(call)
    first, order_id = params.integer("fromId"), params.integer("orderId")
    found = (
        record
        for record in call.state.trades
        if record.account == call.owner
        and record.symbol == rules.symbol
        and record.fill.trade_id >= first
        and order_id in (0, record.order_id)
        and record.fill.time_ms in window
    )
    chosen = rows(found, limit, bool(params.get("fromId")) or window.from_start)
    return [orders.trade(record, rules) for record in chosen]


def _trades_window(call: Call) -> TimeWindow:
    """The window of trades.

    Raises:
        Rejection: -1128 for `fromId` together with a time.
    """
    params, now_ms = call.params, call.state.now_ms
    window = read_window(params, WEEK_MS, WEEK_MS)
    if params.get("fromId"):
        if params.get("startTime") or params.get("endTime"):
            raise Rejection(-1128, "Combination of optional parameters invalid.")
    else:
        window = recent(params, window, now_ms, WEEK_MS)
    return kept(window, now_ms - QUARTER_MS)


async def amendments(call: Call) -> list[dict[str, Any]]:
    """`GET /orderAmendment`, newest first; `orderId` prevails over `origClientOrderId`."""
    rules, limit, window = call.rules(), call.params.limit(50, 100), read_window(call.params)
    window = kept(window, call.state.now_ms - QUARTER_MS)
    own = [entry for entry in _changes(call) if entry.symbol == rules.symbol and entry.time_ms in window]
    return [orders.amendment(entry, rules) for entry in reversed(own[-limit:])]


def _changes(call: Call) -> Iterator[Amendment]:
    number, client_id = call.params.order_id()
    for entry in call.state.amendments:
        named = entry.order_id == number if number else entry.client_id == client_id
        if named and call.state.orders[entry.order_id].account == call.owner:
            yield entry


SIGNED = Security.SIGNED
ENDPOINTS = [
    Endpoint("GET", "/fapi/v1/order", show_order, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/openOrder", show_open_order, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/openOrders", open_orders, with_symbol(1, 40), SIGNED),
    Endpoint("GET", "/fapi/v1/allOrders", all_orders, 5, SIGNED),
    Endpoint("GET", "/fapi/v1/userTrades", user_trades, 5, SIGNED),
    Endpoint("GET", "/fapi/v1/orderAmendment", amendments, 1, SIGNED),
]
