"""Timers: countdowns, good-till dates and funding. Each is removed or moved on as it fires, so it fires once."""

from live.enums import OrderStatus, TimeInForce
from live.simulator.core import algo_order_service, funding, order_service, risk
from live.simulator.core.commands import CancelAll
from live.simulator.core.orders import OrderRequest
from live.simulator.core.state import State

NEVER = 2**62


def next_due_ms(state: State) -> int:
    """Time of the next timer; `NEVER` if there is none."""
    boundaries = [market.next_funding_ms for market in state.markets.values() if market.next_funding_ms]
    resting = [order.request for orders in state.open.values() for order in orders.values()]
    waiting = [algo.request.order for algos in state.waiting.values() for algo in algos.values()]
    dated = [request.good_till_ms for request in (*resting, *waiting) if _is_dated(request)]
    return min([*boundaries, *dated, *state.countdowns.values(), *state.interventions.late.values()], default=NEVER)


def _is_dated(request: OrderRequest) -> bool:
    return request.time_in_force is TimeInForce.GTD and request.good_till_ms > 0


def run_until(state: State, time_ms: int) -> None:
    """Fire everything due up to `time_ms`, each at its own time."""
    while (due := next_due_ms(state)) <= time_ms:
        state.now_ms = max(state.now_ms, due)
        _run_countdowns(state, due)
        _expire_dated(state, due)
        algo_order_service.fire_late(state)
        charged = [symbol for symbol, market in state.markets.items() if 0 < market.next_funding_ms <= due]
        for symbol in charged:  # every symbol's charge comes before a liquidation that one of them causes
            funding.charge(state, symbol, time_ms)
        if charged:
            risk.watch(state)


def _run_countdowns(state: State, due_ms: int) -> None:
    for key, deadline in list(state.countdowns.items()):
        if deadline <= due_ms:
            del state.countdowns[key]
            order_service.cancel_all(state, CancelAll(*key))


def _expire_dated(state: State, due_ms: int) -> None:
    for orders in list(state.open.values()):
        for order in list(orders.values()):
            if _is_dated(order.request) and order.request.good_till_ms <= due_ms:
                state.finish(order, OrderStatus.EXPIRED)
    for algos in list(state.waiting.values()):
        for algo in list(algos.values()):
            if _is_dated(algo.request.order) and algo.request.order.good_till_ms <= due_ms:
                algo_order_service.expire(state, algo)
