"""Runs the events of a journal through the engine and compares every action with the journal's, byte for byte."""

import hashlib
from collections import deque
from pathlib import Path
from typing import NamedTuple

from live.engine.actions import Action
from live.engine.events import BookChanged, MarkChanged, Started
from live.journal.encoding import body_of, kind_of, whole
from live.journal.reading import ACTION_KINDS, RecordedAction, RecordedEvent, event_of_record, market_events
from live.journal.recorded_engine import RecordedEngine
from live.journal.writer import NoJournal
from skills_lib.domain.errors import CorruptDataError
from skills_lib.trades.journal.format import HEADER, MARKET
from skills_lib.trades.journal.reading import read_journal


class DecisionsDifferError(CorruptDataError):
    """The engine does not decide what the journal says it decided."""


class Replayed(NamedTuple):
    """A journal whose actions are those of the engine.

    decisions_sha256: over all actions since the last `started`. unwritten: actions of the last event that are not in
    the journal, as after a crash between the two.
    """

    events: int
    actions: int
    decisions_sha256: str
    unwritten: int


class JournalComparison:
    """The engine on a journal's events so far. unwritten: what it decided on the last event and the journal lacks."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.engine: RecordedEngine | None = None
        self.unwritten: deque[Action] = deque()
        self.events = 0
        self.actions = 0
        self.decisions = hashlib.sha256()

    def event(self, found: RecordedEvent) -> None:
        """Step the engine; all actions of the event before must have been found, unless a run begins here."""
        self.events += 1
        if isinstance(found.event, Started):
            self.engine = RecordedEngine(NoJournal(), found.event)
            self.decisions = hashlib.sha256()
            self.unwritten.clear()
        elif self.unwritten:
            decided = kind_of(self.unwritten[0])
            self._differ(found.line, f"the engine decides `{decided}` before it, which is not there")
        elif self.engine is None:
            self._differ(found.line, "no `started` comes before it")
        else:
            self.unwritten.extend(self.engine.again(found.event))

    def updates(self, line: int, events: list[BookChanged | MarkChanged]) -> None:
        """Step the engine with a block: only its last update can have decided anything, for actions end a block."""
        engine = self.engine
        if engine is None or self.unwritten:
            self.event(RecordedEvent(line, events[0]))
        assert engine is not None
        for event in events:
            if self.unwritten:
                self.event(RecordedEvent(line, event))
            if actions := engine.again(event):
                self.unwritten.extend(actions)
        self.events += len(events)

    def action(self, found: RecordedAction) -> None:
        """Compare with what the engine wanted."""
        record = found.record
        if not self.unwritten:
            self._differ(found.line, f"the engine does not decide this `{record.kind}`")
        action = self.unwritten.popleft()
        encoded = whole(action)
        same = (kind_of(action), action.time_ns, body_of(action, encoded))
        if same != (record.kind, record.time_ns, record.body_json):
            self._differ(found.line, f"the engine decides another `{kind_of(action)}` than this `{record.kind}`")
        self.actions += 1
        self.decisions.update(encoded + b"\n")

    def _differ(self, line: int, what: str) -> None:
        raise DecisionsDifferError(f"{self.name}: line {line}: {what}. The code or the journal changed since.")


def compared(path: Path) -> JournalComparison:
    """Rebuild the engine from each `started` and run everything that follows.

    Raises:
        InputError: no file, or not a journal.
        JournalDamagedError: the file is not what was written.
        DecisionsDifferError: the first action that differs, by its line.
    """
    comparison = JournalComparison(path.name)
    for record in read_journal(path):
        line = record.sequence + 1
        if record.kind == MARKET:
            comparison.updates(line, market_events(record, path.name))
        elif record.kind in ACTION_KINDS:
            comparison.action(RecordedAction(line, record))
        elif record.kind != HEADER:
            comparison.event(RecordedEvent(line, event_of_record(record, path.name)))
    return comparison


def replay_journal(path: Path) -> Replayed:
    """What a journal's events come to; raises as `compared`."""
    found = compared(path)
    return Replayed(found.events, found.actions, found.decisions.hexdigest(), len(found.unwritten))
