"""Status of a feed and its books."""

from pydantic import BaseModel


class SymbolStatus(BaseModel):
    """State of one book. `usable`: in sync and not stale. `age_ms`: since the last depth message, None before it."""

    symbol: str
    usable: bool
    in_sync: bool
    stale: bool
    reason: str
    update_id: int | None
    age_ms: float | None
    messages: int
    malformed: int
    gaps: int
    resyncs: int


class FeedStatus(BaseModel):
    """State of the feed. `clock_offset_ms` is exchange time minus local time, None before the first sample."""

    connections: int
    connected: int
    reconnects: int
    strays: int
    clock_offset_ms: float | None
    clock_uncertainty_ms: float | None
    symbols: list[SymbolStatus]
    last_error: str
