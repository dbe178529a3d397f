"""What the market server answers about books."""

from pydantic import BaseModel, Field

from skills_lib.market.scanner import ScanRow


class Freshness(BaseModel):
    """How far an answer can be believed. Nothing is told of a book that is not trusted."""

    symbol: str
    venue: str
    trusted: bool = Field(description="in sync with the venue, and its stream speaks; else do not use the book")
    in_sync: bool
    reason: str = Field(description="why it is not trusted, else empty")
    age_ms: float | None = Field(description="since the last depth message; null before the first")
    update_id: int | None


class BookLevel(BaseModel):
    """One level in the venue's own strings: price in quote currency, quantity in base units."""

    price: str
    quantity: str


class BookAnswer(Freshness):
    """The best levels, best first; empty where the book is not trusted."""

    bids: list[BookLevel]
    asks: list[BookLevel]
    changed: bool = Field(True, description="false: nothing newer came before the time was over")
    next_step: str


class ImbalanceAnswer(Freshness):
    """Figures of the top of the book; null where the book is not trusted or a side is empty."""

    levels: int
    imbalance: float | None = Field(description="(bid - ask) / (bid + ask) of the quantities, -1 to 1")
    mid: float | None
    microprice: float | None
    spread_bps: float | None
    bid_depth_10bps: float | None = Field(description="quote currency within 10 bps of the mid price")
    ask_depth_10bps: float | None
    next_step: str


class SubscribedAnswer(Freshness):
    """A book that is followed from now on, by this server, until it ends."""

    subscribed: list[str]
    next_step: str


class SymbolFeed(Freshness):
    """One followed book and what happened to it."""

    messages: int
    malformed: int
    gaps: int
    resyncs: int
    reconnects: int
    connected: int
    clock_offset_ms: float | None = Field(description="exchange time minus local time; null before it was asked")
    last_error: str


class FeedStatusAnswer(BaseModel):
    """Every followed book."""

    feeds: list[SymbolFeed]
    next_step: str


class ScanAnswer(BaseModel):
    """Instruments, the least burdened by costs first; `skipped` says what could not be scanned, and why."""

    source: str
    rows: list[ScanRow]
    skipped: dict[str, str]
    next_step: str
