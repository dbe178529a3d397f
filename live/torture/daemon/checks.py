"""What is checked of a daemon in a schedule: over all of its lives, at the engine and at the exchange."""

from collections.abc import Callable

from live.engine.actions import Action
from live.engine.events import Event
from live.engine.state import EngineState, Latch
from live.journal.recorded_engine import RecordedEngine
from live.schedules.contact import Contact
from live.schedules.deadlines import Deadlines
from live.schedules.sent_orders import SentOrders
from live.schedules.watch import ExchangeWatch
from live.simulator.venue import LocalVenue

WatchSteps = Callable[[Event, list[Action]], None]


class DaemonChecks:
    """events: how many all engines took. watch_steps: called with each event and its actions."""

    def __init__(self, watch: ExchangeWatch, venue: LocalVenue, watch_steps: WatchSteps | None) -> None:
        self.watch, self._venue, self._watch_steps = watch, venue, watch_steps
        self._sent = SentOrders(watch)
        self._latch: Latch | None = None
        self._deadlines = Deadlines(watch, Contact(venue))
        self.events = 0

    def born(self) -> None:
        """Another process: what has lasted until now is not its fault."""
        self._deadlines = Deadlines(self.watch, Contact(self._venue))

    def step(self, engine: RecordedEngine, event: Event) -> list[Action]:
        """Step the engine, and check."""
        self.events += 1
        self._sent.before(event, engine.state)
        actions = engine.step(event)
        self._sent.after(event, actions, engine.state)
        self.latch_stays(engine.state)
        while engine.gate_refusals:
            self.watch.found("gate", engine.gate_refusals.pop())
        self._deadlines.check(engine.state)
        if self._watch_steps is not None:
            self._watch_steps(event, actions)
        return actions

    def latch_stays(self, state: EngineState) -> None:
        """What has ended entries outlives the process."""
        now, before = state.latch, self._latch
        if before is not None and (now is None or (before.flatten and not now.flatten)):
            self.watch.found("latch_stays", f"{before.reason} was released")
        self._latch = now


class CheckedRun:
    """A run's engine, whose steps are checked."""

    def __init__(self, engine: RecordedEngine, checks: DaemonChecks) -> None:
        self._engine, self._checks = engine, checks

    @property
    def state(self) -> EngineState:
        """The engine's."""
        return self._engine.state

    def step(self, event: Event) -> list[Action]:
        """As the engine's."""
        return self._checks.step(self._engine, event)
