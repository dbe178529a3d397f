"""What each symbol needs after an event: orders to cancel, questions, stops and exits; and when to look again."""

from collections.abc import Iterator

from live.engine import exits, fees, funding, protection
from live.engine.actions import Action, CancelOrder, WakeAt
from live.engine.constants import (
    ASK_AFTER_NS,
    ATTRIBUTION_NS,
    BELIEVE_CLOSED_NS,
    BELIEVE_OPEN_NS,
    DIFFERENCE_GRACE_NS,
    LONGEST_URGENT_WAIT_NS,
    LONGEST_WAIT_NS,
    MS,
    STOP_AFTER_FLAT_NS,
    STOP_CONFIRM_NS,
    STOP_FIRED_NS,
    WATCH_NS,
    S,
)
from live.engine.events import Request
from live.engine.intents import Purpose
from live.engine.latching import latch
from live.engine.orders.answers import settle
from live.engine.orders.reports import candidates
from live.engine.positions import believe_report, hold_ns
from live.engine.queries import answered, ask, is_due, next_ns, restart, watch
from live.engine.state import EngineState, Market, Order, OrderState, Position, Query, StopState
from live.enums import TimeInForce

_NEVER_NS = 2**62
_LOOK_BACK_NS = 600 * S


def tend(state: EngineState, symbol: str) -> list[Action]:
    """What a symbol needs now."""
    market, position = state.markets[symbol], state.positions[symbol]
    actions: list[Action] = []
    for order in [order for order in state.working.values() if order.intent.symbol == symbol]:
        actions += _tend_order(state, market, order)
    if not position.idle:
        actions += _tend_position(state, market, position)
    if symbol in fees.unknown(state.account):
        actions += _ask_trades(state, market)
    return actions


def tend_all(state: EngineState) -> list[Action]:
    """What every symbol needs now, and the fills that nobody has explained."""
    actions = _foreign(state) + funding.tend(state) + fees.tend(state)
    for symbol in state.markets:
        actions += tend(state, symbol)
    return actions


def _tend_order(state: EngineState, market: Market, order: Order) -> list[Action]:
    """Cancel an entry that has waited for too long, ask about an order in doubt, fetch fills that are missing."""
    intent, actions = order.intent, list[Action]()
    reason = _reason_to_cancel(state, order)
    if reason and state.now_ns >= state.quiet_until_ns and is_due(order.cancel, state.now_ns):
        actions.append(CancelOrder(state.now_ns, intent.symbol, intent.client_id, reason))
    if order.state is OrderState.UNKNOWN or _is_late(state, order):
        actions += _ask_about(state, market, order)
    if order.reported > order.filled and state.now_ns >= state.positions[intent.symbol].filled_ns + ASK_AFTER_NS:
        actions += _ask_trades(state, market, LONGEST_URGENT_WAIT_NS)
        if (
            intent.purpose is Purpose.ENTRY
        ):  # the list may lack the trades for minutes, and what was filled needs a stop
            query = market.query(Request.POSITION)
            actions += ask(state, query, Request.POSITION, intent.symbol, longest_wait_ns=LONGEST_URGENT_WAIT_NS)
    settle(state, order)
    return actions


def _ask_about(state: EngineState, market: Market, order: Order) -> list[Action]:
    """Ask about an order that is late; where its fate is unknown, also for what it may have done, at the same pace."""
    asked = ask(state, order.query, Request.ORDER, order.intent.symbol, order.intent.client_id)
    if not asked or order.state is not OrderState.UNKNOWN:
        return asked
    asked += ask(state, market.query(Request.POSITION), Request.POSITION, order.intent.symbol)
    asked += ask(state, market.query(Request.OPEN_ORDERS), Request.OPEN_ORDERS, order.intent.symbol)
    return asked + _ask_trades(state, market)


