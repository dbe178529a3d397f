"""Decodes any message of the public streams, in any key order, with msgspec.

Invalid bytes raise `WireError` and nothing else.
"""

import re
from typing import TypeAlias, TypeVar

import msgspec

from skills_lib.domain.instruments import upper_symbol
from skills_lib.market.depth.model import (
    AggTrade,
    BookTicker,
    DepthUpdate,
    Kline,
    MarkPrice,
    Message,
    PartialDepth,
    Snapshot,
    Trade,
    UnhandledMessage,
    WireError,
)

_Tagged: TypeAlias = DepthUpdate | BookTicker | Trade | AggTrade | Kline | MarkPrice
_MessageT = TypeVar("_MessageT", bound=Message)
_PARTIAL = re.compile(r"@depth(?:5|10|20)(?:@|$)")
_SHOWN = 60


class _Envelope(msgspec.Struct, gc=False):
    """A message of a combined stream, `/stream?streams=…`."""

    stream: str
    data: _Tagged


class _Untyped(msgspec.Struct, gc=False):
    """Fields that identify messages without `e`."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    e: str | None = None
    s: str | None = None
    u: int | None = None
    last_update_id: int | None = msgspec.field(name="lastUpdateId", default=None)


class _SpotTicker(msgspec.Struct, gc=False):
    """Spot's bookTicker has no `e`."""

    u: int
    s: str
    b: str
    B: str
    a: str
    A: str


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_BARE = msgspec.json.Decoder(_Tagged)
_UNTYPED = msgspec.json.Decoder(_Untyped)
_SNAPSHOT = msgspec.json.Decoder(Snapshot)
_SPOT_TICKER = msgspec.json.Decoder(_SpotTicker)


def decode(raw: bytes) -> Message:
    """The message in `raw`, with or without the combined-stream envelope.

    Raises:
        WireError: not JSON, or fields are missing or invalid.
    """
    try:
        try:
            envelope = _ENVELOPE.decode(raw)
        except msgspec.ValidationError:
            return _in_milliseconds(_without_envelope(raw))
        data = envelope.data
        if not _MS_FROM <= (data.event_ts_ms or 0) < _US_FROM:  # the times of one stream share a unit
            data = _in_milliseconds(data)
        if type(data) is DepthUpdate and _PARTIAL.search(envelope.stream):
            return _partial(data)
        return data
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"{_shown(raw)}: {error}. Take a new snapshot.") from error


def _in_milliseconds(message: _MessageT) -> _MessageT:
    """The message with its times in ms: a stream may be in s, µs (spot's `timeUnit`) or ns; the digits tell."""
    changed = {}
    for name in _TIMES.get(type(message), ()):
        value = getattr(message, name)
        if value and not _MS_FROM <= value < _US_FROM and value >= _S_FROM:
            changed[name] = value * 1_000 if value < _MS_FROM else value // (1_000 if value < _NS_FROM else 1_000_000)
    return msgspec.structs.replace(message, **changed) if changed else message


def _without_envelope(raw: bytes | msgspec.Raw, stream: str = "") -> Message:
    found = _UNTYPED.decode(raw)
    if not stream and bytes(found.data):
        return _without_envelope(found.data, found.stream)
    if found.last_update_id is not None:
        return _snapshot(raw, stream)
    if found.e is None:
        return _spot_ticker(raw) if found.u is not None and found.s is not None else UnhandledMessage(kind="")
    return _tagged(raw, found)


def _tagged(raw: bytes | msgspec.Raw, found: _Untyped) -> Message:
    try:
        tagged: _Tagged = _BARE.decode(raw)
    except msgspec.ValidationError:
        if found.e in _KNOWN:
            raise
        return UnhandledMessage(kind=found.e or "", symbol=found.s or "")
    return tagged


def _snapshot(raw: bytes | msgspec.Raw, stream: str) -> Message:
    snapshot, symbol = _SNAPSHOT.decode(raw), upper_symbol(stream.partition("@")[0])
    if not _PARTIAL.search(stream):
        return msgspec.structs.replace(snapshot, symbol=symbol) if symbol and not snapshot.symbol else snapshot
    return PartialDepth(snapshot.bids, snapshot.asks, snapshot.last_update_id, symbol, snapshot.exch_ts_ns)


def _spot_ticker(raw: bytes | msgspec.Raw) -> BookTicker:
    ticker = _SPOT_TICKER.decode(raw)
    return BookTicker(ticker.s, ticker.u, ticker.b, ticker.B, ticker.a, ticker.A)


def _partial(update: DepthUpdate) -> PartialDepth:
    return PartialDepth(update.bids, update.asks, update.final_update_id, update.symbol, update.exch_ts_ns)


def _shown(raw: bytes) -> str:
    text = raw[:_SHOWN].decode("ascii", "backslashreplace")
    return f"{len(raw):,} bytes starting with {text!r}"


_S_FROM, _MS_FROM, _US_FROM, _NS_FROM = 10**9, 10**11, 10**14, 10**17
"""From 2001 (in s) and from 1973 (in ms, µs and ns) on, the number of digits determines the unit of a time."""
_TIMES: dict[type, tuple[str, ...]] = {
    kind: tuple(field for field in kind.__struct_fields__ if field.endswith("_ts_ms"))
    for kind in (DepthUpdate, BookTicker, Trade, AggTrade, Kline, MarkPrice, Snapshot)
}
_KNOWN = {"depthUpdate", "bookTicker", "trade", "aggTrade", "kline", "markPriceUpdate"}
