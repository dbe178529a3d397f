"""Timers: countdowns, good-till dates and funding."""

from live.simulator.core import order_service, risk
from live.simulator.core.commands import CancelAll
from live.simulator.core.enums import OrderStatus, TimeInForce
from live.simulator.core.state import State

NEVER = 2**62


def first_funding_ms(now_ms: int) -> int:
    """The next of 00:00, 08:00 and 16:00 UTC, strictly after `now_ms`."""
    return (now_ms // risk.FUNDING_INTERVAL_MS + 1) * risk.FUNDING_INTERVAL_MS


def next_due_ms(state: State) -> int:
    """Time of the next timer; `NEVER` if there is none."""
    funding = [market.next_funding_ms for market in state.markets.values() if market.next_funding_ms]
    dated = [
        order.request.good_till_ms
        for orders in state.open.values()
        for order in orders.values()
        if order.request.time_in_force is TimeInForce.GTD
    ]
    return min([*funding, *dated, *state.countdowns.values()], default=NEVER)


def run_until(state: State, time_ms: int) -> None:
    """Fire everything due up to `time_ms`, each at its own time."""
    while (due := next_due_ms(state)) <= time_ms:
        state.now_ms = max(state.now_ms, due)
        _run(state, due)


def _run(state: State, due_ms: int) -> None:
    for key, deadline in list(state.countdowns.items()):
        if deadline <= due_ms:
            del state.countdowns[key]
            order_service.cancel_all(state, CancelAll(*key))
    for orders in list(state.open.values()):
        for order in list(orders.values()):
            if order.request.time_in_force is TimeInForce.GTD and order.request.good_till_ms <= due_ms:
                state.finish(order, OrderStatus.EXPIRED)
    for symbol, market in state.markets.items():
        if 0 < market.next_funding_ms <= due_ms:
            risk.fund(state, symbol)
