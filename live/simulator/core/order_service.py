"""Places, amends and cancels regular orders."""

from dataclasses import replace
from itertools import islice

from live.enums import ExecutionType, ExpiryReason, OrderStatus, OrderType, PriceMatch, Side, TimeInForce
from live.money import plain, product
from live.simulator.core import matching, order_checks, queues, reducing, trading_status
from live.simulator.core.commands import Amend, Cancel, CancelAll, CheckOrder, SetCountdown, Submit
from live.simulator.core.market import Market
from live.simulator.core.orders import Amendment, Order, OrderRequest
from live.simulator.core.rejections import (
    Rejection,
    insufficient_margin,
    no_such_order,
    unknown_order,
)
from live.simulator.core.state import State

MAX_AMENDMENTS = 10_000


def submit(state: State, command: Submit) -> Order:
    """Accept an order, execute it against the book, and rest the remainder if its type allows.

    Raises:
        Rejection: any rule it breaks; the state is then unchanged.
    """
    request = command.request
    market = state.market(request.symbol)
    order = _new_order(state, market, request)
    trading_status.check(market.rules)
    order_checks.check(state, market, order)
    order_checks.check_arrival(state, market, order)
    state.numbers.order += 1
    state.orders[order.order_id] = order
    state.report(order, ExecutionType.NEW)
    execute(state, market, order)
    return order.snapshot()


def check_only(state: State, command: CheckOrder) -> None:
    """Check an order's position side, client order id and filters; place nothing.

    Raises:
        Rejection: the first rule that is broken.
    """
    request = command.request
    market = state.market(request.symbol)
    state.accounts[request.account].check_position_side(request.position_side)
    order_checks.check_client_id(request.client_id, [])
    order_checks.check_filters(market, _new_order(state, market, request))
    order_checks.check_good_till(request, state.now_ms)


def _new_order(state: State, market: Market, request: OrderRequest) -> Order:
    number = state.numbers.order
    price = _price(market, request.side, request.price, request.price_match)
    return Order(
        order_id=number,
        request=request,
        price=price,
        quantity=_quantity(state, request),
        client_id=request.client_id or f"sim-{number}",
        created_ms=state.now_ms,
        updated_ms=state.now_ms,
    )


def _quantity(state: State, request: OrderRequest) -> int:
    if not request.close_position:
        return request.quantity
    return state.accounts[request.account].closable(request.symbol, request.position_side, request.side)


def _price(market: Market, side: Side, price: int, match_: PriceMatch) -> int:
    """The limit price: as given, or that of the book level which `match_` names."""
    if match_ is PriceMatch.NONE:
        return price
    side = side.opposite if match_.of_the_opponent else side
    found = [level_price for level_price, _ in islice(market.standing(side), match_.level)]
    if len(found) < match_.level:
        raise Rejection(-5041, "No depth matches this BBO order")
    return found[-1]


def execute(state: State, market: Market, order: Order) -> None:
    """Execute against the book; rest or expire the remainder. Without a fresh book the order is held."""
    if not market.tradable(state.now_ms):
        hold(state, order)
        return
    limit = order_checks.worst_price(market, order)
    matching.walk(state, order, limit)
    if not order.status.open:
        return
    lasting = order.request.time_in_force in (TimeInForce.GTC, TimeInForce.GTX, TimeInForce.GTD)
    if order.request.kind is OrderType.LIMIT and lasting:
        queues.join_queue(state, order)
    elif order_checks.waits(state, market, order):
        hold(state, order)
    else:
        _expire_unfilled(state, order)


def _expire_unfilled(state: State, order: Order) -> None:
    market_order = order.request.kind is OrderType.MARKET
    reason = ExpiryReason.MARKET_UNFILLED if market_order else ExpiryReason.IOC_UNFILLED
    state.finish(order, OrderStatus.EXPIRED, reason)


def hold(state: State, order: Order) -> None:
    """Keep an order open, unmatched, until the book is fresh."""
    order.held = True
    state.rest(order)


def release(state: State, market: Market) -> None:
    """Execute held orders, oldest first, now that the book is fresh; a condition not met then expires the order."""
    held = [order for order in state.resting(market.rules.symbol) if order.held]
    for order in held:
        if not (order.status.open and market.tradable(state.now_ms)):
            continue
        if order_checks.waits(state, market, order) and not matching.reachable(
            state, order, order_checks.worst_price(market, order)
        ):
            continue
        order.held = False
        del state.open[order.symbol][order.order_id]
        try:
            order_checks.check_arrival(state, market, order)
        except Rejection:
            _expire_unfilled(state, order)
        else:
            execute(state, market, order)


