"""Places, cancels and triggers conditional orders."""

from dataclasses import replace

from live.enums import AlgoStatus, OrderType, WorkingType
from live.money import SCALE
from live.simulator.core import algo_checks, order_service, trading_status
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.commands import CancelAlgo, CancelAllAlgos, PlaceAlgo, Submit
from live.simulator.core.interventions import Trouble
from live.simulator.core.market import Market
from live.simulator.core.orders import OrderRequest
from live.simulator.core.rejections import Rejection, unknown_order
from live.simulator.core.state import State


def place(state: State, command: PlaceAlgo) -> AlgoOrder:
    """Accept a conditional order.

    Raises:
        Rejection: any rule it breaks; the state is then unchanged.
    """
    request = command.request
    market = state.market(request.order.symbol)
    number = state.numbers.algo
    algo = AlgoOrder(
        algo_id=number,
        request=request,
        client_id=request.client_id or f"sim-algo-{number}",
        created_ms=state.now_ms,
        updated_ms=state.now_ms,
        trigger_price=request.trigger_price,
    )
    trading_status.check(market.rules)
    algo_checks.check(state, market, algo)
    state.numbers.algo += 1
    state.algos[number] = algo
    state.waiting.setdefault(algo.symbol, {})[number] = algo
    algo.follow(algo_checks.working_price(market, request.order.working_type))
    state.report_algo(algo)
    return algo.snapshot()


def cancel(state: State, command: CancelAlgo) -> AlgoOrder:
    """Cancel one conditional order.

    Raises:
        Rejection: -2011 if no waiting order has that id.
    """
    for algo in state.waiting_algos(command.account):
        if algo.algo_id == command.algo_id or (not command.algo_id and algo.client_id == command.client_id):
            _end(state, algo, AlgoStatus.CANCELED)
            return algo.snapshot()
    raise unknown_order()


def cancel_all(state: State, command: CancelAllAlgos) -> int:
    """Cancel every conditional order of a symbol; return how many."""
    state.market(command.symbol)
    found = state.waiting_algos(command.account, command.symbol)
    for algo in found:
        _end(state, algo, AlgoStatus.CANCELED)
    return len(found)


def expire(state: State, algo: AlgoOrder) -> None:
    """Expire a waiting conditional order at its good-till date."""
    _end(state, algo, AlgoStatus.EXPIRED, "Good till date reached")


def end_by_exchange(state: State, algo: AlgoOrder, silent: bool) -> None:
    """Cancel a waiting conditional order on the exchange's side; a silent end is not sent to its account."""
    _end(state, algo, AlgoStatus.CANCELED, "Canceled by the exchange", silent)


def _end(state: State, algo: AlgoOrder, status: AlgoStatus, reason: str = "", silent: bool = False) -> None:
    algo.status, algo.reason = status, reason
    state.report_algo(algo, silent)


def on_price(state: State, symbol: str, working_type: WorkingType) -> None:
    """Update trailing stops with the new price and trigger the orders it reaches."""
    waiting = state.waiting.get(symbol)
    if not waiting or state.interventions.conditional_orders_down or not state.markets[symbol].rules.trading:
        return
    market = state.markets[symbol]
    price = algo_checks.working_price(market, working_type)
    if not price:
        return
    for algo in list(waiting.values()):
        if algo.request.order.working_type is not working_type or not algo.open:
            continue
        _follow(state, algo, price)
        if algo.fires_at(price) and not _protected(market, algo) and not _put_off(state, algo):
            _fire(state, algo)


def _follow(state: State, algo: AlgoOrder, price: int) -> None:
    """Update a trailing stop; its activation is reported as a second NEW (change log, 2026-08-21)."""
    was_active = bool(algo.extreme)
    algo.follow(price)
    if algo.extreme and not was_active:
        state.report_algo(algo)


def _protected(market: Market, algo: AlgoOrder) -> bool:
    """priceProtect: True while last and mark price differ by more than triggerProtect."""
    if not algo.request.order.price_protect or not market.mark_price:
        return False
    apart = abs(market.last_price - market.mark_price) * SCALE // market.mark_price
    return apart > market.rules.trigger_protect


def _put_off(state: State, algo: AlgoOrder) -> bool:
    """True if the order is one that triggers late, and its time has not come."""
    found = state.interventions.troubled.get(algo.algo_id)
    if found is None or found.trouble is not Trouble.LATE:
        return False
    return state.now_ms < state.interventions.late.setdefault(algo.algo_id, state.now_ms + found.after_ms)


def fire_late(state: State) -> None:
    """Trigger the late orders whose time has come, whatever the price is now."""
    for algo_id, due_ms in list(state.interventions.late.items()):
        algo = state.algos[algo_id]
        if due_ms <= state.now_ms and algo.open:
            state.interventions.troubled.pop(algo_id, None)
            _fire(state, algo)
        elif not algo.open:
            del state.interventions.late[algo_id]


def _fire(state: State, algo: AlgoOrder) -> None:
    algo.status, algo.triggered_ms = AlgoStatus.TRIGGERING, state.now_ms
    state.report_algo(algo)
    state.interventions.late.pop(algo.algo_id, None)
    troubled = state.interventions.troubled.pop(algo.algo_id, None)
    if troubled and troubled.trouble is Trouble.REJECTED:
        _end(state, algo, AlgoStatus.REJECTED, "Order was rejected at its trigger")
    elif not troubled or troubled.trouble is not Trouble.HANGING:
        _submit(state, algo)


def _submit(state: State, algo: AlgoOrder) -> None:
    account = state.accounts[algo.account]
    order = algo.request.order
    nothing_left = (order.close_position or order.reduce_only) and not account.closable(
        order.symbol, order.position_side, order.side
    )
    if nothing_left:
        _end(state, algo, AlgoStatus.EXPIRED, "Reduce Only reject")
        return
    try:
        placed = order_service.submit(state, Submit(_triggered(algo)))
    except Rejection as refused:
        _end(state, algo, AlgoStatus.REJECTED, refused.message)
        return
    algo.order_id = placed.order_id
    _end(state, algo, AlgoStatus.TRIGGERED)


def _triggered(algo: AlgoOrder) -> OrderRequest:
    kind = OrderType.LIMIT if algo.request.kind.limited else OrderType.MARKET
    return replace(
        algo.request.order,
        kind=kind,
        client_id=algo.client_id,
        original_kind=algo.request.kind,
        stop_price=algo.trigger_price,
        algo_id=algo.algo_id,
    )


def settle(state: State, order_id: int, algo_id: int) -> None:
    """Finish a conditional order whose triggered order has ended."""
    algo = state.algos.get(algo_id)
    if algo is None or algo.status is not AlgoStatus.TRIGGERED:
        return
    order = state.orders[order_id]
    algo.filled, algo.average_price = order.filled, order.average_price
    _end(state, algo, AlgoStatus.FINISHED)
