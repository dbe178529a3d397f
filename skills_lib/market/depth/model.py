"""Typed messages of the public streams. Prices and quantities stay the exact wire strings; times name their unit.

Wire field names are those of Binance's stream documentation; `name` maps them to attributes.
"""

from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

import msgspec

from skills_lib.domain.errors import CorruptDataError

MS_TO_NS = 1_000_000

_MAX_INTEGER = 1 << 62

Whole = Annotated[int, msgspec.Meta(ge=0, le=_MAX_INTEGER)]
"""An id or time on the wire, at most 2^62."""

WireLevel = tuple[str, str]
"""Price and quantity as the venue wrote them."""


class Venue(StrEnum):
    """A Binance market; sequencing rules differ between them."""

    USDM = "usdm"
    SPOT = "spot"


class WireError(CorruptDataError):
    """Invalid bytes from the venue; nothing was applied. Take a new snapshot."""


class Level(NamedTuple):
    """One price level in scaled integers; units are those of the book's `scale`."""

    price: int
    quantity: int


class DepthUpdate(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="depthUpdate"):
    """A book diff with absolute quantities; "0" deletes a level.

    `previous_update_id` is None on spot. `margin_type`: 1 on USD-M, 2 on COIN-M, 0 if not sent.
    """

    symbol: str = msgspec.field(name="s")
    event_ts_ms: Whole = msgspec.field(name="E")
    first_update_id: Whole = msgspec.field(name="U")
    final_update_id: Whole = msgspec.field(name="u")
    bids: list[WireLevel] = msgspec.field(name="b")
    asks: list[WireLevel] = msgspec.field(name="a")
    previous_update_id: Whole | None = msgspec.field(name="pu", default=None)
    transaction_ts_ms: Whole | None = msgspec.field(name="T", default=None)
    margin_type: int = msgspec.field(name="st", default=0)

    @property
    def exch_ts_ns(self) -> int:
        """Matching time; on spot, the event time."""
        return (self.transaction_ts_ms or self.event_ts_ms) * MS_TO_NS


class BookTicker(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="bookTicker"):
    """Best bid and ask right after update `update_id`. Spot sends no times."""

    symbol: str = msgspec.field(name="s")
    update_id: Whole = msgspec.field(name="u")
    bid_price: str = msgspec.field(name="b")
    bid_quantity: str = msgspec.field(name="B")
    ask_price: str = msgspec.field(name="a")
    ask_quantity: str = msgspec.field(name="A")
    event_ts_ms: Whole | None = msgspec.field(name="E", default=None)
    transaction_ts_ms: Whole | None = msgspec.field(name="T", default=None)

    @property
    def exch_ts_ns(self) -> int | None:
        """Matching time; None if not sent."""
        return None if self.transaction_ts_ms is None else self.transaction_ts_ms * MS_TO_NS


class Trade(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="trade"):
    """One trade. `buyer_is_maker`: the seller was the taker."""

    symbol: str = msgspec.field(name="s")
    event_ts_ms: Whole = msgspec.field(name="E")
    trade_ts_ms: Whole = msgspec.field(name="T")
    trade_id: Whole = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    buyer_is_maker: bool = msgspec.field(name="m")
    kind: str = msgspec.field(name="X", default="")

    @property
    def exch_ts_ns(self) -> int:
        """Matching time."""
        return self.trade_ts_ms * MS_TO_NS


class AggTrade(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="aggTrade"):
    """Trades of one taker at one price within 100 ms, aggregated."""

    symbol: str = msgspec.field(name="s")
    event_ts_ms: Whole = msgspec.field(name="E")
    trade_ts_ms: Whole = msgspec.field(name="T")
    aggregate_id: Whole = msgspec.field(name="a")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    first_trade_id: Whole = msgspec.field(name="f")
    last_trade_id: Whole = msgspec.field(name="l")
    buyer_is_maker: bool = msgspec.field(name="m")

    @property
    def exch_ts_ns(self) -> int:
        """Matching time."""
        return self.trade_ts_ms * MS_TO_NS


class Candle(msgspec.Struct, frozen=True, gc=False):
    """The `k` of a kline event: one bar, open until `is_closed`."""

    open_ts_ms: Whole = msgspec.field(name="t")
    close_ts_ms: Whole = msgspec.field(name="T")
    interval: str = msgspec.field(name="i")
    open: str = msgspec.field(name="o")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    close: str = msgspec.field(name="c")
    volume: str = msgspec.field(name="v")
    is_closed: bool = msgspec.field(name="x")
    quote_volume: str = msgspec.field(name="q", default="0")
    trades: Whole = msgspec.field(name="n", default=0)


class Kline(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="kline"):
    """An update of a bar."""

    symbol: str = msgspec.field(name="s")
    event_ts_ms: Whole = msgspec.field(name="E")
    candle: Candle = msgspec.field(name="k")

    @property
    def exch_ts_ns(self) -> int:
        """Event time."""
        return self.event_ts_ms * MS_TO_NS


class MarkPrice(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="markPriceUpdate"):
    """Mark price, and the funding rate due at `next_funding_ts_ms`."""

    symbol: str = msgspec.field(name="s")
    event_ts_ms: Whole = msgspec.field(name="E")
    mark_price: str = msgspec.field(name="p")
    index_price: str = msgspec.field(name="i", default="")
    funding_rate: str = msgspec.field(name="r", default="")
    next_funding_ts_ms: Whole = msgspec.field(name="T", default=0)

    @property
    def exch_ts_ns(self) -> int:
        """Event time."""
        return self.event_ts_ms * MS_TO_NS


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """Response of `GET /depth`, on spot without times.

    `symbol` is that of its stream, if it has one (Tardis), or of COIN-M's response; USD-M's and spot's have none.
    """

    last_update_id: Whole = msgspec.field(name="lastUpdateId")
    bids: list[WireLevel]
    asks: list[WireLevel]
    event_ts_ms: Whole | None = msgspec.field(name="E", default=None)
    transaction_ts_ms: Whole | None = msgspec.field(name="T", default=None)
    symbol: str = ""

    @property
    def exch_ts_ns(self) -> int | None:
        """Matching time of its last update; None if not sent."""
        time_ms = self.transaction_ts_ms or self.event_ts_ms
        return time_ms * MS_TO_NS if time_ms else None


class PartialDepth(msgspec.Struct, frozen=True, gc=False):
    """`@depth5`, `@depth10`, `@depth20`: a full snapshot of the top levels, not a diff."""

    bids: list[WireLevel]
    asks: list[WireLevel]
    final_update_id: int
    symbol: str = ""
    exch_ts_ns: int | None = None


class UnhandledMessage(msgspec.Struct, frozen=True, gc=False):
    """Any other message: responses to SUBSCRIBE, events that Twokey does not use."""

    kind: str
    symbol: str = ""
    exch_ts_ns: int | None = None


Message = DepthUpdate | BookTicker | Trade | AggTrade | Kline | MarkPrice | Snapshot | PartialDepth | UnhandledMessage
"""Any result of `wire.decode`."""

Side = Literal["bid", "ask"]


class MarketEvent(msgspec.Struct, frozen=True, gc=False):
    """A message and its local receive time; `message.exch_ts_ns` is the exchange's time."""

    local_ts_ns: int
    message: Message
