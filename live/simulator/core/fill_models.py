"""Queue-position models for resting orders.

A tape does not show which orders are ahead in a queue. All models start at the back of the queue, fill at the order's
own price, and never fill more than the tape traded at or through that price or offered across it. They differ in how
cancellations on the tape advance the order. Quantities in units of 1e-8.
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
    """A queue position behind the displayed quantity."""
    return QueuePlace(ahead=displayed, level=displayed)


def on_level(order: Order, quantity: int, model: FillModel) -> None:
    """Update the queue position after the tape displays `quantity` at the order's price."""
    place = order.place
    cancelled = max(0, place.level - place.traded - quantity)
    if model is not FillModel.PESSIMISTIC and cancelled and place.ahead:
        displayed = max(1, place.level - place.traded)
        in_proportion = cancelled * min(place.ahead, displayed) // displayed
        advance = cancelled if model is FillModel.OPTIMISTIC else in_proportion
        place.ahead = min(max(0, place.ahead - advance), quantity)
    place.level, place.traded = quantity, 0


def fills_against(order: Order, opposite: int, model: FillModel) -> bool:
    """True if an opposite price on the book fills the order.

    The pessimistic model requires it to be strictly better than the limit, the others at the limit or better.
    """
    if model is FillModel.PESSIMISTIC:
        return strictly_crosses(order.side, order.price, opposite)
    return crosses(order.side, order.price, opposite)
