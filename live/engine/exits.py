"""Exits: when a position is to be closed, and one order at a time that closes what the venue says is there."""

from live.engine.actions import Action
from live.engine.constants import STOP_FIRED_NS, S
from live.engine.events import BookChanged
from live.engine.intents import Approved, Intent, Purpose
from live.engine.latching import alert
from live.engine.orders.answers import cannot_land
from live.engine.orders.sending import send
from live.engine.positions import hold_ns
from live.engine.risk.judging import judge
from live.engine.signals.bars import BarSignal
from live.engine.state import EngineState, Order, OrderState, Position, StopState
from live.enums import OrderType, Side
from live.money import plain

KILLED, STOPPED = "kill", "stopped"


def on_book(position: Position, book: BookChanged) -> bool:
    """Note that the target is reached; True if the position is to be closed now."""
    if position.exit_reason or position.foreign or not (book.usable and book.bids and book.asks):
        return False
    best, target = (book.bids[0] if position.quantity > 0 else book.asks[0]), position.target_price
    reached = bool(target) and (best >= target if position.quantity > 0 else best <= target)
    if reached:
        position.exit_reason = "target"
    return reached


def tend(state: EngineState, position: Position) -> list[Action]:
    """Send an exit if one is wanted, none is under way and something can be closed."""
    _decide(state, position)
    if (
        not _is_wanted(state, position)
        or _is_under_way(state, position)
        or not (quantity := _closable(state, position))
    ):
        return []
    contract = state.markets[position.symbol].contract
    if quantity < contract.min_quantity:
        return _dust(state, position)
    intent = _intent(state, position, contract.whole_steps(min(quantity, contract.max_market_quantity)))
    judged = judge(intent, state)
    if isinstance(judged, Approved):
        return send(state, judged)
    position.exit_after_ns = state.now_ns + S
    return alert(state, "exit_refused", position.symbol, judged.text)


def _is_wanted(state: EngineState, position: Position) -> bool:
    """True if there is a reason to close what is open, and the exchange takes requests."""
    waits = state.now_ns < max(position.exit_after_ns, state.quiet_until_ns)
    return bool(position.exit_reason and position.quantity) and not waits and not position.dust


def _decide(state: EngineState, position: Position) -> None:
    """Time stop, the end of the run, kill, and what a strategy on bars decided since the entry."""
    if not position.quantity:
        return
    if state.latch and state.latch.flatten:
        position.exit_reason = position.exit_reason or KILLED
    if state.stopping and not position.foreign:
        position.exit_reason = position.exit_reason or STOPPED
    longest_ns = hold_ns(state)
    if not position.foreign and longest_ns and state.now_ns >= position.opened_ns + longest_ns:
        position.exit_reason = position.exit_reason or "time"
    if not position.foreign and _is_unwanted(state, position):
        position.exit_reason = position.exit_reason or "signal"


def _is_unwanted(state: EngineState, position: Position) -> bool:
    """True if a bar's decision closed this side after the entry was sent, however late the entry filled."""
    signal, entry = state.markets[position.symbol].signal, state.orders.get(position.id)
    if not isinstance(signal, BarSignal):
        return False
    side = Side.BUY if position.quantity > 0 else Side.SELL
    return signal.closed_ns.get(side, 0) > (entry.sent_ns if entry is not None else position.opened_ns)


def _is_under_way(state: EngineState, position: Position) -> bool:
    """True while an earlier exit, or a stop that has just fired, may still close the position."""
    stop = position.stop
    fired = stop is not None and stop.state is StopState.FIRED and state.now_ns < stop.fired_ns + STOP_FIRED_NS
    if fired and position.exit_reason != KILLED:
        return True
    return any(
        order.intent.purpose is Purpose.EXIT
        and order.intent.symbol == position.symbol
        and not order.state.ended
        and not _is_disproved(order, position)
        for order in state.working.values()
    )


def _is_disproved(order: Order, position: Position) -> bool:
    """True if the venue still showed the position, and not the order, when the order could no longer reach it."""
    asked_ns = min(position.queried_ns, order.not_open_ns)
    return order.state is OrderState.UNKNOWN and position.reported != 0 and cannot_land(asked_ns, order.sent_ns)


def _closable(state: EngineState, position: Position) -> int:
    """What the venue says is there, if it said so after the last fill; never more than fills say.

    What exits have closed counts as closed although their trades are not known yet. A quantity that only the venue's
    figure explains ends with that figure: 0 where it shows no such position any more.
    """
    quantity = max(abs(position.quantity) - _closed_unbooked(state, position), 0)
    if position.believed:
        return min(quantity, max(position.reported * _sign(position), 0))
    if position.reported_ns > position.filled_ns and position.reported * position.quantity > 0:
        return min(quantity, abs(position.reported))
    return quantity


def _sign(position: Position) -> int:
    return 1 if position.quantity > 0 else -1


def _closed_unbooked(state: EngineState, position: Position) -> int:
    """What exits have filled without our knowing the trades."""
    exits = (order for order in state.working.values() if order.intent.purpose is Purpose.EXIT)
    return sum(order.unbooked for order in exits if order.intent.symbol == position.symbol)


def _intent(state: EngineState, position: Position, quantity: int) -> Intent:
    return Intent(
        client_id=state.next_id(),
        position=position.id,
        symbol=position.symbol,
        purpose=Purpose.EXIT,
        side=Side.SELL if position.quantity > 0 else Side.BUY,
        type=OrderType.MARKET,
        quantity=quantity,
        reduce_only=True,
        reason=position.exit_reason,
    )


def _dust(state: EngineState, position: Position) -> list[Action]:
    """What is left cannot be ordered: it is named, and not tried again."""
    position.dust = True
    contract = state.markets[position.symbol].contract
    text = (
        f"{position.symbol}: {plain(abs(position.quantity))} is left, below the minimum order of "
        f"{plain(contract.min_quantity)}. Close it by hand; the symbol is not traded until then."
    )
    return alert(state, "dust", position.symbol, text)
