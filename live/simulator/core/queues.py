"""Fills resting orders from the tape's trades and crossing prices, in the order of the queue at each price.

Simulated orders of all accounts stand in one queue: the tape's quantity ahead of the first, the first, the tape's
quantity between it and the second, and so on. A trade uses the queue up from the front, once.
"""

from itertools import groupby

from live.enums import Side
from live.simulator.core import fill_models
from live.simulator.core.commands import DepthApplied, Traded
from live.simulator.core.market import Market, crosses
from live.simulator.core.matching import by_priority, fill_resting, reducible
from live.simulator.core.orders import Order
from live.simulator.core.state import State


def join_queue(state: State, order: Order) -> None:
    """Rest an order at the back of the queue at its price: behind the tape's quantity and earlier simulated orders."""
    market = state.markets[order.symbol]
    earlier = [
        other.place.ahead for other in by_priority(state, order.symbol, order.side) if other.price == order.price
    ]
    place = fill_models.join_queue(market.book.quantity(order.side, order.price))
    place.ahead = max([market.queue(order.side, order.price), *earlier])
    place.traded = market.traded_at(order.side, order.price)
    place.since_ms, place.turn = state.now_ms, state.numbers.turn
    state.numbers.turn += 1
    order.place = place
    state.rest(order)


def on_trade(state: State, trade: Traded) -> None:
    """Fill resting orders of the side that a tape trade hit, by price, then by age, from one quantity.

    A trade that was matched before an order joined its queue does not count for it, though it arrives later. A trade of
    which nothing is left has still passed prices, and its own level will still show less.
    """
    left = trade.quantity
    for price, group in groupby(by_priority(state, trade.symbol, trade.taker.opposite), lambda order: order.price):
        if not crosses(trade.taker.opposite, price, trade.price):
            return
        orders = [order for order in group if order.place.since_ms <= trade.traded_ms]
        if price != trade.price:
            for order in orders:  # the price was passed: nothing of its queue is left
                order.place.ahead = 0
        left = _use_queue(state, orders, left, trade.quantity if price == trade.price else 0)


def _use_queue(state: State, orders: list[Order], left: int, traded: int) -> int:
    """Use up the queue at one price with what is `left` of a trade; return what is left after it.

    traded: the tape's quantity at this price, which its next update of the level will lack.
    """
    passed = 0
    for order in orders:
        place = order.place
        place.traded += traded
        before = min(left, max(0, place.ahead - passed))
        passed, left = passed + before, left - before
        place.ahead -= min(place.ahead, passed)
        reached = min(left, reducible(state, order)) if order.status.open else 0
        if reached:
            left -= reached
            fill_resting(state, order, reached)
    return left


def on_depth(state: State, update: DepthApplied) -> None:
    """Update the queue positions of resting orders, and fill those that opposite prices have crossed."""
    if not state.open.get(update.symbol):
        return
    market = state.markets[update.symbol]
    for side, changed in ((Side.BUY, update.bids), (Side.SELL, update.asks)):
        orders = by_priority(state, update.symbol, side)
        if not orders:
            continue
        prices = set(changed)
        for price, group in groupby(orders, lambda order: order.price):
            if update.fresh or price in prices:
                _update_queue(state, market, list(group), update.fresh)
        if not crosses(side, orders[0].price, market.book.best(side.opposite)):
            continue  # so it is on most updates, and no other order is at a better price
        for order in orders:
            _fill_from_crossing_levels(state, market, order)


def _update_queue(state: State, market: Market, orders: list[Order], fresh: bool) -> None:
    """The tape shows another quantity at the price of these orders. Later ones never have less ahead of them."""
    displayed, before = market.book.quantity(orders[0].side, orders[0].price), 0
    for order in orders:
        if fresh:  # the queue is unknown after a resync: assume the back
            order.place.ahead, order.place.level, order.place.traded = displayed, displayed, 0
        else:
            fill_models.on_level(order, displayed, state.model)
        order.place.ahead = before = max(before, order.place.ahead)


def _fill_from_crossing_levels(state: State, market: Market, order: Order) -> None:
    if not market.rules.trading:
        return
    for price, quantity in market.available(order.side.opposite):
        if not order.status.open or not fill_models.fills_against(order, price, state.model):
            return
        taken = min(reducible(state, order), quantity)
        market.take(order.side.opposite, price, taken)
        fill_resting(state, order, taken)
