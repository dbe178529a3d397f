"""Events and actions as the bodies of records, and back.

A body is the structure without its tag and its time, which the record carries as `kind` and `time_ns`.
"""

from typing import Any

import msgspec

from live.engine.actions import Action, Alert, Ask, CancelOrder, CancelStop, Refusal, WakeAt
from live.engine.events import Event
from live.engine.intents import Approved, Intent, LimitUse


class JournalledApproval(msgspec.Struct, frozen=True):
    """What a journal holds of an `Approved`, which is never made from a file."""

    intent: Intent
    uses: tuple[LimitUse, ...]
    approved_ns: int


class JournalledOrder(msgspec.Struct, frozen=True, tag="order_intent"):
    """What a journal holds of a `PlaceOrder`."""

    time_ns: int
    approved: JournalledApproval
    book_update_id: int = 0
    bids: tuple[int, ...] = ()
    asks: tuple[int, ...] = ()
    state: dict[str, str] = {}
    again: bool = False


JournalledAction = JournalledOrder | CancelOrder | CancelStop | Ask | Refusal | Alert | WakeAt


def _plain(value: Any) -> Any:
    if isinstance(value, Approved):
        return JournalledApproval(value.intent, value.uses, value.approved_ns)
    raise NotImplementedError(f"{type(value).__name__} has no place in a journal")


class _ReadApproval(msgspec.Struct):
    """The part of an approval that is checked again: an order waits for it."""

    intent: Intent


class _ReadOrder(msgspec.Struct, tag="order_intent"):
    approved: _ReadApproval


_encode = msgspec.json.Encoder(enc_hook=_plain).encode
_read_order = msgspec.json.Decoder(_ReadOrder).decode


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


def journalled_intent(encoded: bytes) -> Intent:
    """The intent of an order, read back from what `whole` made of it."""
    return _read_order(encoded).approved.intent


def event_of(kind: str, time_ns: int, body: dict[str, Any]) -> Event:
    """The event of a record.

    Raises:
        msgspec.ValidationError: it is not one of an event.
    """
    event: Event = msgspec.convert({**body, "type": kind, "time_ns": time_ns}, Event)
    return event


def action_of(kind: str, time_ns: int, body: dict[str, Any]) -> JournalledAction:
    """The action of a record, as far as a journal holds it; raises as `event_of`."""
    action: JournalledAction = msgspec.convert({**body, "type": kind, "time_ns": time_ns}, JournalledAction)
    return action
