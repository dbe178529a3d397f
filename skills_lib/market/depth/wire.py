"""Decodes any message of the public streams, in any key order, with msgspec.

Invalid bytes raise `WireError` and nothing else.
"""

import re
from typing import TypeAlias

import msgspec

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
        return _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"{_shown(raw)}: {error}. Take a new snapshot.") from error


def _decode(raw: bytes) -> Message:
    try:
        envelope = _ENVELOPE.decode(raw)
    except msgspec.ValidationError:
        return _without_envelope(raw)
    if type(envelope.data) is DepthUpdate and _PARTIAL.search(envelope.stream):
        return _partial(envelope.data)
    return envelope.data


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
    snapshot = _SNAPSHOT.decode(raw)
    if not _PARTIAL.search(stream):
        return snapshot
    symbol = stream.partition("@")[0].upper()
    return PartialDepth(snapshot.bids, snapshot.asks, snapshot.last_update_id, symbol, snapshot.exch_ts_ns)


def _spot_ticker(raw: bytes | msgspec.Raw) -> BookTicker:
    ticker = _SPOT_TICKER.decode(raw)
    return BookTicker(ticker.s, ticker.u, ticker.b, ticker.B, ticker.a, ticker.A)


def _partial(update: DepthUpdate) -> PartialDepth:
    return PartialDepth(update.bids, update.asks, update.final_update_id, update.symbol, update.exch_ts_ns)


def _shown(raw: bytes) -> str:
    text = raw[:_SHOWN].decode("ascii", "backslashreplace")
    return f"{len(raw):,} bytes starting with {text!r}"


_KNOWN = {"depthUpdate", "bookTicker", "trade", "aggTrade", "kline", "markPriceUpdate"}
