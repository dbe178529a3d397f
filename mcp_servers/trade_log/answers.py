"""Answer models of the trade log server. Amounts and ids are text, times UTC."""

from pydantic import BaseModel


class LogPage(BaseModel):
    """Rows in order of time. Empty texts are unknown values."""

    rows: list[dict[str, str]]
    next_cursor: str | None
    next_step: str


class LogSummary(BaseModel):
    """Sums by account, which are never added. complete: from when each list of the exchange is in the log."""

    accounts: list[dict[str, str]]
    complete: dict[str, str]
    next_step: str


class LogSynchronised(BaseModel):
    """counts: fetched, inserted, updated, unchanged. pnl: by the exchange's ledger."""

    counts: dict[str, int]
    pnl: dict[str, str]
    discrepancies: list[dict[str, str]]
    notes: list[str]
    next_step: str


class LogRecorded(BaseModel):
    """Whether the run is new in the log."""

    run: str
    inserted: bool
    next_step: str
