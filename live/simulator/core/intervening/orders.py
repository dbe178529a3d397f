"""Orders that misbehave: fills after a cancellation, and conditional orders in trouble."""

from live.enums import OrderStatus
from live.simulator.core import algo_order_service, matching
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.interventions import EndAlgo, FillCanceled, StopConditionalOrders, TroubleAlgo
from live.simulator.core.rejections import no_such_order, unknown_order
from live.simulator.core.state import State


def fill_canceled(state: State, command: FillCanceled) -> int:
    """Fill a part of a cancelled order at its own price; return the quantity. A part leaves the order CANCELED.

    Raises:
        Rejection: -2013 if the order is not a cancelled one with a remaining quantity.
    """
    order = state.orders.get(command.order_id)
    if order is None or order.status is not OrderStatus.CANCELED or not order.price:
        raise no_such_order()
    step, before = state.markets[order.symbol].rules.step, order.filled
    quantity = min(order.remaining, -(-order.remaining * command.percent // (100 * step)) * step)
    matching.fill(state, order, order.price, quantity, maker=True)
    if order.filled > before and order.remaining:
        state.finish(order, OrderStatus.CANCELED)
    return order.filled - before


def trouble(state: State, command: TroubleAlgo) -> None:
    """Mark a waiting conditional order.

    Raises:
        Rejection: -2011 if it does not wait.
    """
    _waiting(state, command.algo_id)
    state.interventions.troubled[command.algo_id] = command.troubled


def end(state: State, command: EndAlgo) -> None:
    """Cancel a waiting conditional order on the exchange's side.

    Raises:
        Rejection: -2011 if it does not wait.
    """
    algo_order_service.end_by_exchange(state, _waiting(state, command.algo_id), command.silent)


def stop_service(state: State, command: StopConditionalOrders) -> None:
    """Stop or start triggering."""
    state.interventions.conditional_orders_down = command.stopped


def _waiting(state: State, algo_id: int) -> AlgoOrder:
    algo = state.algos.get(algo_id)
    if algo is None or not algo.open:
        raise unknown_order()
    return algo
