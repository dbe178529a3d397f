"""Events and actions as the bodies of records, and back.

A body is the structure without its tag and its time, which the record carries as `kind` and `time_ns`.
"""

from typing import Any

import msgspec

from live.engine.actions import Action
from live.engine.events import Event
from live.engine.intents import Approved
from skills_lib.trades.journal.format import Record


def _plain(value: Any) -> Any:
    if isinstance(value, Approved):
        return {"intent": value.intent, "uses": value.uses, "approved_ns": value.approved_ns}
    raise NotImplementedError(f"{type(value).__name__} has no place in a journal")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode


def whole(entry: Event | Action) -> bytes:
    """An event or action as JSON, with its tag first and its time second."""
    return _encode(entry)


def kind_of(entry: Event | Action) -> str:
    """The kind of its record: the structure's tag."""
    tag = entry.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def body_of(entry: Event | Action, encoded: bytes) -> bytes:
    """The body of its record, from what `whole` made of it."""
    skipped = len(b'{"type":"","time_ns":') + len(kind_of(entry)) + len(str(entry.time_ns))
    rest = encoded[skipped:]
    return b"{" + rest[1:] if rest[:1] == b"," else b"{}"


def event_of(kind: str, time_ns: int, body: dict[str, Any]) -> Event:
    """The event of a record.

    Raises:
        msgspec.ValidationError: it is not one of an event.
    """
    event: Event = msgspec.convert({"type": kind, "time_ns": time_ns, **body}, Event)
    return event


def event_of_record(record: Record) -> Event:
    """The event of a record; raises as `event_of`."""
    return event_of(record.kind, record.time_ns, record.body)