def find_open(state: State, account: str, symbol: str, order_id: int, client_id: str) -> Order | None:
    """An open order by its id, or by the client order id if that is 0; None if there is none."""
    state.market(symbol)
    for order in state.open_orders(account, symbol):
        if order.order_id == order_id or (not order_id and order.client_id == client_id):
            return order
    return None


def cancel(state: State, command: Cancel) -> Order:
    """Cancel one order.

    Raises:
        Rejection: -2011 if it is not open.
    """
    order = find_open(state, command.account, command.symbol, command.order_id, command.client_id)
    if order is None:
        raise unknown_order()
    state.finish(order, OrderStatus.CANCELED)
    return order.snapshot()


def cancel_all(state: State, command: CancelAll) -> int:
    """Cancel every regular order of a symbol; return how many."""
    state.market(command.symbol)
    found = state.open_orders(command.account, command.symbol)
    for order in found:
        state.finish(order, OrderStatus.CANCELED)
    return len(found)


def amend(state: State, command: Amend) -> Order:
    """Amend a limit order; it moves to the back of the queue (page "Modify Order").

    Raises:
        Rejection: -2013, -5027, and those of a new order.
    """
    order = find_open(state, command.account, command.symbol, command.order_id, command.client_id)
    if order is None:
        raise no_such_order()
    market = state.market(command.symbol)
    command = replace(command, price=_price(market, command.side, command.price, command.price_match))
    _check_amendment(state, market, order, command)
    quantity_before = order.quantity
    _record_amendment(state, order, command)
    order.price, order.quantity = command.price, command.quantity
    if order.remaining <= 0:
        order.quantity = quantity_before
        state.finish(order, OrderStatus.CANCELED)
        return order.snapshot()
    state.report(order, ExecutionType.AMENDMENT)
    _requeue(state, market, order)
    return order.snapshot()


def _check_amendment(state: State, market: Market, order: Order, command: Amend) -> None:
    if (order.price, order.quantity) == (command.price, command.quantity):
        raise Rejection(-5027, "No need to modify the order.")
    if order.side is not command.side:
        raise Rejection(-1130, "Data sent for parameter 'side' is not valid.")
    trading_status.check(market.rules)
    market.rules.check_price(command.price)
    market.rules.check_percent_price(order.side, command.price, market.mark_price)
    market.rules.check_quantity(command.quantity, OrderType.LIMIT)
    _check_amended_notional(market, order, command)
    reducing.check(state, replace(order, price=command.price, quantity=max(command.quantity, order.filled)))
    if order.amendments >= MAX_AMENDMENTS:
        raise Rejection(-5026, "Exceed maximum modify order limit.")
    _check_amended_margin(state, order, command)


def _check_amended_notional(market: Market, order: Order, command: Amend) -> None:
    if not order.request.reduce_only and product(command.price, command.quantity) < market.rules.min_notional:
        minimum = plain(market.rules.min_notional)
        raise Rejection(-5029, f"Order's notional must be no smaller than {minimum}")


def _check_amended_margin(state: State, order: Order, command: Amend) -> None:
    account = state.accounts[order.account]
    before = state.margin(account)
    amended = replace(order, price=command.price, quantity=max(command.quantity, order.filled))
    after = state.margin(account, [amended if open_ is order else open_ for open_ in state.open_orders(account.name)])
    growth = after.order_margin - before.order_margin
    if growth > before.available_for(account.isolated(order.symbol)):
        raise insufficient_margin()


def _record_amendment(state: State, order: Order, command: Amend) -> None:
    order.amendments += 1
    entry = Amendment(
        amendment_id=state.numbers.amendment,
        order_id=order.order_id,
        client_id=order.client_id,
        symbol=order.symbol,
        time_ms=state.now_ms,
        price_before=order.price,
        price_after=command.price,
        quantity_before=order.quantity,
        quantity_after=command.quantity,
        count=order.amendments,
        modify_id=command.modify_id,
    )
    state.numbers.amendment += 1
    state.amendments.append(entry)


def _requeue(state: State, market: Market, order: Order) -> None:
    del state.open[order.symbol][order.order_id]
    fresh = market.tradable(state.now_ms)
    if fresh and order.request.time_in_force is TimeInForce.GTX and matching.would_take(state, order):
        state.finish(order, OrderStatus.EXPIRED)
        return
    execute(state, market, order)


def set_countdown(state: State, command: SetCountdown) -> int:
    """Start, renew or stop a countdown; return its length in milliseconds."""
    state.market(command.symbol)
    key = (command.account, command.symbol)
    if command.countdown_ms:
        state.countdowns[key] = state.now_ms + command.countdown_ms
    else:
        state.countdowns.pop(key, None)
    return command.countdown_ms
