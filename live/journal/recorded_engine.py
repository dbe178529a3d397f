"""The engine between its journal and its gate: nothing leaves it that is not written first and checked once more."""

import hashlib
from collections import deque
from collections.abc import Iterable

import msgspec

from live.engine.actions import Action, CancelOrder, CancelStop, PlaceOrder
from live.engine.engine import MakeSignal, start, step
from live.engine.events import Answered, BookChanged, Command, Commanded, Event, Request, RequestOutcome, Started
from live.engine.gate.gate import Gate
from live.engine.intents import Purpose
from live.engine.quiet import Quiet, pass_books, quiet
from live.engine.signals.imbalance import ImbalanceSignal
from live.engine.state import EngineState
from live.journal.encoding import journalled_intent, whole
from live.journal.writer import Journal, NoJournal

_LEAVING = (PlaceOrder, CancelOrder, CancelStop)


class RecordedEngine:
    """One run of the engine.

    make_signal: another signal than the imbalance, for controls; their journals cannot be replayed.
    state: the engine's, to look at and never to change. gate_refusals: why the gate held orders back, each a defect of
    the engine: before the next event it is given `answered` (rejected) for the order, which is true, and is killed.

    Raises:
        LooserLimitsError: the limits are above those of the capital; nothing was written.
    """

    def __init__(self, journal: Journal, event: Started, make_signal: MakeSignal = ImbalanceSignal) -> None:
        self._gate = Gate(event.limits, event.capital, event.contracts, event.strategy.stop_bps)
        self.state: EngineState = start(event, make_signal)
        journal.event(event)
        self.journal = journal
        self.gate_refusals: list[str] = []
        self._consequences: deque[Answered | Commanded] = deque()
        self._decisions = hashlib.sha256()

    @property
    def decisions_sha256(self) -> str:
        """SHA-256 over all actions so far, each as the JSON that `whole` makes of it and a line feed."""
        return self._decisions.hexdigest()

    def step(self, event: Event) -> list[Action]:
        """Write the event, let the engine decide, write what it wants, and return what may be carried out, in order.

        Raises:
            JournalError: something is not in the journal. No action of this step may be carried out.
        """
        actions: list[Action] = []
        while self._consequences:
            actions += self._step(msgspec.structs.replace(self._consequences.popleft(), time_ns=event.time_ns))
        return actions + self._step(event) if actions else self._step(event)

    def quiet(self, symbol: str) -> Quiet | None:
        """On which books of a symbol the engine would do nothing; None if it may do something on any."""
        return None if self._consequences else quiet(self.state, symbol)

    def pass_books(self, books: Iterable[BookChanged], last: BookChanged) -> None:
        """As `step`, of books on which the engine does nothing, and whose signal has followed them.

        Raises:
            JournalError: one is not in the journal.
        """
        if not isinstance(self.journal, NoJournal):
            for book in books:
                self.journal.event(book)
        pass_books(self.state, last)

    def again(self, event: Event) -> list[Action]:
        """Take an event that is in the journal already: nothing is written. Returns all that the engine decides on it.

        What a gate's refusal has brought about is in the journal as well, directly behind it.
        """
        if self._consequences:
            self._consequences.popleft()
        self._gate.observe(event)
        actions = step(self.state, event)
        for action in actions:
            text = whole(action)
            self._decisions.update(text + b"\n")
            self._passes(action, text)
        return actions

    def _step(self, event: Event) -> list[Action]:
        self.journal.event(event)
        self._gate.observe(event)
        actions = step(self.state, event)
        return self._released(event.time_ns, actions) if actions else actions

    def _released(self, time_ns: int, actions: list[Action]) -> list[Action]:
        """The actions that may be carried out, all of them written."""
        encoded = [whole(action) for action in actions]
        for action, text in zip(actions, encoded, strict=True):
            self.journal.entry(action, text)
            self._decisions.update(text + b"\n")
        if any(isinstance(action, _LEAVING) for action in actions):
            self.journal.flush(time_ns, leaving=True)
        return [action for action, text in zip(actions, encoded, strict=True) if self._passes(action, text)]

    def _passes(self, action: Action, encoded: bytes) -> bool:
        if not isinstance(action, PlaceOrder):
            return True
        reason = self._gate.check(action, journalled_intent(encoded))
        if reason is None:
            self._gate.sent(action)
            return True
        self.gate_refusals.append(reason)
        self._consequences += _consequences(action, reason)
        return False


def _consequences(order: PlaceOrder, reason: str) -> tuple[Answered, Commanded]:
    """What the engine is given after an order was held back: it was not sent and will not be, and the run ends."""
    intent = order.approved.intent
    request = Request.PLACE_STOP if intent.purpose is Purpose.STOP else Request.PLACE
    rejected = Answered(order.time_ns, request, intent.symbol, intent.client_id, RequestOutcome.REJECTED)
    return rejected, Commanded(order.time_ns, Command.KILL, f"gate: {reason}")
