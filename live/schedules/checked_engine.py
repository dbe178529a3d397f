"""The engine with its journal and its gate, whose state is checked after every step."""

from io import BytesIO

from live.engine.actions import Action
from live.engine.events import Event, Started
from live.engine.state import EngineState, Latch
from live.journal.opening import memory_journal
from live.journal.recorded_engine import RecordedEngine
from live.schedules.deadlines import Deadlines
from live.schedules.sent_orders import SentOrders
from live.schedules.watch import ExchangeWatch
from skills_lib.domain.errors import TwokeyError
from skills_lib.trades.journal.reading import checked_records


class CheckedEngine:
    """events: how many it took."""

    def __init__(self, started: Started, watch: ExchangeWatch, deadlines: Deadlines) -> None:
        self._journal, self._sink = memory_journal(started.time_ns, started.run)
        self._engine = RecordedEngine(self._journal, started)
        self._watch, self._deadlines = watch, deadlines
        self._sent = SentOrders(watch)
        self._latch: Latch | None = None
        self.events = 0

    @property
    def state(self) -> EngineState:
        """The engine's."""
        return self._engine.state

    def step(self, event: Event) -> list[Action]:
        """Step, note what is in the journal before it leaves, and check."""
        self.events += 1
        self._sent.before(event, self.state)
        actions = self._engine.step(event)
        self._sent.after(event, actions, self.state)
        self._check_latch()
        while self._engine.gate_refusals:
            self._watch.found("gate", self._engine.gate_refusals.pop())
        self._deadlines.check(self.state)
        return actions

    def check_journal(self) -> None:
        """The journal in memory holds what was written, to its head."""
        self._journal.close()
        last = ""
        try:
            for record in checked_records(BytesIO(bytes(self._sink.data)), "journal"):
                last = record.hash
        except TwokeyError as error:
            self._watch.found("journal_whole", str(error))
        if last != self._journal.head:
            self._watch.found("journal_whole", "its last record is not its head")

    def _check_latch(self) -> None:
        now, before = self.state.latch, self._latch
        if before is not None and (now is None or (before.flatten and not now.flatten)):
            self._watch.found("latch_stays", f"{before.reason} was released")
        self._latch = now
