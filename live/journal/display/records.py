"""One object for each record, as `twokey journal show` prints it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from live.journal.display.amounts import with_decimals
from live.journal.reading import ACTION_KINDS, EVENT_KINDS
from live.money import plain
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.trades.journal.format import HEADER, MARKET, Record
from skills_lib.trades.journal.market.model import BOOK, MARK
from skills_lib.trades.journal.market.unpacking import shapes_of, updates_of
from skills_lib.trades.journal.reading import JournalDamagedError, read_journal

KINDS = tuple(sorted(EVENT_KINDS | ACTION_KINDS | {HEADER, MARKET}))
_ORDER = ("client_order_id", "side", "quantity", "price")
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


def order_of(record: Record) -> dict[str, Any] | None:
    """The intent that an `order_intent` or `refusal` is about."""
    body = record.body
    judged: dict[str, Any] | None = body.get("approved") or body.get("refused")
    intent: dict[str, Any] | None = judged.get("intent") if isinstance(judged, dict) else None
    return intent


def _shown(record: Record, name: str, orders: dict[str, Shown], books: bool) -> Iterator[Shown]:
    if record.kind != MARKET:
        yield _line(record.sequence, record.time_ns, record.kind, record.body, orders)
        return
    try:
        if books:
            for update in updates_of(record.body_json):
                yield _line(record.sequence, update.time_ns, update.kind, update.body, orders)
        else:
            yield _block(record)
    except ValueError as error:
        where = f"{name}: line {record.sequence + 1}"
        raise JournalDamagedError(f"{where} is a block that cannot be unpacked: {error}.") from None


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


def _line(sequence: int, time_ns: int, kind: str, body: dict[str, Any], orders: dict[str, Shown]) -> Shown:
    order = _order(body, orders)
    return {"sequence": sequence, "time_ns": time_ns, "kind": kind, **order, "body": with_decimals(body)}


def _order(body: dict[str, Any], orders: dict[str, Shown]) -> Shown:
    """What the record says of its order, completed by what an earlier record said of it."""
    judged = body.get("approved") or body.get("refused") or {}
    about = judged.get("intent") or body
    client_id = about.get("client_id")
    if not client_id:
        return {}
    amounts = {name: about[name] for name in ("quantity", "price") if isinstance(about.get(name), int)}
    found = {"client_order_id": client_id, "side": about.get("side")}
    found |= {name: plain(value) if value else None for name, value in amounts.items()}
    known = orders.get(client_id) or dict.fromkeys(_ORDER)
    merged = {name: found.get(name) if known[name] is None else known[name] for name in _ORDER}
    orders[client_id] = merged
    return merged
