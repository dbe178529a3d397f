"""Answer models of the market server for order books."""

from pydantic import BaseModel, Field

from skills_lib.market.scanner import ScanRow


class Freshness(BaseModel):
    """State of a book. An untrusted book has no levels or figures."""

    symbol: str
    venue: str
    trusted: bool = Field(description="if false, do not use the book")
    in_sync: bool
    cause: str | None = Field(description="what ended its use; null if trusted")
    reason: str = Field(description="empty if trusted")
    age_ms: float | None = Field(description="of the last message")
    update_id: int | None


class BookLevel(BaseModel):
    """One level in the venue's own strings: price in quote currency, quantity in base units."""

    price: str
    quantity: str


class BookAnswer(Freshness):
    """The best levels, best first; empty if the book is not trusted."""

    bids: list[BookLevel]
    asks: list[BookLevel]
    changed: bool = Field(True, description="false: no newer update before the timeout")
    next_step: str


class ImbalanceAnswer(Freshness):
    """Figures of the top of the book; null if the book is not trusted or a side is empty."""

    levels: int
    imbalance: float | None = Field(description="(bid - ask) / (bid + ask) of the quantities, -1 to 1")
    mid: float | None
    microprice: float | None
    spread_bps: float | None
    bid_depth_10bps: float | None = Field(description="quote currency within 10 bps of the mid price")
    ask_depth_10bps: float | None
    next_step: str


class SubscribedAnswer(Freshness):
    """A book that this server follows until it stops."""

    subscribed: list[str]
    next_step: str


class SymbolFeed(Freshness):
    """Status of one followed book."""

    messages: int
    malformed: int
    gaps: int
    resyncs: int
    losses: dict[str, int] = Field(description="how often the book became unusable, by cause")
    reconnects: int
    connected: int
    clock_offset_ms: float | None = Field(description="exchange time minus local time; null before the first sample")
    last_error: str


class FeedStatusAnswer(BaseModel):
    """Every followed book."""

    feeds: list[SymbolFeed]
    next_step: str


class ScanAnswer(BaseModel):
    """Instruments, lowest fee burden first; `skipped` maps each one not scanned to the reason."""

    source: str
    rows: list[ScanRow]
    skipped: dict[str, str]
    next_step: str
