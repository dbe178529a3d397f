"""Invariants that only time reveals: for how long something is as it should not be while there is contact."""

from live.client.wire import S
from live.engine.intents import Purpose
from live.engine.state import EngineState, Position
from live.enums import AlgoStatus
from live.money import plain
from live.schedules.contact import Contact
from live.schedules.watch import ExchangeWatch

UNPROTECTED_NS = 10 * S
"""A position has neither a stop that rests nor an exit under way for at most so long."""
STOP_AFTER_FLAT_NS = 2 * S
COMPARING_NS = 30 * S
"""Longer than the engine waits before it believes that a position is closed (`BELIEVE_CLOSED_NS`)."""
UNCLOSED_NS = 10 * S
"""After a kill or STOP a position has no exit under way for at most so long."""


class Deadlines:
    """Called after every step of the engine. Time begins anew whenever contact was disturbed."""

    def __init__(self, watch: ExchangeWatch, contact: Contact) -> None:
        self._watch, self._contact = watch, contact
        self._since_ns: dict[tuple[str, str], int] = {}

    def check(self, state: EngineState) -> None:
        """Note what has begun and ended, and find what lasts for too long."""
        if self._watch.violations:
            return
        self._contact.look(state)
        for symbol, position in state.positions.items():
            held, stop = self._watch.positions.get(symbol, 0), self._resting_stop(symbol)
            if held or stop or self._since_ns:
                self._check_symbol(state, position, held, stop)

    def _check_symbol(self, state: EngineState, position: Position, held: int, stop: str) -> None:
        """held, stop: the exchange's position, and the client id of a stop that rests there."""
        open_here = bool(held) and not self._watch.others and not position.dust
        unclosed = open_here and not self._is_closing(state, position.symbol)
        killed = unclosed and (state.stopping or bool(state.latch and state.latch.flatten))
        late = bool(stop) and not held and not self._is_compared(state, position)
        text = "there is neither a stop nor an exit"
        self._lasts(state, "unprotected", position, unclosed and not stop, UNPROTECTED_NS, text)
        self._lasts(state, "flat_after_kill", position, killed, UNCLOSED_NS, "the position is not closed")
        self._lasts(state, "no_stop_after_flat", position, late, STOP_AFTER_FLAT_NS, f"{stop} rests")

    def _lasts(
        self, state: EngineState, invariant: str, position: Position, holds: bool, allowed_ns: int, text: str
    ) -> None:
        key = (invariant, position.symbol)
        if not holds:
            self._since_ns.pop(key, None)
            return
        since_ns = max(self._since_ns.setdefault(key, state.now_ns), self._contact.clear_ns)
        if state.now_ns > since_ns + allowed_ns:
            waited, held = (state.now_ns - since_ns) / 1e9, self._watch.positions.get(position.symbol, 0)
            text = f"{position.symbol}: for {waited:.3f} s of contact {text}, with a position of {plain(held)}"
            self._watch.found(invariant, text)

    @staticmethod
    def _is_compared(state: EngineState, position: Position) -> bool:
        """True while the engine finds out which is true, fills or reports: a stop stays as long as there may be a
        position."""
        return bool(position.differs_ns) and state.now_ns < position.differs_ns + COMPARING_NS

    def _is_closing(self, state: EngineState, symbol: str) -> bool:
        """True if an exit is under way, at the exchange or as far as the engine knows."""
        return any(
            order.intent.symbol == symbol and order.intent.purpose is Purpose.EXIT and not order.state.ended
            for order in state.working.values()
        ) or any(order.symbol == symbol and order.request.reduce_only for order in self._watch.working.values())

    def _resting_stop(self, symbol: str) -> str:
        """The client id of a stop that waits for its trigger; empty without one."""
        stops = self._watch.stops.get(symbol, {}).values()
        return next((stop.client_id for stop in stops if stop.status is AlgoStatus.NEW), "")
