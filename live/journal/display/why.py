"""Why an order was sent or refused: what the engine saw and what its limits allowed, from the journal alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from live.engine.actions import Refusal
from live.journal.display.amounts import levels_of, use_of, with_decimals
from live.journal.display.records import Shown, shown_records
from live.journal.display.steps import Step, step_of
from live.money import SCALE, plain
from skills_lib.domain.errors import InputError

_DECISIONS = ("order_intent", "refusal")


@dataclass(frozen=True)
class Reasons:
    """The step at which an order was decided.

    order: the intent, amounts as decimal text. decision: approved or refused; reason: the intent's; refusal: risk's
    fixed word and text. book: update_id, bids, asks, and the ratio of the volumes of as many levels as the strategy
    uses; None where none had come. state: as the engine wrote it. limits: what the order would use of each limit that
    it was checked against; effective_limits, settings: of the run. records: all records about the order.
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
    effective_limits: dict[str, Any]
    settings: dict[str, Any]
    records: list[Shown]


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
    return _reasons(path, step_of(path, decided["sequence"]), records)


def _about(path: Path, order_id: str) -> list[Shown]:
    return [record for record in shown_records(path, unfinished=True) if _is_of(record, order_id)]


def _is_of(record: Shown, order_id: str) -> bool:
    if record.get("client_order_id") == order_id:
        return True
    return "client_order_id" in record and order_id.isdecimal() and str(record["body"].get("order_id")) == order_id


def _reasons(path: Path, step: Step, records: list[Shown]) -> Reasons:
    decision, refused = step.decision, step.decision.refused if isinstance(step.decision, Refusal) else None
    uses = decision.refused.uses if isinstance(decision, Refusal) else decision.approved.uses
    order = with_decimals(msgspec.to_builtins(step.intent))
    return Reasons(
        journal=path,
        sequence=step.sequence,
        time_ns=decision.time_ns,
        decision="refused" if refused else "approved",
        reason=order.pop("reason"),
        refusal={"reason": refused.reason, "text": refused.text} if refused else None,
        order=order,
        book=_book(step),
        state={} if isinstance(decision, Refusal) else decision.state,
        limits=[use_of(msgspec.to_builtins(use)) for use in uses],
        effective_limits=with_decimals(msgspec.to_builtins(step.start.limits)),
        settings=with_decimals(msgspec.to_builtins(step.start.strategy)),
        records=records,
    )


def _book(step: Step) -> dict[str, Any] | None:
    """The book that the decision was made on, with the ratio of the levels that the strategy uses."""
    if step.book is None:
        return None
    settings = step.start.settings
    levels = settings.depth if settings is not None else len(step.book.bids) // 2
    bid, ask = (sum(side[1 : 2 * levels : 2]) for side in (step.book.bids, step.book.asks))
    return {
        "update_id": step.book.update_id,
        "ratio": plain(bid * SCALE // ask) if ask else None,
        "bids": levels_of(step.book.bids),
        "asks": levels_of(step.book.asks),
    }
