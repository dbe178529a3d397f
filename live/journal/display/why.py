"""Why an order was sent or refused: what the engine saw and what its limits allowed, from the journal alone."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.journal.display.amounts import levels_of, use_of, with_decimals
from live.journal.display.records import Shown, order_of, shown_records
from skills_lib.domain.errors import InputError
from skills_lib.trades.journal.format import MARKET, Record
from skills_lib.trades.journal.market.model import BOOK
from skills_lib.trades.journal.market.unpacking import shapes_of, updates_of
from skills_lib.trades.journal.reading import read_journal

_DECISIONS = ("order_intent", "refusal")


@dataclass(frozen=True)
class Reasons:
    """The step at which an order was decided.

    order: the intent, amounts as decimal text. decision: approved or refused; reason: the intent's; refusal: risk's
    fixed word and text. book: update_id, bids and asks; None where none had come. state, limits: as the engine wrote
    them. records: all records about the order.
    """

    journal: Path
    sequence: int
    time_ns: int
    decision: str
    reason: str
    refusal: dict[str, str] | None
    order: dict[str, Any]
    book: dict[str, Any] | None
    state: dict[str, str]
    limits: list[dict[str, str]]
    records: list[Shown] = field(default_factory=list)


def reasons_for(path: Path, order_id: str) -> Reasons:
    """Find an order by its client id or by the exchange's id; the journal may be one that is being written.

    Raises:
        InputError: no file, not a journal, or no such order in it.
        JournalDamagedError: the file is not what was written.
    """
    records = _about(path, order_id)
    client_id = next((record["client_order_id"] for record in records), order_id)
    if client_id != order_id:
        records = _about(path, client_id)
    decided = next((record for record in records if record["kind"] in _DECISIONS), None)
    if decided is None:
        raise InputError(
            f"{path.name} has no order '{order_id}'. `twokey journal show FILE --kind order_intent` lists all."
        )
    record, book = _decision(path, decided["sequence"])
    return _reasons(path, record, book, records)


def _about(path: Path, order_id: str) -> list[Shown]:
    return [record for record in shown_records(path, unfinished=True) if _is_of(record, order_id)]


def _is_of(record: Shown, order_id: str) -> bool:
    if record.get("client_order_id") == order_id:
        return True
    return "client_order_id" in record and order_id.isdecimal() and str(record["body"].get("order_id")) == order_id


def _decision(path: Path, sequence: int) -> tuple[Record, dict[str, Any] | None]:
    """The record of a decision, and the symbol's last book before it."""
    last: dict[str, Record] = {}
    for record in read_journal(path, unfinished=True):
        if record.kind in (MARKET, BOOK):
            last.update(dict.fromkeys(_symbols(record), record))
        if record.sequence == sequence:
            break
    intent = order_of(record) or {}
    return record, _last_book(last.get(intent.get("symbol", "")), intent.get("symbol", ""))


def _symbols(record: Record) -> list[str]:
    if record.kind == BOOK:
        return [record.body["symbol"]]
    return [shape.symbol for shape in shapes_of(record.body_json) if shape.kind == BOOK and shape.rows]


def _last_book(record: Record | None, symbol: str) -> dict[str, Any] | None:
    if record is None:
        return None
    if record.kind == BOOK:
        return record.body
    books = [update.body for update in updates_of(record.body_json) if update.kind == BOOK]
    return [body for body in books if body["symbol"] == symbol][-1]


def _reasons(path: Path, record: Record, book: dict[str, Any] | None, records: list[Shown]) -> Reasons:
    body = record.body
    judged = body.get("approved") or body["refused"]
    intent = judged["intent"]
    refused = "refused" in body
    if body.get("bids") or body.get("asks"):
        book = {"update_id": body["book_update_id"], "bids": body["bids"], "asks": body["asks"]}
    return Reasons(
        journal=path,
        sequence=record.sequence,
        time_ns=record.time_ns,
        decision="refused" if refused else "approved",
        reason=intent["reason"],
        refusal={name: judged[name] for name in ("reason", "text")} if refused else None,
        order={name: value for name, value in with_decimals(intent).items() if name != "reason"},
        book=book and {"update_id": book["update_id"], **{side: levels_of(book[side]) for side in ("bids", "asks")}},
        state=body.get("state", {}),
        limits=[use_of(use) for use in judged["uses"]],
        records=records,
    )
