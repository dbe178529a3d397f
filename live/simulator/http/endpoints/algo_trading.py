"""Conditional orders over REST and over the WebSocket API."""

from typing import Any

from live.enums import AlgoStatus
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.commands import CancelAlgo, CancelAllAlgos, PlaceAlgo
from live.simulator.core.rejections import no_such_order
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Security, with_symbol
from live.simulator.http.endpoints.order_lists import is_forgotten
from live.simulator.http.endpoints.order_params import algo_request
from live.simulator.http.endpoints.windows import WEEK_MS, read_window, recent, rows
from live.simulator.http.rate_limits import ONE_ORDER
from live.simulator.payloads import orders

DONE = {"code": 200, "msg": "The operation of cancel all open order is done."}


async def place(call: Call) -> dict[str, Any]:
    """`POST /algoOrder`."""
    rules = call.rules()
    algo: AlgoOrder = await call.send(PlaceAlgo(algo_request(call.params, rules, call.owner)))
    return orders.algo(algo, rules)


async def cancel(call: Call) -> dict[str, Any]:
    """`DELETE /algoOrder`."""
    algo: AlgoOrder = await call.send(CancelAlgo(call.owner, *call.params.algo_id()))
    return {"algoId": algo.algo_id, "clientAlgoId": algo.client_id, "code": "200", "msg": "success"}


async def cancel_all(call: Call) -> dict[str, Any]:
    """`DELETE /algoOpenOrders`."""
    await call.send(CancelAllAlgos(call.owner, call.rules().symbol))
    return DONE


async def show(call: Call) -> dict[str, Any]:
    """`GET /algoOrder`."""
    number, client_id = call.params.algo_id()
    own = [algo for algo in _own(call) if algo.algo_id == number or (algo.client_id == client_id != "")]
    if not own:
        raise no_such_order()
    return orders.algo_status(own[-1], call.rules(own[-1].symbol))


def _own(call: Call) -> list[AlgoOrder]:
    return [algo for algo in call.state.algos.values() if algo.account == call.owner and _is_known(call, algo)]


def _is_known(call: Call, algo: AlgoOrder) -> bool:
    unfilled = algo.status in (AlgoStatus.CANCELED, AlgoStatus.EXPIRED)
    return not is_forgotten(algo.created_ms, unfilled, algo.open, call.state.now_ms)


async def open_algos(call: Call) -> list[dict[str, Any]]:
    """`GET /openAlgoOrders`."""
    number = call.params.integer("algoId")
    found = call.state.waiting_algos(call.owner, call.optional_symbol())
    chosen = [algo for algo in found if number in (0, algo.algo_id)]
    return [orders.algo_status(algo, call.rules(algo.symbol)) for algo in chosen]


async def all_algos(call: Call) -> list[dict[str, Any]]:
    """`GET /allAlgoOrders`, oldest first: at most seven days, the last seven by default, or from `algoId` on."""
    rules, first, limit = call.rules(), call.params.integer("algoId"), call.params.limit(500, 1000)
    window = read_window(call.params, WEEK_MS, WEEK_MS)
    if not first:
        window = recent(call.params, window, call.state.now_ms, WEEK_MS)
    found = (
        algo
        for algo in _own(call)
        if algo.symbol == rules.symbol and algo.algo_id >= first and algo.created_ms in window
    )
    chosen = rows(found, limit, bool(first) or window.from_start)
    return [orders.algo_status(algo, rules) for algo in chosen]


SIGNED = Security.SIGNED
ENDPOINTS = [
    Endpoint("POST", "/fapi/v1/algoOrder", place, 0, SIGNED, orders=ONE_ORDER),
    Endpoint("DELETE", "/fapi/v1/algoOrder", cancel, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/algoOrder", show, 1, SIGNED),
    Endpoint("DELETE", "/fapi/v1/algoOpenOrders", cancel_all, 1, SIGNED),
    Endpoint("GET", "/fapi/v1/openAlgoOrders", open_algos, with_symbol(1, 40), SIGNED),
    Endpoint("GET", "/fapi/v1/allAlgoOrders", all_algos, 5, SIGNED),
]
