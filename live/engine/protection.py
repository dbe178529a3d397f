"""The stop of a position at the exchange: one, under one id, from the first fill until the position is flat.

A stop in doubt is sent again under the same id, which the venue takes once. It closes the whole position
(docs/decisions/0026), so partial and late fills need no other.
"""

from live.engine.actions import Action, CancelStop
from live.engine.constants import (
    LONGEST_URGENT_WAIT_NS,
    STOP_AFTER_FLAT_NS,
    STOP_CONFIRM_NS,
    STOP_FIRED_NS,
    S,
)
from live.engine.events import Answered, OpenStopsReport, Request, RequestOutcome, StopReport, Witness
from live.engine.intents import Approved, Intent, Purpose
from live.engine.latching import alert
from live.engine.orders.answers import OVERLOADED, proves_absence
from live.engine.orders.sending import place
from live.engine.queries import answered, ask, is_due, watch
from live.engine.risk.judging import judge
from live.engine.risk.reducing import stop_id
from live.engine.state import EngineState, Position, Query, Stop, StopState
from live.engine.stops import stop_price
from live.enums import AlgoStatus, OrderType, Side

ALREADY_THROUGH = -2021
_UNCONFIRMED = (StopState.SENT, StopState.UNKNOWN, StopState.REFUSED)
_TO_SEND = (StopState.UNKNOWN, StopState.REFUSED)
_NOWHERE = (StopState.REFUSED, StopState.ENDED)
_FIRED = (AlgoStatus.TRIGGERING, AlgoStatus.TRIGGERED)
_GONE = (AlgoStatus.FINISHED, AlgoStatus.CANCELED, AlgoStatus.REJECTED, AlgoStatus.EXPIRED)


def tend(state: EngineState, position: Position) -> list[Action]:
    """Do what the stop of a position needs now."""
    stop = position.stop
    if not position.quantity:
        return _withdraw(state, position, stop) if stop else []
    if position.foreign:
        return []
    if stop is None:
        return _protect(state, position)
    if stop.state in _UNCONFIRMED:
        return _confirm(state, position, stop)
    hangs = stop.state is StopState.FIRED and state.now_ns >= stop.fired_ns + STOP_FIRED_NS
    if hangs or stop.state is StopState.ENDED:
        position.exit_reason = position.exit_reason or "stop"
    elif stop.missing >= 2:
        position.exit_reason = position.exit_reason or "stop_vanished"
    return _ask(state, stop) if stop.missing else []


def _protect(state: EngineState, position: Position) -> list[Action]:
    """Send the stop; a position that was flat before and has filled late is closed instead of protected anew."""
    if position.id == position.closed_id:
        position.exit_reason = position.exit_reason or "late_fill"
        return []
    judged = judge(_intent(state, position), state)
    if not isinstance(judged, Approved):
        position.exit_reason = position.exit_reason or "no_stop"
        return []
    stop = position.stop = Stop(judged.intent, StopState.SENT, state.now_ns)
    is_due(stop.send, state.now_ns)
    return [place(state, judged)]


def _intent(state: EngineState, position: Position) -> Intent:
    return Intent(
        client_id=stop_id(position.id),
        position=position.id,
        symbol=position.symbol,
        purpose=Purpose.STOP,
        side=Side.SELL if position.quantity > 0 else Side.BUY,
        type=OrderType.STOP_MARKET,
        quantity=0,
        trigger_price=stop_price(state, position),
        reduce_only=True,
        reason="protection",
    )


def _confirm(state: EngineState, position: Position, stop: Stop) -> list[Action]:
    """Ask, and send again under the same id; close a position whose stop stays unconfirmed."""
    if state.now_ns >= stop.sent_ns + STOP_CONFIRM_NS:
        position.exit_reason = position.exit_reason or "unconfirmed_stop"
    actions: list[Action] = []
    if stop.state is StopState.UNKNOWN or state.now_ns >= stop.send.due_ns:
        actions += _ask(state, stop)
    due = stop.state in _TO_SEND and _may_try(state, stop.send)
    if due and isinstance(judged := judge(stop.intent, state), Approved):
        stop.state = StopState.SENT if stop.state is StopState.REFUSED else stop.state
        actions.append(place(state, judged, again=True))
    return actions


def _withdraw(state: EngineState, position: Position, stop: Stop) -> list[Action]:
    """Cancel the stop of a flat position until its end is proven."""
    if position.differs_ns:
        return []  # the venue may still have a position: its stop stays
    if stop.state in _NOWHERE:
        position.closed_id, position.id, position.stop, position.foreign = position.id, "", None, False
        return []
    name, actions = stop.intent.client_id, _outlives(state, position, stop.intent.client_id)
    if stop.cancel.asked_ns and not stop.cancel.outstanding:
        actions += _ask(state, stop)
    if _may_try(state, stop.cancel):
        actions.append(CancelStop(state.now_ns, position.symbol, name, "flat"))
    return actions


def _ask(state: EngineState, stop: Stop) -> list[Action]:
    """Ask for the stop by its id."""
    intent = stop.intent
    return ask(state, stop.query, Request.STOP, intent.symbol, intent.client_id, longest_wait_ns=LONGEST_URGENT_WAIT_NS)


