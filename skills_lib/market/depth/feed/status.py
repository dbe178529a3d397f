"""What a feed says of itself."""

from pydantic import BaseModel


class SymbolStatus(BaseModel):
    """Whether one book can be believed now. `age_ms` is since the last depth message, None before the first."""

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
    """The whole feed. `clock_offset_ms` is exchange time minus local time, None before it was asked."""

    connections: int
    connected: int
    reconnects: int
    strays: int
    clock_offset_ms: float | None
    clock_uncertainty_ms: float | None
    symbols: list[SymbolStatus]
    last_error: str
