"""Status of a feed and its books."""

from pydantic import BaseModel

from skills_lib.market.depth.causes import Cause


class BookStatus(BaseModel):
    """State of one book. `usable`: nothing speaks against it; otherwise `cause` and `reason` say what does.

    `age_ms`: since the last depth message, None before it. `losses`: how often it became unusable, by cause.
    `checked`: updates whose best prices were compared with bookTicker's.
    """

    symbol: str
    usable: bool
    in_sync: bool
    cause: Cause | None
    reason: str
    update_id: int | None
    age_ms: float | None
    messages: int
    malformed: int
    gaps: int
    resyncs: int
    checked: int
    losses: dict[Cause, int]


class FeedStatus(BaseModel):
    """State of the feed. `clock_offset_ms` is exchange time minus local time, None before the first sample."""

    connections: int
    connected: int
    reconnects: int
    strays: int
    clock_offset_ms: float | None
    clock_uncertainty_ms: float | None
    clock_jumps: int
    symbols: list[BookStatus]
    last_error: str
