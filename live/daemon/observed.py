"""What is kept of a run for its status: refusals, how often it alerted, and when its stops were last seen."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from live.account.closing.refusals import LASTING, PASSING, PASSING_CODES
from live.client.wire import S
from live.control.protocol import Cover, RefusedStatus
from live.engine.actions import Action, Alert
from live.engine.events import (
    Answered,
    Command,
    Commanded,
    Event,
    OpenStopsReport,
    Request,
    RequestOutcome,
    StopReport,
)
from live.engine.intents import Purpose
from live.engine.state import EngineState, Position, StopState

SEEN_WITHIN_NS: Final = 10 * S
"""A stop that no answer and no event has shown for longer may be gone: it is asked for every 4 s."""
OF_THE_MARKET: Final = frozenset({-2021, -5021, -5022})
"""The price has moved since the order was decided: no refusal of what is wrong with it."""
_REFUSED: Final = (RequestOutcome.REJECTED, RequestOutcome.RECONCILE)
_NAMES: Final = {
    Request.PLACE_STOP: "protect",
    Request.CANCEL: "cancel an order of",
    Request.CANCEL_STOP: "cancel the stop of",
}


class EndedAction(NamedTuple):
    """An action that is not tried again. purpose: of its orders."""

    purpose: Purpose
    text: str


@dataclass
class _Row:
    code: int = 0
    times: int = 0
    purpose: Purpose = Purpose.STOP

    @property
    def allowed(self) -> int:
        return PASSING if self.code in PASSING_CODES else LASTING


@dataclass
class Observed:
    """alerts: how often each was raised since the process began. seen_ns: by symbol, when a stop was last seen."""

    alerts: Counter[str] = field(default_factory=Counter)
    seen_ns: dict[str, int] = field(default_factory=dict)
    _rows: dict[str, _Row] = field(default_factory=dict)

    def on_event(self, event: Event, actions: Iterable[Action], state: EngineState) -> EndedAction | None:
        """Keep what an event and the engine's actions on it say; returns an action that its last refusal has ended."""
        self.alerts.update(action.code for action in actions if isinstance(action, Alert))
        if isinstance(event, OpenStopsReport | StopReport):
            self._see(event)
        elif isinstance(event, Commanded) and event.command is Command.RESUME:
            self._rows = {name: row for name, row in self._rows.items() if row.purpose is not Purpose.ENTRY}
        elif isinstance(event, Answered):
            return self._answered(event, state)
        return None

    def _see(self, event: OpenStopsReport | StopReport) -> None:
        as_of_ns = event.asked_ns if isinstance(event, OpenStopsReport) else event.time_ns
        self.seen_ns[event.symbol] = max(self.seen_ns.get(event.symbol, 0), as_of_ns)

    def _answered(self, event: Answered, state: EngineState) -> EndedAction | None:
        name, purpose = _action_of(event, state)
        if not name or event.code in OF_THE_MARKET:
            return None
        if event.outcome is RequestOutcome.ACCEPTED:
            self._rows.pop(name, None)
        if event.outcome not in _REFUSED:
            return None
        row = self._rows.setdefault(name, _Row(purpose=purpose))
        row.code, row.times = event.code, row.times + 1 if row.code == event.code else 1
        return EndedAction(purpose, _text(name, row)) if row.times == row.allowed else None

    @property
    def refused(self) -> tuple[RefusedStatus, ...]:
        """Actions whose last answers were the same refusal, `LASTING` times or more."""
        rows = [(name, row) for name, row in self._rows.items() if row.times >= LASTING]
        return tuple(RefusedStatus(name, row.code, row.times, row.times >= row.allowed) for name, row in rows)

    def cover(self, position: Position, now_ns: int) -> Cover:
        """Whether the stops at the venue add up to a position, as far as is known."""
        stop = position.stop
        if position.foreign:
            return Cover.UNKNOWN  # stops of others are not the run's to judge
        if stop is None or stop.state in (StopState.REFUSED, StopState.ENDED):
            return Cover.UNPROTECTED
        seen_ns = max(self.seen_ns.get(position.symbol, 0), stop.sent_ns, position.opened_ns)
        certain = stop.state is StopState.RESTING and not (stop.missing or position.differs_ns)
        return Cover.COVERED if certain and now_ns < seen_ns + SEEN_WITHIN_NS else Cover.UNKNOWN


def _text(name: str, row: _Row) -> str:
    return f"{name}: refused {row.times} times in a row with {row.code}"


def _action_of(event: Answered, state: EngineState) -> tuple[str, Purpose]:
    """The name of what was asked for; empty for a query."""
    if event.request is Request.PLACE:
        order = state.orders.get(event.client_id)
        if order is None:
            return "", Purpose.EXIT
        verb = "enter" if order.intent.purpose is Purpose.ENTRY else "exit"
        return f"{verb} {event.symbol}", order.intent.purpose
    name = _NAMES.get(event.request, "")
    return (f"{name} {event.symbol}" if name else ""), Purpose.STOP


def notes_of(refused: Iterable[RefusedStatus]) -> Iterator[str]:
    """Lines for a person."""
    for one in refused:
        ended = " It is not tried again." if one.ended else ""
        yield f"{one.action}: refused {one.times} times in a row with {one.code}.{ended}"
