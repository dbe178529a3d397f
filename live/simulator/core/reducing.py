"""Orders that may only reduce a position: which are refused, and which resting ones give way to others.

Sources: page "Error Codes" (-2022, -4118: together with the open orders of its side the order would open the opposite
position); page "User Data Streams" (`er` 4: knocked out by a reduce-only order of higher priority, or it would have
reversed the position); Binance's developer forum, topic 802 (a reduce-only order is replaced by one of a better price,
and expires with its position); Binance FAQ 360039707291 (reduce-only stop-market orders have the highest priority and
are not refused for exceeding the position).
"""

from live.enums import ExpiryReason, OrderStatus, OrderType, PositionSide, Side
from live.simulator.core.accounts import Account
from live.simulator.core.orders import Order
from live.simulator.core.rejections import Rejection, exceeds_position, not_required, reduce_only
from live.simulator.core.state import State


def check(state: State, order: Order) -> None:
    """Check an arriving or amended order against the position and the open orders of its side.

    Raises:
        Rejection: -1106 for reduceOnly in hedge mode; -4400 if the account may only reduce; -2022 without a position
            to reduce; -4118 if the order and what is ahead of it exceed the position.
    """
    request, account = order.request, state.accounts[order.account]
    if account.dual_side and (request.reduce_only or request.reduce_only_sent):
        raise not_required("reduceOnly")
    if account.reduce_only_account and not request.only_reduces:
        raise Rejection(-4400, "Futures Trading Quantitative Rules violated, only reduceOnly order is allowed.")
    if not request.only_reduces:
        return
    closable = account.closable(order.symbol, request.position_side, order.side)
    if not closable:
        raise reduce_only()
    fired_at_market = bool(request.algo_id) and request.kind is OrderType.MARKET
    if not fired_at_market and order.remaining + _ahead(state, order) > closable:
        raise exceeds_position()


def _ahead(state: State, order: Order) -> int:
    """Remaining quantity of the account's open orders of this side that would execute before `order`."""
    if order.request.kind is not OrderType.LIMIT:
        return 0
    resting = _of_side(state, order.account, order.symbol, order.request.position_side, order.side)
    ahead = (other for other in resting if other.order_id != order.order_id and _rank(other) <= _rank(order))
    return sum(other.remaining for other in ahead)


def _of_side(state: State, account: str, symbol: str, position_side: PositionSide, side: Side) -> list[Order]:
    orders = state.open_orders(account, symbol)
    return [order for order in orders if order.side is side and order.request.position_side is position_side]


def _rank(order: Order) -> int:
    """Smaller executes first: the lowest sell, the highest buy."""
    return -order.price * order.side.sign


def give_way(state: State, account: Account, symbol: str, position_side: PositionSide) -> None:
    """Expire the resting orders that may only reduce and, counted from the best price, exceed the position."""
    for side in Side:
        resting = _of_side(state, account.name, symbol, position_side, side)
        left = account.closable(symbol, position_side, side)
        for order in sorted(resting, key=lambda order: (_rank(order), order.order_id)):
            if not order.request.only_reduces:
                continue
            if order.remaining > left:
                state.finish(order, OrderStatus.EXPIRED, ExpiryReason.NOT_REDUCING)
            else:
                left -= order.remaining