def _reason_to_cancel(state: EngineState, order: Order) -> str:
    """Why an entry that may rest must not: entries have ended or are paused, or it has waited too long."""
    if order.intent.purpose is not Purpose.ENTRY or order.state.ended:
        return ""
    reasons = {
        "latch": state.latch is not None,
        "stopping": state.stopping,
        "paused": state.paused,
        "exit": _is_left(order, state.positions[order.intent.symbol]),
        "waited": state.now_ns >= order.sent_ns + state.settings.entry_wait_ms * MS,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _is_left(order: Order, position: Position) -> bool:
    """True if the position that an entry belongs to is being closed, or was."""
    return bool(position.exit_reason) and order.intent.position in (position.id, position.closed_id)


def _is_late(state: EngineState, order: Order) -> bool:
    """True for an order that should have been answered, or have ended, by now; one that rests is watched."""
    if _rests(order):
        return state.now_ns >= max(order.sent_ns, order.query.asked_ns) + WATCH_NS
    return not order.state.ended and state.now_ns >= order.sent_ns + ASK_AFTER_NS


def _rests(order: Order) -> bool:
    resting = order.state is OrderState.OPEN and order.intent.time_in_force is TimeInForce.GTX
    return resting and not order.cancel.asked_ns


def ask_again_for_all(state: EngineState) -> list[Action]:
    """Ask for what a stream that was down may have missed, of every symbol, whether the engine trades it or not."""
    actions: list[Action] = []
    for symbol, market in state.markets.items():
        for request in (Request.OPEN_ORDERS, Request.OPEN_STOPS, Request.POSITION):
            actions += ask(state, _anew(market, request), request, symbol)
        _anew(market, Request.TRADES)
        actions += _ask_trades(state, market)
    return actions


def _anew(market: Market, request: Request) -> Query:
    """A query whose earlier answers are not waited for: they may be older than what the stream missed."""
    query = market.query(request)
    answered(query)
    restart(query)
    return query


def _ask_trades(state: EngineState, market: Market, longest_wait_ns: int = LONGEST_WAIT_NS) -> list[Action]:
    since_ns = max((market.trades_since_ns or state.now_ns) - _LOOK_BACK_NS, state.started_ns)
    query, symbol = market.query(Request.TRADES), market.contract.symbol
    return ask(state, query, Request.TRADES, symbol, from_ns=since_ns, longest_wait_ns=longest_wait_ns)


def _tend_position(state: EngineState, market: Market, position: Position) -> list[Action]:
    """Compare with the venue, protect, exit; watch what is open."""
    actions = _settle_difference(state, market, position)
    actions += protection.tend(state, position)
    actions += exits.tend(state, position)
    position_query = market.query(Request.POSITION)
    if position.quantity:
        every_ns = _watch_every_ns(position)
        actions += watch(state, position_query, Request.POSITION, position.symbol, every_ns)
        actions += protection.watch_stop(state, position, WATCH_NS)
    elif not position.compared and state.now_ns >= position.compare_from_ns:
        actions += ask(state, position_query, Request.POSITION, position.symbol)
    return actions


def _watch_every_ns(position: Position) -> int:
    """How often to ask for a position: one that is being closed as often as its exits may be sent."""
    return max(ASK_AFTER_NS, position.exit_wait_ns) if position.exit_reason and not position.dust else WATCH_NS


def _settle_difference(state: EngineState, market: Market, position: Position) -> list[Action]:
    """Fills and reports disagree: ask for trades and position, and believe the venue if nothing explains it."""
    if not position.differs_ns or state.now_ns < position.differs_ns + DIFFERENCE_GRACE_NS:
        return []
    query, wait_ns = market.query(Request.POSITION), LONGEST_URGENT_WAIT_NS
    actions = ask(state, query, Request.POSITION, position.symbol, longest_wait_ns=wait_ns)
    actions += _ask_trades(state, market, wait_ns)
    grown = abs(position.reported) > abs(position.quantity)
    believe_ns = position.differs_ns + (BELIEVE_OPEN_NS if grown else BELIEVE_CLOSED_NS)
    asked_ns = min(market.trades_asked_ns, position.queried_ns)
    if asked_ns >= believe_ns and position.reported_ns >= asked_ns:
        actions += believe_report(state, position)
    return actions


def _foreign(state: EngineState) -> list[Action]:
    """Orders that nothing explains after a while are somebody else's: entries end."""
    actions: list[Action] = []
    for order_id, waiting in list(state.unattributed.items()):
        symbol = waiting.symbol
        if order_id in state.order_ids:
            del state.unattributed[order_id]
        elif state.now_ns >= waiting.since_ns + ATTRIBUTION_NS and not candidates(state, symbol, waiting.side):
            del state.unattributed[order_id]
            text = f"{symbol}: order {order_id} is not of this run. Entries have ended; see who else trades here."
            actions += latch(state, "foreign_order", symbol, text)
    return actions


def wake(state: EngineState) -> list[Action]:
    """When to look again, if that is another time than was last asked for."""
    now_ns = state.now_ns
    due_ns = min([due_ns for due_ns in _due(state) if due_ns > now_ns], default=_NEVER_NS)
    if due_ns >= _NEVER_NS or now_ns < state.wake_ns <= due_ns:
        return []
    state.wake_ns = due_ns
    return [WakeAt(now_ns, due_ns)]


def _due(state: EngineState) -> Iterator[int]:
    """Times at which something may have to be done."""
    yield from (state.quiet_until_ns, state.funding_check_ns)
    if state.funding_check_ns:
        yield next_ns(state.funding_query)
    yield from (next_ns(known.query) for known in state.fee_prices.values() if known.wanted)
    for order in state.working.values():
        yield from (order.sent_ns + ASK_AFTER_NS, next_ns(order.query), next_ns(order.cancel))
        yield max(order.sent_ns, order.query.asked_ns) + WATCH_NS if _rests(order) else _NEVER_NS
        if order.intent.purpose is Purpose.ENTRY:
            yield order.sent_ns + state.settings.entry_wait_ms * MS
    unsettled = {order.intent.symbol for order in state.working.values()} | fees.unknown(state.account)
    for symbol, market in state.markets.items():
        position = state.positions[symbol]
        if symbol in unsettled or not position.idle:
            yield from (next_ns(query) for query in market.queries.values())
        if not position.idle:
            yield from _due_of_position(state, market, position)
    yield from (waiting.since_ns + ATTRIBUTION_NS for waiting in state.unattributed.values())


def _due_of_position(state: EngineState, market: Market, position: Position) -> Iterator[int]:
    yield position.compare_from_ns
    stop = position.stop
    if stop:
        yield from (next_ns(query) for query in (stop.send, stop.query, stop.cancel))
        yield (
            stop.sent_ns + STOP_CONFIRM_NS
            if stop.state in (StopState.SENT, StopState.UNKNOWN, StopState.REFUSED)
            else _NEVER_NS
        )
        yield stop.fired_ns + STOP_FIRED_NS if stop.state is StopState.FIRED else _NEVER_NS
        named = stop.intent.client_id in state.named_stops
        yield _NEVER_NS if position.quantity or named else position.flat_ns + STOP_AFTER_FLAT_NS
    if position.differs_ns:
        yield from (position.differs_ns + DIFFERENCE_GRACE_NS, state.now_ns + ASK_AFTER_NS)
    if position.quantity:
        longest_ns = hold_ns(state)
        yield position.opened_ns + longest_ns if longest_ns else _NEVER_NS
        yield market.query(Request.POSITION).asked_ns + _watch_every_ns(position)
        yield position.exit_after_ns or _NEVER_NS
