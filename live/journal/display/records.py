"""One object for each record, as `twokey journal show` prints it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from live.engine.actions import Refusal
from live.engine.events import Event
from live.engine.intents import Intent
from live.journal.display.amounts import with_decimals
from live.journal.encoding import JournalledAction, JournalledOrder
from live.journal.reading import ACTION_KINDS, EVENT_KINDS, action_of_record, damage, event_of_record
from live.money import plain
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.trades.journal.format import HEADER, MARKET, Record
from skills_lib.trades.journal.market.model import BOOK, MARK
from skills_lib.trades.journal.market.unpacking import shapes_of, updates_of
from skills_lib.trades.journal.reading import read_journal

KINDS = tuple(sorted(EVENT_KINDS | ACTION_KINDS | {HEADER, MARKET}))
Shown = dict[str, Any]


def shown_records(
    path: Path, since_ns: int = 0, kind: str | None = None, *, books: bool = False, unfinished: bool = False
) -> Iterator[Shown]:
    """Records from `since_ns` on with `sequence`, `time_ns`, `kind` and `body`; of an order also its id, side, quantity
    and price as decimal text, None where the order has none.

    kind: only this one. books: market updates one by one instead of their blocks; so also for the kinds of updates.
    unfinished: as for `read_journal`.

    Raises:
        InputError: no file, not a journal, or no such kind.
        JournalDamagedError: the file is not what was written.
    """
    if kind is not None and kind not in KINDS:
        raise InputError(f"No record is of kind '{kind}'. Kinds: {', '.join(KINDS)}.{did_you_mean(kind, KINDS)}")
    orders: dict[str, Shown] = {}
    for record in read_journal(path, unfinished=unfinished):
        for shown in _shown(record, path.name, orders, books or kind in (BOOK, MARK)):
            if shown["time_ns"] >= since_ns and kind in (None, shown["kind"]):
                yield shown


def _shown(record: Record, name: str, orders: dict[str, Shown], books: bool) -> Iterator[Shown]:
    if record.kind == MARKET and not books:
        with damage(record, name):
            yield _block(record)
    elif record.kind == MARKET:
        with damage(record, name):
            for kind, time_ns, body in updates_of(record.body_json):
                yield _line(record, time_ns, kind, body)
    else:
        order = _order(_entry(record, name), orders)
        with damage(record, name):
            yield _line(record, record.time_ns, record.kind, record.body, order)


def _entry(record: Record, name: str) -> Event | JournalledAction | None:
    """The event or action of a record, None of the header."""
    if record.kind in ACTION_KINDS:
        return action_of_record(record, name)
    return None if record.kind == HEADER else event_of_record(record, name)


def _block(record: Record) -> Shown:
    shapes = shapes_of(record.body_json)
    updates = {kind: sum(shape.rows for shape in shapes if shape.kind == kind) for kind in (BOOK, MARK)}
    symbols = sorted({shape.symbol for shape in shapes})
    return {
        "sequence": record.sequence,
        "time_ns": record.time_ns,
        "kind": MARKET,
        "body": {"updates": updates, "symbols": symbols},
    }


def _line(record: Record, time_ns: int, kind: str, body: dict[str, Any], order: Shown | None = None) -> Shown:
    start = {"sequence": record.sequence, "time_ns": time_ns, "kind": kind}
    return start | (order or {}) | {"body": with_decimals(body)}


def _order(entry: Event | JournalledAction | None, orders: dict[str, Shown]) -> Shown | None:
    """What the record says of its order, completed by what an earlier record said of it."""
    about = intent_of(entry) or entry
    client_id = getattr(about, "client_id", "")
    if not client_id:
        return None
    found: Shown = {"client_order_id": client_id, "side": getattr(about, "side", None)}
    amounts = {name: getattr(about, name, 0) for name in ("quantity", "price")}
    found |= {name: plain(amount) if amount else None for name, amount in amounts.items()}
    known = orders.get(client_id, {})
    orders[client_id] = {name: known.get(name) or value for name, value in found.items()}
    return orders[client_id]


def intent_of(entry: Event | JournalledAction | None) -> Intent | None:
    """The order that an action decides."""
    if isinstance(entry, JournalledOrder):
        return entry.approved.intent
    return entry.refused.intent if isinstance(entry, Refusal) else None
