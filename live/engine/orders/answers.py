"""What the answer to a request proves about an order of this run."""

from live.engine.actions import Action
from live.engine.constants import CLOCK_TOLERANCE_NS, EXIT_RETRY_NS, HIDDEN_NS, LONGEST_EXIT_WAIT_NS, RECV_WINDOW_NS
from live.engine.events import Answered, Request, RequestOutcome
from live.engine.intents import Purpose
from live.engine.queries import answered
from live.engine.state import EngineState, Order, OrderState

NOT_REDUCING = (-2022, -4118)
"""The venue refuses a reduce-only order: it has no such position any more, or a smaller one."""
OVERLOADED = -1008
"""Said to refuse, and has been answered for an order that existed: it proves nothing."""
_REFUSED = (RequestOutcome.REJECTED, RequestOutcome.NOT_ACCEPTED)


def on_answer(state: EngineState, event: Answered) -> list[Action]:
    """The answer to PLACE, CANCEL or ORDER."""
    order = state.orders.get(event.client_id)
    if order is None:
        return []
    if event.request is Request.PLACE:
        _placed(state, order, event)
    elif event.request is Request.CANCEL:
        answered(order.cancel)
        order.query.due_ns = 0
    else:
        _queried(order, event)
    settle(state, order)
    return []


def _placed(state: EngineState, order: Order, event: Answered) -> None:
    """Only an order of which nothing is known yet is changed: a report says more than an answer."""
    if order.state not in (OrderState.SENT, OrderState.UNKNOWN):
        return
    is_exit = order.intent.purpose is Purpose.EXIT
    if event.outcome is RequestOutcome.ACCEPTED:
        order.state = OrderState.OPEN
    elif event.outcome in _REFUSED and event.code != OVERLOADED:
        _refused(state, order)
    elif event.outcome is RequestOutcome.RECONCILE and is_exit and event.code in NOT_REDUCING:
        _refused(state, order)
        state.markets[order.intent.symbol].query(Request.POSITION).due_ns = 0
    else:
        order.state = OrderState.UNKNOWN


def _refused(state: EngineState, order: Order) -> None:
    """The venue did not take the order. A refused exit is decided anew after a while, on what is then known."""
    order.state = OrderState.REJECTED
    position = state.positions[order.intent.symbol]
    if order.intent.purpose is Purpose.EXIT:
        position.exit_wait_ns = min(max(2 * position.exit_wait_ns, EXIT_RETRY_NS), LONGEST_EXIT_WAIT_NS)
        position.exit_after_ns = state.now_ns + position.exit_wait_ns


def _queried(order: Order, event: Answered) -> None:
    """A query that failed changes nothing. "Not found" is proof only when no landed order could still be hidden."""
    answered(order.query)
    if event.outcome is not RequestOutcome.RECONCILE:
        return
    order.not_open_ns = max(order.not_open_ns, order.query.asked_ns)
    if not order.state.ended and order.filled == 0 and proves_absence(order.query.asked_ns, order.sent_ns):
        order.state = OrderState.ABSENT


def proves_absence(asked_ns: int, sent_ns: int) -> bool:
    """True if a request sent at `sent_ns` can neither be accepted after `asked_ns` nor be hidden any more."""
    return asked_ns > sent_ns + RECV_WINDOW_NS + CLOCK_TOLERANCE_NS + HIDDEN_NS


def cannot_land(asked_ns: int, sent_ns: int) -> bool:
    """True if a request sent at `sent_ns` is refused if it reaches the venue after `asked_ns`."""
    return asked_ns > sent_ns + RECV_WINDOW_NS + CLOCK_TOLERANCE_NS


def settle(state: EngineState, order: Order) -> None:
    """Keep an order among the working ones until it has ended and its fills are known."""
    if order.settled:
        state.working.pop(order.intent.client_id, None)
    else:
        state.working[order.intent.client_id] = order
