"""Finds the step of the engine at which an order was decided."""

from pathlib import Path
from typing import NamedTuple

from live.engine.actions import Refusal
from live.engine.events import BookChanged, Started
from live.engine.intents import Intent
from live.journal.display.records import intent_of
from live.journal.encoding import JournalledOrder
from live.journal.reading import action_of_record, damage, event_of_record, market_events
from skills_lib.trades.journal.format import MARKET, Record
from skills_lib.trades.journal.market.model import BOOK
from skills_lib.trades.journal.market.unpacking import shapes_of
from skills_lib.trades.journal.reading import JournalDamagedError, read_journal

_STARTED = "started"


class Step(NamedTuple):
    """A decision with its sequence, the start of its run, and the book that it was made on."""

    sequence: int
    decision: JournalledOrder | Refusal
    intent: Intent
    start: Started
    book: BookChanged | None


def step_of(path: Path, sequence: int) -> Step:
    """The step of a decision's record.

    Raises:
        JournalDamagedError: no run was started before it, or the file is not what was written.
    """
    last: dict[str, Record] = {}
    start: Started | None = None
    for record in read_journal(path, unfinished=True):
        if record.kind in (MARKET, BOOK):
            last.update(dict.fromkeys(_symbols(record, path.name), record))
        elif record.kind == _STARTED:
            event = event_of_record(record, path.name)
            start, last = (event if isinstance(event, Started) else None), {}
        if record.sequence == sequence:
            break
    decision = action_of_record(record, path.name)
    intent = intent_of(decision)
    if start is None or intent is None or not isinstance(decision, JournalledOrder | Refusal):
        raise JournalDamagedError(f"{path.name}: line {sequence + 1} is of no run: no `started` comes before it.")
    return Step(sequence, decision, intent, start, _book(decision, intent, last.get(intent.symbol), path.name))


def _symbols(record: Record, name: str) -> list[str]:
    """The symbols of which a record has books."""
    if record.kind == MARKET:
        with damage(record, name):
            return [shape.symbol for shape in shapes_of(record.body_json) if shape.kind == BOOK and shape.rows]
    event = event_of_record(record, name)
    return [event.symbol] if isinstance(event, BookChanged) else []


def _book(decision: JournalledOrder | Refusal, intent: Intent, last: Record | None, name: str) -> BookChanged | None:
    """The book that the decision carries, else the last one of its symbol."""
    if isinstance(decision, JournalledOrder) and (decision.bids or decision.asks):
        book_update_id = decision.book_update_id
        return BookChanged(decision.time_ns, intent.symbol, 0, book_update_id, True, decision.bids, decision.asks)
    if last is None:
        return None
    events = market_events(last, name) if last.kind == MARKET else [event_of_record(last, name)]
    books = [event for event in events if isinstance(event, BookChanged) and event.symbol == intent.symbol]
    return books[-1]