def _may_try(state: EngineState, attempts: Query) -> bool:
    """True if the venue takes requests and it is time for the next attempt."""
    return state.now_ns >= state.quiet_until_ns and is_due(attempts, state.now_ns, LONGEST_URGENT_WAIT_NS)


def _outlives(state: EngineState, position: Position, client_id: str) -> list[Action]:
    """Name a stop that may still be open some time after its position is flat, once."""
    if client_id in state.named_stops or state.now_ns < position.flat_ns + STOP_AFTER_FLAT_NS:
        return []
    state.named_stops.add(client_id)
    text = (
        f"{position.symbol}: the stop {client_id} may still be open, {STOP_AFTER_FLAT_NS // S} s after its "
        "position was closed. Its cancel is repeated; look at the open conditional orders."
    )
    return alert(state, "stop_open_after_flat", position.symbol, text)


def on_answer(state: EngineState, event: Answered) -> list[Action]:
    """The answer to PLACE_STOP, CANCEL_STOP or STOP."""
    stop = _stop_named(state, event.symbol, event.client_id)
    if stop is None:
        return []
    if event.request is Request.PLACE_STOP:
        _placed(state.positions[event.symbol], stop, event)
    elif event.request is Request.CANCEL_STOP:
        answered(stop.cancel)
        if event.outcome is RequestOutcome.ACCEPTED:
            stop.state = StopState.ENDED
    else:
        answered(stop.query)
        if event.outcome is RequestOutcome.RECONCILE:
            _not_found(stop)
    return []


def _placed(position: Position, stop: Stop, event: Answered) -> None:
    """Only a stop of which nothing is known yet is changed: a report says more than an answer."""
    answered(stop.send)
    if stop.state not in _UNCONFIRMED:
        return
    if event.outcome is RequestOutcome.ACCEPTED:
        stop.state = StopState.RESTING
    elif event.outcome is RequestOutcome.REJECTED:
        # An earlier sending of unknown outcome may rest: only the first one is ended by a refusal.
        stop.state = StopState.UNKNOWN if stop.resent else StopState.ENDED
        if event.code == ALREADY_THROUGH:
            position.exit_reason = position.exit_reason or "stop"
    elif event.outcome is RequestOutcome.NOT_ACCEPTED and event.code != OVERLOADED and not stop.resent:
        stop.state = StopState.REFUSED
    else:
        stop.state, stop.resent = StopState.UNKNOWN, True


def _not_found(stop: Stop) -> None:
    """Stops that had landed were missing from queries for over half an hour: only after that is it proof."""
    stop.missing += stop.state is StopState.RESTING
    if proves_absence(stop.query.asked_ns, max(stop.send.asked_ns, stop.sent_ns)):
        stop.state = StopState.ENDED


def on_report(state: EngineState, report: StopReport) -> list[Action]:
    """A stop as the venue has it."""
    if report.order_id:
        state.order_ids[report.order_id] = report.client_id
        state.unattributed.pop(report.order_id, None)
    stop = _stop_named(state, report.symbol, report.client_id)
    if stop is None:
        return _orphan(state, report)
    if report.witness is Witness.QUERY:
        answered(stop.query)
    stop.order_id = report.order_id or stop.order_id
    if stop.state is StopState.ENDED:
        return []
    if report.status in _GONE:
        stop.state = StopState.ENDED
    elif report.status in _FIRED:
        stop.fired_ns = stop.fired_ns or state.now_ns
        stop.state = StopState.FIRED
    elif stop.state in (*_UNCONFIRMED, StopState.RESTING):
        stop.state, stop.missing = StopState.RESTING, 0
    return []


def _orphan(state: EngineState, report: StopReport) -> list[Action]:
    """A stop of this run that rests though its position is gone is cancelled; one of somebody else is left alone."""
    if report.status is not AlgoStatus.NEW or not report.client_id.startswith(f"{state.run}-"):
        return []
    cancel = CancelStop(state.now_ns, report.symbol, report.client_id, "no position")
    listed = report.witness is Witness.QUERY  # a frame may be late: the stop had not ended when it was sent
    return [cancel, *(_outlives(state, state.positions[report.symbol], report.client_id) if listed else [])]


def on_open_stops(state: EngineState, report: OpenStopsReport) -> list[Action]:
    """All open stops of a symbol. One that is missing is asked about by its id; two answers decide."""
    answered(state.markets[report.symbol].query(Request.OPEN_STOPS))
    actions = [action for entry in report.stops for action in on_report(state, entry)]
    stop = state.positions[report.symbol].stop
    if stop and stop.state is StopState.RESTING and report.asked_ns > stop.sent_ns:
        shown = any(entry.client_id == stop.intent.client_id for entry in report.stops)
        stop.missing = 0 if shown else max(1, stop.missing)
    return actions


def watch_stop(state: EngineState, position: Position, every_ns: int) -> list[Action]:
    """Ask for the open stops now and then while a position is open."""
    query = state.markets[position.symbol].query(Request.OPEN_STOPS)
    return watch(state, query, Request.OPEN_STOPS, position.symbol, every_ns)


def _stop_named(state: EngineState, symbol: str, client_id: str) -> Stop | None:
    stop = state.positions[symbol].stop
    return stop if stop and stop.intent.client_id == client_id else None
