"""Checks of an arriving conditional order. Its margin is checked only when it triggers (change log, 2025-11-06)."""

from live.enums import OrderType, PriceMatch, Side, WorkingType
from live.money import SCALE, product
from live.simulator.core import order_checks
from live.simulator.core.accounts import Account
from live.simulator.core.algo_orders import AlgoOrder, AlgoRequest, would_fire_now
from live.simulator.core.market import Market
from live.simulator.core.orders import OrderRequest
from live.simulator.core.rejections import Rejection, missing, not_required, would_trigger
from live.simulator.core.state import State
from live.simulator.core.symbol_rules import SymbolRules

MAX_OPEN_ALGOS = 200
MIN_CALLBACK, MAX_CALLBACK = SCALE // 10, 20 * SCALE
"""Percent. The maximum is 20 since 2026-10-23 (change log); it was 10."""


def working_price(market: Market, working_type: WorkingType) -> int:
    """The price that triggers of this type are compared with: mark or last price; 0 before the first."""
    return market.mark_price if working_type is WorkingType.MARK_PRICE else market.last_price


def check(state: State, market: Market, algo: AlgoOrder) -> None:
    """Check a conditional order's parameters, filters and trigger.

    Raises:
        Rejection: the first rule that is broken.
    """
    request, rules = algo.request, market.rules
    account = state.accounts[algo.account]
    account.check_position_side(request.order.position_side)
    _check_waiting(state, account, request)
    order_checks.check_good_till(request.order, state.now_ms)
    if request.kind is OrderType.TRAILING_STOP_MARKET:
        _check_trailing(request, rules)
    else:
        rules.check_price(request.trigger_price)
    if request.kind.limited and request.order.price_match is PriceMatch.NONE:
        rules.check_price(request.order.price)
        _check_limit_at_trigger(rules, request)
    _check_quantity(state, market, request)
    if would_fire_now(algo, working_price(market, request.order.working_type)):
        raise would_trigger()


def _check_waiting(state: State, account: Account, request: AlgoRequest) -> None:
    waiting, order = state.waiting_algos(account.name), request.order
    order_checks.check_client_id(request.client_id, [algo.client_id for algo in waiting])
    if len(waiting) >= MAX_OPEN_ALGOS:
        raise Rejection(-4045, "Reach max stop order limit.")
    if account.dual_side and (order.reduce_only or order.reduce_only_sent):
        raise not_required("reduceOnly")
    if order.close_position and any(_closes_alike(algo.request, request) for algo in waiting):
        raise Rejection(
            -4130, "An open stop or take profit order with GTE and closePosition in the direction is existing."
        )


def _closes_alike(one: AlgoRequest, other: AlgoRequest) -> bool:
    """True for two closePosition orders of one kind and direction; a stop and a take-profit may wait together."""

    def direction(request: AlgoRequest) -> tuple[OrderType, str, Side, str]:
        return request.kind, request.order.symbol, request.order.side, request.order.position_side

    return one.order.close_position and direction(one) == direction(other)


def _check_trailing(request: AlgoRequest, rules: SymbolRules) -> None:
    if not request.callback_rate:
        raise missing("callbackRate")
    if not MIN_CALLBACK <= request.callback_rate <= MAX_CALLBACK:
        raise Rejection(-2007, "Invalid callBack rate.")
    if request.activate_price:
        rules.check_price(request.activate_price)


def _check_limit_at_trigger(rules: SymbolRules, request: AlgoRequest) -> None:
    """PERCENT_PRICE of a stop-limit order, measured from its own trigger price.

    Raises:
        Rejection: -4183, -4184.
    """
    order, at = request.order, request.trigger_price
    upper, lower = at * rules.multiplier_up // SCALE, at * rules.multiplier_down // SCALE
    if order.side is Side.BUY and order.price > upper:
        raise Rejection(-4183, f"Limit price can't be higher than {rules.rounded_price_text(upper)}.")
    if order.side is Side.SELL and order.price < lower:
        raise Rejection(-4184, f"Limit price can't be lower than {rules.rounded_price_text(lower)}.")


def _check_quantity(state: State, market: Market, request: AlgoRequest) -> None:
    order = request.order
    if order.close_position:
        _check_close_position(state, order)
        return
    market.rules.check_quantity(order.quantity, request.kind)
    if not order.reduce_only:
        market.rules.check_notional(product(order.price or request.trigger_price or market.mark_price, order.quantity))


def _check_close_position(state: State, order: OrderRequest) -> None:
    """closePosition has no quantity and no reduceOnly, and waits only while there is a position.

    Raises:
        Rejection: -4137, -1106, -4509.
    """
    if order.quantity:
        raise Rejection(-4137, "Quantity must be zero with closePosition equals true")
    if order.reduce_only or order.reduce_only_sent:
        raise not_required("reduceOnly")
    if not state.accounts[order.account].closable(order.symbol, order.position_side, order.side):
        raise Rejection(
            -4509,
            "Time in Force (TIF) GTE can only be used with open positions. Please ensure that positions are available.",
        )
