"""Conditions under which a run is killed though nobody asks for it. Without clock, files and sockets."""

from collections import deque
from typing import Final

from live.client.wire import S
from live.daemon.opening import Skew
from live.engine.constants import CLOCK_TOLERANCE_NS
from live.engine.events import Answered, BookChanged, Event, Request, RequestOutcome
from live.engine.settings import BarSettings
from live.engine.signals.bars import BarSignal
from live.engine.state import EngineState, Position
from skills_lib.domain.timeframes import Timeframe

STALE_NS: Final = 20 * S
"""A position whose book brought nothing for so long is closed: a silent stream is opened again after 10 s."""
BAR_LATE_NS: Final = 60 * S
"""The exchange's list may have a bar this long after its close; one bar may be missed."""
ERRORS, ERRORS_WITHIN_NS = 10, 60 * S
"""So many orders and cancels that failed within so long: something is wrong that trying again does not mend."""
SKEW_READINGS: Final = 3
"""So many readings in a row of the exchange's clock must show the skew: one may have been late."""
_ORDERS: Final = (Request.PLACE, Request.PLACE_STOP, Request.CANCEL, Request.CANCEL_STOP)
_FAILED: Final = (RequestOutcome.UNKNOWN, RequestOutcome.NOT_ACCEPTED, RequestOutcome.REJECTED)


class Supervision:
    """Watches a run from `started_ns` on. skew_ns: the exchange's time less ours, as last read."""

    def __init__(self, started_ns: int) -> None:
        self._started_ns = started_ns
        self._usable_ns: dict[str, int] = {}
        self._errors: deque[int] = deque()
        self._skewed = 0
        self.skew_ns = 0

    def on_event(self, event: Event) -> None:
        """Count what failed, and note when each book was last usable."""
        if type(event) is BookChanged:
            if event.usable:
                self._usable_ns[event.symbol] = event.time_ns
        elif isinstance(event, Answered) and event.request in _ORDERS and event.outcome in _FAILED:
            self._errors.append(event.time_ns)

    def on_time(self, skew: Skew) -> None:
        """A reading of the exchange's clock."""
        self.skew_ns = skew.ahead_ns
        self._skewed = self._skewed + 1 if abs(skew.ahead_ns) > CLOCK_TOLERANCE_NS + skew.error_ns else 0

    def reason(self, state: EngineState, now_ns: int) -> str:
        """Why the run is to be killed; empty if it is not."""
        while self._errors and self._errors[0] <= now_ns - ERRORS_WITHIN_NS:
            self._errors.popleft()
        if len(self._errors) >= ERRORS:
            return f"error_rate: {len(self._errors)} orders and cancels failed within {ERRORS_WITHIN_NS // S} s"
        if self._skewed >= SKEW_READINGS:
            return f"clock_skew: the exchange's time differs by {self.skew_ns / S:.1f} s"
        return self._stale(state, now_ns) or self._barless(state, now_ns)

    def _stale(self, state: EngineState, now_ns: int) -> str:
        for position in state.positions.values():
            age_ns = now_ns - self._seen_ns(position)
            if position.quantity and age_ns > STALE_NS:
                return f"stale_data: {position.symbol} has a position and for {age_ns // S} s no usable book"
        return ""

    def _barless(self, state: EngineState, now_ns: int) -> str:
        """A position of a strategy on bars that has missed a whole bar: nothing decides when to close it."""
        if not isinstance(state.settings, BarSettings):
            return ""
        longest_ns = 2 * Timeframe.parse(state.settings.timeframe).seconds * S + BAR_LATE_NS
        for symbol, position in state.positions.items():
            signal = state.markets[symbol].signal
            decided = signal.decided if isinstance(signal, BarSignal) else None
            closed_ns = max(decided.bar_close_ns if decided else 0, position.opened_ns, self._started_ns)
            if position.quantity and not position.foreign and now_ns > closed_ns + longest_ns:
                return (
                    f"stale_data: {symbol} has a position and for {(now_ns - closed_ns) // S} s no bar was decided on"
                )
        return ""

    def _seen_ns(self, position: Position) -> int:
        return max(self._usable_ns.get(position.symbol, 0), position.opened_ns, self._started_ns)
