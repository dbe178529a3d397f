"""A journal's records as the engine's structures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, get_args

import msgspec

from live.engine.actions import Action
from live.engine.events import BookChanged, Event, MarkChanged
from live.journal.encoding import JournalledAction, action_of, event_of
from skills_lib.trades.journal.format import HEADER, MARKET, Record
from skills_lib.trades.journal.market.model import BOOK_COLUMNS, MARK, Shape
from skills_lib.trades.journal.market.unpacking import tables_of
from skills_lib.trades.journal.reading import JournalDamagedError, read_journal

EVENT_KINDS: Final = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Event))
ACTION_KINDS: Final = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Action))


class RecordedEvent(NamedTuple):
    """An event, and the line that it is in (counted from 1)."""

    line: int
    event: Event


class RecordedAction(NamedTuple):
    """An action's record, and its line."""

    line: int
    record: Record


def entries_of(path: Path) -> Iterator[RecordedEvent | RecordedAction]:
    """Events and actions in their order, blocks of market updates unpacked.

    Raises:
        InputError: no file, or not a journal.
        JournalDamagedError: it is not what was written, or has a record that this version does not know.
    """
    for record in read_journal(path):
        line = record.sequence + 1
        if record.kind == MARKET:
            for event in market_events(record, path.name):
                yield RecordedEvent(line, event)
        elif record.kind in ACTION_KINDS:
            yield RecordedAction(line, record)
        elif record.kind != HEADER:
            yield RecordedEvent(line, event_of_record(record, path.name))


def market_events(record: Record, name: str) -> list[BookChanged | MarkChanged]:
    """The events of a block, at once: a day has a million; raises JournalDamagedError."""
    with damage(record, name):
        order, tables = tables_of(record.body_json)
    events = [iter(_events(shape, rows)) for shape, rows in tables]
    return [next(events[index]) for index in order]


def _events(shape: Shape, rows: list[list[int]]) -> Sequence[BookChanged | MarkChanged]:
    symbol, bids = shape.symbol, BOOK_COLUMNS + shape.bids
    if shape.kind == MARK:
        return [MarkChanged(time_ns, symbol, event_ns, price) for time_ns, event_ns, price in rows]
    return [
        BookChanged(row[0], symbol, row[1], row[2], row[3] != 0, tuple(row[BOOK_COLUMNS:bids]), tuple(row[bids:]))
        for row in rows
    ]


def event_of_record(record: Record, name: str) -> Event:
    """The event of a record; raises JournalDamagedError."""
    if record.kind not in EVENT_KINDS:
        where = f"{name}: line {record.sequence + 1}"
        raise JournalDamagedError(f"{where} is of kind `{record.kind}`, which this version of Twokey does not know.")
    with damage(record, name):
        return event_of(record.kind, record.time_ns, record.body)


def action_of_record(record: Record, name: str) -> JournalledAction:
    """The action of a record; raises JournalDamagedError."""
    with damage(record, name):
        return action_of(record.kind, record.time_ns, record.body)


@contextmanager
def damage(record: Record, name: str) -> Iterator[None]:
    """Say of a body that cannot be decoded in which line it is."""
    where = f"{name}: line {record.sequence + 1}"
    try:
        yield
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise JournalDamagedError(f"{where} is no `{record.kind}` as this version of Twokey writes it.") from None
    except ValueError as error:
        raise JournalDamagedError(f"{where} is a block that cannot be unpacked: {error}.") from None
