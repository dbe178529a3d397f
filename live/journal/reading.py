"""A journal's records as the engine's structures: each event with the actions that follow it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, get_args

import msgspec

from live.engine.actions import Action
from live.engine.events import Event
from live.journal.encoding import event_of
from skills_lib.trades.journal.format import HEADER, MARKET, Record
from skills_lib.trades.journal.market.unpacking import updates_of
from skills_lib.trades.journal.reading import JournalDamagedError, read_journal

EVENT_KINDS: Final = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Event))
ACTION_KINDS: Final = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Action))


class JournalledEvent(NamedTuple):
    """An event, and the line that it is in (counted from 1)."""

    line: int
    event: Event


class JournalledAction(NamedTuple):
    """An action as the journal has it."""

    line: int
    record: Record


def entries_of(path: Path) -> Iterator[JournalledEvent | JournalledAction]:
    """Events and actions in their order, blocks of market updates unpacked.

    Raises:
        InputError: no file, or not a journal.
        JournalDamagedError: it is not what was written, or has a record that this version does not know.
    """
    for record in read_journal(path):
        line = record.sequence + 1
        if record.kind in ACTION_KINDS:
            yield JournalledAction(line, record)
        elif record.kind != HEADER:
            for event in _events(record, path.name):
                yield JournalledEvent(line, event)


def _events(record: Record, name: str) -> Iterator[Event]:
    where = f"{name}: line {record.sequence + 1}"
    try:
        if record.kind == MARKET:
            for update in updates_of(record.body_json):
                yield event_of(*update)
        elif record.kind in EVENT_KINDS:
            yield event_of(record.kind, record.time_ns, record.body)
        else:
            raise JournalDamagedError(
                f"{where} is of kind `{record.kind}`, which this version of Twokey does not know."
            )
    except msgspec.ValidationError:
        raise JournalDamagedError(f"{where} is no `{record.kind}` as this version of Twokey writes it.") from None
    except ValueError as error:
        raise JournalDamagedError(f"{where} is a block that cannot be unpacked: {error}.") from None
