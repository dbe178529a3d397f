"""Rows about the store's own knowledge: how far a journal was read, what differs, from when something is complete."""

from dataclasses import dataclass
from typing import ClassVar

from skills_lib.trades.store.rows.base import StoredRow


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalOffset(StoredRow):
    """How far a journal is in the store. sequence: of the next record to read. byte: where it begins in the file.

    hash: of the record before it, by which the reader proves that it goes on in the same journal.
    state_json: what the projection must remember between records.
    """

    TABLE: ClassVar[str] = "journal_offsets"
    KEY: ClassVar[tuple[str, ...]] = ("run",)
    TIME: ClassVar[str] = "time_ms"
    GUARD: ClassVar[str] = "sequence"

    run: str
    venue: str
    account: str
    strategy_id: str = ""
    sequence: int
    byte: int
    hash: str
    file_name: str
    time_ms: int
    state_json: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDiscrepancy(StoredRow):
    """A difference between the store and the venue. kind: missing_here, missing_there, price, quantity, fee, side, ….

    subject: the row it is about, such as "fill BTCUSDT 123"; ours, theirs: the values as text, "" where one is missing.
    resolved_ms: when it was found to be gone, None while it stands.
    """

    TABLE: ClassVar[str] = "discrepancies"
    KEY: ClassVar[tuple[str, ...]] = ("venue", "account", "kind", "subject")
    TIME: ClassVar[str] = "found_ms"
    INDICES: ClassVar[tuple[tuple[str, ...], ...]] = (("strategy_id", "found_ms"),)

    venue: str
    account: str
    kind: str
    subject: str
    strategy_id: str = ""
    symbol: str = ""
    ours: str
    theirs: str
    found_ms: int
    resolved_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCoverage(StoredRow):
    """From when to when a subject is complete. subject: "orders", "fills", "income", "candles 1h"; symbol "" is all.

    complete_from_ms, complete_until_ms: a half-open span. venue_from_ms: the oldest that the venue still shows, None
    where not known. cursor_json: where a synchronisation goes on.
    """

    TABLE: ClassVar[str] = "coverage"
    KEY: ClassVar[tuple[str, ...]] = ("venue", "account", "subject", "symbol")
    TIME: ClassVar[str] = "updated_ms"

    venue: str
    account: str
    subject: str
    symbol: str = ""
    strategy_id: str = ""
    complete_from_ms: int
    complete_until_ms: int
    venue_from_ms: int | None = None
    cursor_json: str = "{}"
    note: str = ""
    updated_ms: int
