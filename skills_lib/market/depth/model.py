"""What the public streams say, typed. Prices and quantities stay the exact strings of the wire; times say their unit.

Field names of the wire are those of Binance's stream documentation; `rename` maps them to words.
"""

from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

import msgspec

from skills_lib.domain.errors import CorruptDataError

MS_TO_NS = 1_000_000

_MAX_INTEGER = 1 << 62

Whole = Annotated[int, msgspec.Meta(ge=0, le=_MAX_INTEGER)]
"""An id or a time of the wire: what is larger than a machine word is no such thing."""

WireLevel = tuple[str, str]
"""Price and quantity as the venue wrote them."""


class Venue(StrEnum):
    """Which market of Binance: its rules for sequencing differ."""

    USDM = "usdm"
    SPOT = "spot"


class WireError(CorruptDataError):
    """Take a new snapshot: bytes of the venue do not say what they should, and nothing of them was applied."""


class Level(NamedTuple):
    """One price level in scaled integers; the book's `scale` says what one unit is."""

    price: int
    quantity: int


class DepthUpdate(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="depthUpdate"):
    """A diff of the book: absolute quantities, "0" deletes. `previous_update_id` is None on spot."""

    symbol: str = msgspec.field(name="s")
    event_ts_ms: Whole = msgspec.field(name="E")
    first_update_id: Whole = msgspec.field(name="U")
    final_update_id: Whole = msgspec.field(name="u")
    bids: list[WireLevel] = msgspec.field(name="b")
    asks: list[WireLevel] = msgspec.field(name="a")
    previous_update_id: Whole | None = msgspec.field(name="pu", default=None)
    transaction_ts_ms: Whole | None = msgspec.field(name="T", default=None)

    @property
    def exch_ts_ns(self) -> int:
        """When the exchange matched it; on spot, when it was sent."""
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
        """When the exchange matched it, where it says so."""
        return None if self.transaction_ts_ms is None else self.transaction_ts_ms * MS_TO_NS


class Trade(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="trade"):
    """One trade. `buyer_is_maker` means that the seller took."""

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
        """When the exchange matched it."""
        return self.trade_ts_ms * MS_TO_NS


class AggTrade(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="aggTrade"):
    """Trades of one taker at one price within 100 ms, added up."""

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
        """When the exchange matched it."""
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
    """The state of a bar."""

    symbol: str = msgspec.field(name="s")
    event_ts_ms: Whole = msgspec.field(name="E")
    candle: Candle = msgspec.field(name="k")

    @property
    def exch_ts_ns(self) -> int:
        """When it was sent."""
        return self.event_ts_ms * MS_TO_NS


class MarkPrice(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="markPriceUpdate"):
    """Mark price, and the funding rate that is due at `next_funding_ts_ms`."""

    symbol: str = msgspec.field(name="s")
    event_ts_ms: Whole = msgspec.field(name="E")
    mark_price: str = msgspec.field(name="p")
    index_price: str = msgspec.field(name="i", default="")
    funding_rate: str = msgspec.field(name="r", default="")
    next_funding_ts_ms: Whole = msgspec.field(name="T", default=0)

    @property
    def exch_ts_ns(self) -> int:
        """When it was sent."""
        return self.event_ts_ms * MS_TO_NS


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """The answer of `GET /depth`. It does not say its symbol, and on spot no times."""

    last_update_id: Whole = msgspec.field(name="lastUpdateId")
    bids: list[WireLevel]
    asks: list[WireLevel]
    event_ts_ms: Whole | None = msgspec.field(name="E", default=None)
    transaction_ts_ms: Whole | None = msgspec.field(name="T", default=None)

    @property
    def exch_ts_ns(self) -> int | None:
        """When the exchange matched the last update in it, where it says so."""
        time_ms = self.transaction_ts_ms or self.event_ts_ms
        return time_ms * MS_TO_NS if time_ms else None


class PartialDepth(msgspec.Struct, frozen=True, gc=False):
    """`@depth5`, `@depth10`, `@depth20`: the top of the book, complete in itself. Never a diff."""

    bids: list[WireLevel]
    asks: list[WireLevel]
    final_update_id: int
    symbol: str = ""
    exch_ts_ns: int | None = None


class UnhandledMessage(msgspec.Struct, frozen=True, gc=False):
    """Anything else the venue says: answers to SUBSCRIBE, events that Twokey does not read."""

    kind: str
    symbol: str = ""
    exch_ts_ns: int | None = None


Message = DepthUpdate | BookTicker | Trade | AggTrade | Kline | MarkPrice | Snapshot | PartialDepth | UnhandledMessage
"""Whatever `wire.decode` gives."""

Side = Literal["bid", "ask"]


class MarketEvent(msgspec.Struct, frozen=True, gc=False):
    """A message and when this machine received it; `message.exch_ts_ns` is the exchange's clock."""

    local_ts_ns: int
    message: Message
