"""Regular orders over REST and over the WebSocket API."""

import json
from collections.abc import Iterable
from typing import Any

from live.simulator.core.commands import Cancel, CancelAll, CheckOrder, SetCountdown, Submit
from live.simulator.core.enums import OrderStatus
from live.simulator.core.orders import Order
from live.simulator.core.rejections import Rejection, illegal, missing, no_such_order
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Handler, Security, with_symbol
from live.simulator.http.endpoints.order_params import amendment, order_request
from live.simulator.http.endpoints.params import Params
from live.simulator.payloads import orders

MAX_BATCH_ORDERS, MAX_BATCH_CANCELS = 5, 10
UNFILLED_RETENTION_MS = 3 * 24 * 3600 * 1000
USER_TRADES_RETENTION_MS = 90 * 24 * 3600 * 1000
DONE = {"code": 200, "msg": "The operation of cancel all open order is done."}


async def place(call: Call) -> dict[str, Any]:
    """`POST /order`. Only `newOrderRespType=RESULT` reports fills; ACK, the default, reports NEW."""
    rules = call.rules()
    kind = call.params.get("newOrderRespType", "ACK")
    if kind not in ("ACK", "RESULT"):
        raise Rejection(-1136, "Invalid newOrderRespType.")
    order: Order = await call.send(Submit(order_request(call.params, rules, call.owner)))
    if kind == "ACK":
        order.status, order.filled, order.cost = OrderStatus.NEW, 0, 0
    return orders.acknowledged(order, rules)


async def test_order(call: Call) -> dict[str, Any]:
    """`POST /order/test`: checks parameters and filters without placing an order."""
    await call.send(CheckOrder(order_request(call.params, call.rules(), call.owner)))
    return {}


async def amend(call: Call) -> dict[str, Any]:
    """`PUT /order`. `modifyId` is the client's, if it sent one, else the amendment's own number."""
    rules = call.rules()
    order: Order = await call.send(amendment(call.params, rules, call.owner))
    made = next(entry for entry in reversed(call.state.amendments) if entry.order_id == order.order_id)
    return orders.acknowledged(order, rules) | {"pair": rules.symbol, "modifyId": made.modify_id or made.amendment_id}


async def cancel(call: Call) -> dict[str, Any]:
    """`DELETE /order`."""
    rules = call.rules()
    order: Order = await call.send(Cancel(call.owner, rules.symbol, *call.params.order_id()))
    return orders.acknowledged(order, rules)


async def cancel_all(call: Call) -> dict[str, Any]:
    """`DELETE /allOpenOrders`: regular orders only."""
    await call.send(CancelAll(call.owner, call.rules().symbol))
    return DONE


async def countdown(call: Call) -> dict[str, Any]:
    """`POST /countdownCancelAll`."""
    symbol = call.rules().symbol
    if not call.params.get("countdownTime"):
        raise missing("countdownTime")
    length = call.params.integer("countdownTime")
    if length < 0:
        raise illegal("countdownTime")
    await call.send(SetCountdown(call.owner, symbol, length))
    return {"symbol": symbol, "countdownTime": str(length)}


def _batch(call: Call, name: str, most: int, refusal: Rejection) -> list[Any]:
    try:
        entries = json.loads(call.params.need(name))
    except ValueError:
        raise illegal(name) from None
    if not isinstance(entries, list) or not entries:
        raise illegal(name)
    if len(entries) > most:
        raise refusal
    return entries


def _orders(call: Call) -> Iterable[Call]:
    refusal = Rejection(-4082, f"Invalid number of batch place orders: at most {MAX_BATCH_ORDERS}.")
    return (_each(call, entry) for entry in _batch(call, "batchOrders", MAX_BATCH_ORDERS, refusal))


async def _all(handler: Handler, calls: Iterable[Call]) -> list[Any]:
    """Run calls one after the other; a rejection becomes its entry's body."""
    answers = []
    for call in list(calls):
        try:
            answers.append(await handler(call))
        except Rejection as refused:
            answers.append(refused.body)
    return answers


def _each(call: Call, entry: Any) -> Call:
    if not isinstance(entry, dict):
        raise illegal("batchOrders")
    texts = {str(name): str(value).lower() if isinstance(value, bool) else str(value) for name, value in entry.items()}
    return Call(Params(texts), call.gateway, call.owner)


async def place_batch(call: Call) -> list[Any]:
    """`POST /batchOrders`."""
    return await _all(place, _orders(call))


async def amend_batch(call: Call) -> list[Any]:
    """`PUT /batchOrders`."""
    return await _all(amend, _orders(call))


