"""Invariants of what the engine sends, seen from the events that it was given before."""

from typing import TypeGuard

from live.engine.actions import Action, PlaceOrder
from live.engine.constants import CLOCK_TOLERANCE_NS, RECV_WINDOW_NS
from live.engine.events import Answered, Command, Commanded, Event, OrderReport, Request, RequestOutcome
from live.engine.intents import Intent, Purpose
from live.engine.state import EngineState
from live.schedules.watch import ExchangeWatch

_REFUSED = (RequestOutcome.REJECTED, RequestOutcome.NOT_ACCEPTED, RequestOutcome.RECONCILE)


class SentOrders:
    """Every order of a run. Call `before` with each event, and `after` with it and the actions that followed."""

    def __init__(self, watch: ExchangeWatch) -> None:
        self._watch = watch
        self._ended = self._paused = False
        self._exits_ns: dict[str, tuple[str, int]] = {}
        self._filled: set[str] = set()

    def before(self, event: Event, state: EngineState) -> None:
        """Take what the engine is about to learn."""
        self._ended |= state.latch is not None
        if isinstance(event, Commanded):
            self._on_command(event.command)
        elif (isinstance(event, OrderReport) and not event.status.open) or _is_refusal(event):
            self._exit_ended(event.symbol, event.client_id)

    def after(self, event: Event, actions: list[Action], state: EngineState) -> None:
        """Note what is in the journal and about to leave, and check it."""
        for action in actions:
            if isinstance(action, PlaceOrder):
                self._check(action)
        if isinstance(event, OrderReport) and event.fill:
            self._check_protected(event, state)

    def _on_command(self, command: Command) -> None:
        """PAUSE holds until RESUME; a kill and STOP hold for good."""
        self._ended |= command in (Command.KILL, Command.STOP)
        if command in (Command.PAUSE, Command.RESUME):
            self._paused = command is Command.PAUSE

    def _exit_ended(self, symbol: str, client_id: str) -> None:
        if self._exits_ns.get(symbol, ("", 0))[0] == client_id:
            del self._exits_ns[symbol]

    def _check(self, action: PlaceOrder) -> None:
        intent, known = action.approved.intent, self._watch.intents.get(action.approved.intent.client_id)
        if known is not None and not (action.again and known == intent):
            self._watch.found("intent_once", f"{intent.client_id} was sent twice")
        if intent.purpose is Purpose.ENTRY and (self._ended or self._paused):
            self._watch.found("entries_ended", f"{intent.client_id} was sent after entries had ended")
        if intent.purpose is Purpose.EXIT:
            self._check_exit(intent, action.time_ns)
        self._watch.intents[intent.client_id] = intent

    def _check_exit(self, intent: Intent, now_ns: int) -> None:
        """One at a time: the next one only when the last has ended, or could not be accepted any more."""
        name, sent_ns = self._exits_ns.get(intent.symbol, ("", 0))
        if name and now_ns <= sent_ns + RECV_WINDOW_NS + CLOCK_TOLERANCE_NS:
            self._watch.found("one_exit", f"{intent.client_id} was sent while {name} might still be carried out")
        self._exits_ns[intent.symbol] = intent.client_id, now_ns

    def _check_protected(self, event: OrderReport, state: EngineState) -> None:
        """The stop of a position, or an exit, leaves in the step in which the first fill of its entry is learnt.

        A position that the engine has believed before that is protected under another id.
        """
        entry = self._watch.intents.get(event.client_id)
        if entry is None or entry.purpose is not Purpose.ENTRY or event.client_id in self._filled:
            return
        self._filled.add(event.client_id)
        if state.positions[event.symbol].believed:
            return
        if self._watch.others or not self._watch.positions.get(event.symbol) or state.now_ns < state.quiet_until_ns:
            return
        if not any(
            intent.position == entry.position and intent.purpose is not Purpose.ENTRY
            for intent in self._watch.intents.values()
        ):
            self._watch.found("stop_at_once", f"{event.client_id} has filled, and neither a stop nor an exit was sent")


def _is_refusal(event: Event) -> TypeGuard[Answered]:
    return isinstance(event, Answered) and event.request is Request.PLACE and event.outcome in _REFUSED
