"""Three answers to one question a tape cannot answer: how much stands before a resting order.

All three start at the back of the queue, fill at the order's own price, and never fill more than the tape traded at or
through that price, or crossed it with. They differ in what a cancellation on the tape does to the queue ahead.
Quantities in units of 1e-8.
"""

from enum import StrEnum

from live.simulator.core.market import crosses, strictly_crosses
from live.simulator.core.orders import Order, QueuePlace


class FillModel(StrEnum):
    """pessimistic: only trades advance the queue. base: cancellations do in proportion. optimistic: all were ahead."""

    PESSIMISTIC = "pessimistic"
    BASE = "base"
    OPTIMISTIC = "optimistic"


def join_queue(displayed: int) -> QueuePlace:
    """A place behind everything that is displayed."""
    return QueuePlace(ahead=displayed, level=displayed)


def on_trade(order: Order, price: int, quantity: int) -> int:
    """How much of a trade of `quantity` at `price` reaches the order; its queue moves up by the rest."""
    if strictly_crosses(order.side, order.price, price):
        order.place.ahead = 0
        return min(order.remaining, quantity)
    if price != order.price:
        return 0
    place = order.place
    place.traded += quantity
    before = min(place.ahead, quantity)
    place.ahead -= before
    return min(order.remaining, quantity - before)


def on_level(order: Order, quantity: int, model: FillModel) -> None:
    """The tape shows `quantity` at the order's price now."""
    place = order.place
    cancelled = max(0, place.level - place.traded - quantity)
    if model is not FillModel.PESSIMISTIC and cancelled and place.ahead:
        displayed = max(1, place.level - place.traded)
        in_proportion = cancelled * min(place.ahead, displayed) // displayed
        advance = cancelled if model is FillModel.OPTIMISTIC else in_proportion
        place.ahead = min(max(0, place.ahead - advance), quantity)
    place.level, place.traded = quantity, 0


def fills_against(order: Order, opposite: int, model: FillModel) -> bool:
    """True where a standing price of the other side would have traded with the order.

    The pessimistic model wants it strictly beyond the limit; at the limit itself the two others are content.
    """
    if model is FillModel.PESSIMISTIC:
        return strictly_crosses(order.side, order.price, opposite)
    return crosses(order.side, order.price, opposite)