async def cancel_batch(call: Call) -> list[Any]:
    """`DELETE /batchOrders`."""
    ids = "orderIdList" if call.params.get("orderIdList") else "origClientOrderIdList"
    name = "orderId" if ids == "orderIdList" else "origClientOrderId"
    symbol = call.rules().symbol
    refusal = Rejection(-4032, "Exceed maximum cancel order size.")
    entries = [{"symbol": symbol, name: entry} for entry in _batch(call, ids, MAX_BATCH_CANCELS, refusal)]
    return await _all(cancel, (_each(call, entry) for entry in entries))


def _find(call: Call) -> Order:
    """An order by its id, else the newest with the client order id."""
    number, client_id = call.params.order_id()
    symbol = call.rules().symbol
    orders = call.state.orders
    candidates = [orders[number]] if number in orders else [] if number else reversed(orders.values())
    for order in candidates:
        if (number or order.client_id == client_id) and order.symbol == symbol and _is_known(call, order):
            return order
    raise no_such_order()


def _is_known(call: Call, order: Order) -> bool:
    """True if the order is visible to the account: unfilled orders are hidden three days after they end."""
    recent = order.updated_ms >= call.state.now_ms - UNFILLED_RETENTION_MS
    return order.account == call.owner and (order.status.open or bool(order.filled) or recent)


def _known(call: Call, symbol: str) -> list[Order]:
    return [order for order in call.state.orders.values() if order.symbol == symbol and _is_known(call, order)]


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
    """`GET /allOrders`, oldest first."""
    rules, first = call.rules(), call.params.integer("orderId")
    start, end = call.params.integer("startTime"), call.params.integer("endTime", 2**62)
    limit = call.params.limit(500, 1000)
    known = _known(call, rules.symbol)
    selected = [order for order in known if order.order_id >= first and start <= order.created_ms <= end]
    chosen = selected[:limit] if first or start else selected[-limit:]
    return [orders.order(order, rules) for order in chosen]


async def user_trades(call: Call) -> list[dict[str, Any]]:
    """`GET /userTrades`, oldest first, three months back."""
    rules, limit = call.rules(), call.params.limit(500, 1000)
    first, order_id = call.params.integer("fromId"), call.params.integer("orderId")
    oldest = call.state.now_ms - USER_TRADES_RETENTION_MS
    start, end = max(call.params.integer("startTime"), oldest), call.params.integer("endTime", 2**62)
    selected = [
        record
        for record in call.state.trades
        if record.account == call.owner
        and record.symbol == rules.symbol
        and record.fill.trade_id >= first
        and order_id in (0, record.order_id)
        and start <= record.fill.time_ms <= end
    ]
    chosen = selected[:limit] if first or call.params.get("startTime") else selected[-limit:]
    return [orders.trade(record, rules) for record in chosen]


async def amendments(call: Call) -> list[dict[str, Any]]:
    """`GET /orderAmendment`, newest first."""
    rules, limit = call.rules(), call.params.limit(50, 100)
    number, client_id = call.params.integer("orderId"), call.params.get("origClientOrderId")
    own = [
        entry
        for entry in call.state.amendments
        if entry.symbol == rules.symbol
        and call.state.orders[entry.order_id].account == call.owner
        and number in (0, entry.order_id)
        and client_id in ("", entry.client_id)
    ]
    return [orders.amendment(entry, rules) for entry in reversed(own[-limit:])]


SIGNED = Security.SIGNED
ENDPOINTS = [
    Endpoint("POST", "/fapi/v1/order", place, 0, SIGNED, orders=1),
    Endpoint("POST", "/fapi/v1/order/test", test_order, 1, SIGNED),
    Endpoint("PUT", "/fapi/v1/order", amend, 1, SIGNED, orders=1),
    Endpoint("DELETE", "/fapi/v1/order", cancel, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/order", show_order, 1, SIGNED),
    Endpoint("POST", "/fapi/v1/batchOrders", place_batch, 5, SIGNED, orders=5),
    Endpoint("PUT", "/fapi/v1/batchOrders", amend_batch, 5, SIGNED, orders=5),
    Endpoint("DELETE", "/fapi/v1/batchOrders", cancel_batch, 1, SIGNED),
    Endpoint("DELETE", "/fapi/v1/allOpenOrders", cancel_all, 1, SIGNED),
    Endpoint("POST", "/fapi/v1/countdownCancelAll", countdown, 10, SIGNED),
    Endpoint("GET", "/fapi/v1/openOrder", show_open_order, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/openOrders", open_orders, with_symbol(1, 40), SIGNED),
    Endpoint("GET", "/fapi/v1/allOrders", all_orders, 5, SIGNED),
    Endpoint("GET", "/fapi/v1/userTrades", user_trades, 5, SIGNED),
    Endpoint("GET", "/fapi/v1/orderAmendment", amendments, 1, SIGNED),
]
