"""Placing, changing and cancelling regular orders over REST and over the WebSocket API."""

from collections.abc import Iterable
from typing import Any

from live.enums import OrderStatus
from live.simulator.core.commands import Cancel, CancelAll, CheckOrder, SetCountdown, Submit
from live.simulator.core.orders import Order
from live.simulator.core.rejections import Rejection, illegal
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Handler, Security
from live.simulator.http.endpoints.order_params import amendment, order_request
from live.simulator.http.endpoints.params import json_params
from live.simulator.http.last_resort import failed
from live.simulator.http.rate_limits import BATCH, ONE_ORDER
from live.simulator.payloads import orders

MAX_BATCH_ORDERS, MAX_BATCH_CANCELS = 5, 10
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
    length = call.params.need_integer("countdownTime")
    if length < 0:
        raise illegal("countdownTime")
    await call.send(SetCountdown(call.owner, symbol, length))
    return {"symbol": symbol, "countdownTime": str(length)}


def _batch(call: Call, name: str, limit: int, refusal: Rejection) -> list[Any]:
    entries = call.params.entries(name)
    if len(entries) > limit:
        raise refusal
    return entries


def _orders(call: Call) -> Iterable[Call]:
    refusal = Rejection(-4082, f"Invalid number of batch place orders: at most {MAX_BATCH_ORDERS}.")
    return (_each(call, entry) for entry in _batch(call, "batchOrders", MAX_BATCH_ORDERS, refusal))


async def _all(handler: Handler, calls: Iterable[Call]) -> list[Any]:
    """Run calls one after the other; a rejection becomes its entry's body, and so does a failure of ours."""
    answers = []
    for call in list(calls):
        try:
            answers.append(await handler(call))
        except Exception as error:  # noqa: BLE001 - the other entries have been carried out
            answers.append(failed(error).body)
    return answers


def _each(call: Call, entry: Any) -> Call:
    if not isinstance(entry, dict):
        raise illegal("batchOrders")
    return Call(json_params(entry), call.gateway, call.owner)


async def place_batch(call: Call) -> list[Any]:
    """`POST /batchOrders`."""
    return await _all(place, _orders(call))


async def amend_batch(call: Call) -> list[Any]:
    """`PUT /batchOrders`."""
    return await _all(amend, _orders(call))


async def cancel_batch(call: Call) -> list[Any]:
    """`DELETE /batchOrders`: up to ten ids of either kind; `orderIdList` prevails."""
    ids = "orderIdList" if call.params.get("orderIdList") else "origClientOrderIdList"
    name = "orderId" if ids == "orderIdList" else "origClientOrderId"
    symbol = call.rules().symbol
    refusal = Rejection(-4032, "Exceed maximum cancel order size.")
    listed = _batch(call, ids, MAX_BATCH_CANCELS, refusal)
    entries = [{"symbol": symbol, name: _id_text(ids, entry)} for entry in listed]
    return await _all(cancel, (_each(call, entry) for entry in entries))


def _id_text(name: str, entry: Any) -> str:
    """An id of a list: text or a number, which python-binance sends as text too."""
    if not isinstance(entry, str) or not entry:
        raise illegal(name)
    return str(entry)


SIGNED = Security.SIGNED
ENDPOINTS = [
    Endpoint("POST", "/fapi/v1/order", place, 0, SIGNED, orders=ONE_ORDER),
    Endpoint("POST", "/fapi/v1/order/test", test_order, 1, SIGNED),
    Endpoint("PUT", "/fapi/v1/order", amend, 0, SIGNED, orders=ONE_ORDER),
    Endpoint("DELETE", "/fapi/v1/order", cancel, 1, SIGNED),
    Endpoint("POST", "/fapi/v1/batchOrders", place_batch, 5, SIGNED, orders=BATCH),
    Endpoint("PUT", "/fapi/v1/batchOrders", amend_batch, 5, SIGNED, orders=BATCH),
    Endpoint("DELETE", "/fapi/v1/batchOrders", cancel_batch, 1, SIGNED),
    Endpoint("DELETE", "/fapi/v1/allOpenOrders", cancel_all, 1, SIGNED),
    Endpoint("POST", "/fapi/v1/countdownCancelAll", countdown, 10, SIGNED),
]
