"""Sends an approved order: the state knows it before the action is returned."""

from live.engine.actions import Action, PlaceOrder
from live.engine.constants import S
from live.engine.intents import Approved
from live.engine.state import EngineState, Order, OrderState
from live.engine.summary import summary


def send(state: EngineState, approved: Approved) -> list[Action]:
    """Track the order as SENT and return the action that sends it."""
    intent = approved.intent
    order = Order(intent, OrderState.SENT, state.now_ns)
    state.orders[intent.client_id] = state.working[intent.client_id] = order
    state.day.orders += 1
    return [place(state, approved)]


def place(state: EngineState, approved: Approved, again: bool = False) -> PlaceOrder:
    """The action, with the book and the state that the decision rested on."""
    market = state.markets[approved.intent.symbol]
    book = market.book
    _note_time(state)
    return PlaceOrder(
        state.now_ns,
        approved,
        book_update_id=book.update_id if book else 0,
        bids=book.bids if book else (),
        asks=book.asks if book else (),
        state=summary(state, approved.intent.symbol),
        again=again,
    )


def _note_time(state: EngineState) -> None:
    """Keep the times of the last second, which is all that the rate of orders is counted over."""
    times_ns = state.day.order_times_ns
    times_ns.append(state.now_ns)
    while times_ns[0] <= state.now_ns - S:
        times_ns.popleft()
