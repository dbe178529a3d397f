"""Names recordings in formats that hold no messages of the venue, with what to do instead.

A book needs the venue's own chain of update ids. Rows without them cannot be checked, so they are not read as a tape.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from skills_lib.market.depth.tape.formats.tardis import dataset_of, read_raw_line

_RECORD = "Record the venue's messages with `twokey record`, or use lines such as `<ns> {…}`."
_TARDIS_RAW = "Its rows have no update ids, so no book can be checked. Use Tardis's raw data, which is read as it is."
_UNPACK = "Unpack it, or compress the lines with gzip or zstd."
_STAMP = re.compile(rb"[\d.]+:? (?=[\[{])")


class ForeignFormat(NamedTuple):
    """`kind` completes "FILE is …"; `advice` is what to do."""

    kind: str
    advice: str


def foreign_format(head: bytes) -> ForeignFormat | None:
    """The foreign format of a file that starts with `head`, in UTF-8 if it is text; None if it may be a tape."""
    line = next((line for line in head.splitlines() if line.strip()), b"")
    readers: tuple[Callable[[], ForeignFormat | None], ...] = (
        lambda: _binary(head),
        lambda: _markup(line),
        lambda: _csv(line) or _unknown_csv(line, head),
        lambda: _json(line),
    )
    return next((found for reader in readers if (found := reader()) is not None), None)


_MAGIC = {
    b"PAR1": ForeignFormat("a Parquet file", "It holds rows, not the venue's messages. " + _RECORD),
    b"ARROW1": ForeignFormat("an Arrow or Feather file", "It holds rows, not the venue's messages. " + _RECORD),
    b"\x93NUMPY": ForeignFormat("a NumPy array", "It holds rows, not the venue's messages. " + _RECORD),
    b"\x89HDF": ForeignFormat("an HDF5 file", "It holds rows, not the venue's messages. " + _RECORD),
    b"SQLite format 3\0": ForeignFormat("an SQLite database", "Export the venue's messages, one a line."),
    b"\x80\x04": ForeignFormat("a Python pickle", "It is never loaded: it could run code. " + _RECORD),
    b"\x80\x05": ForeignFormat("a Python pickle", "It is never loaded: it could run code. " + _RECORD),
    b"\xd4\xc3\xb2\xa1": ForeignFormat("a packet capture", "It holds encrypted packets. " + _RECORD),
    b"\x0a\x0d\x0d\x0a": ForeignFormat("a packet capture", "It holds encrypted packets. " + _RECORD),
    b"BZh": ForeignFormat("a bzip2 file", _UNPACK),
    b"\xfd7zXZ": ForeignFormat("an xz file", _UNPACK),
    b"\x04\x22\x4d\x18": ForeignFormat("an lz4 file", _UNPACK),
    b"7z\xbc\xaf": ForeignFormat("a 7z archive", _UNPACK),
    b"Rar!": ForeignFormat("a RAR archive", _UNPACK),
}


def _binary(head: bytes) -> ForeignFormat | None:
    if head.startswith(b"PK\x03\x04"):
        return _zip(head)
    if head[257:262] == b"ustar":
        return ForeignFormat("a tar archive", _UNPACK)
    for magic, found in _MAGIC.items():
        if head.startswith(magic):
            return found
    if b"\0" in head[:1_024]:
        return ForeignFormat("binary data in an unknown format", _RECORD)
    return None


def _zip(head: bytes) -> ForeignFormat:
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")].lower()
    if name.endswith(b".npy"):
        rows = "Its events have no update ids, so no book can be checked. " + _RECORD
        return ForeignFormat("an .npz file of NumPy arrays, such as hftbacktest's events", rows)
    if name.endswith(b".csv"):
        return ForeignFormat("a zip of a CSV, such as those of Binance's public archive", _ARCHIVE)
    return ForeignFormat("a zip archive", _UNPACK)


def _markup(line: bytes) -> ForeignFormat | None:
    if not line.lstrip().startswith(b"<"):
        return None
    return ForeignFormat("a web page or XML, not data", "The download may have failed: fetch it again.")


_ARCHIVE = "Binance's archive has no order book diffs; candles are read with `twokey data import`."
_ARCHIVE_COLUMNS = {
    ("update_id", "best_bid_price"): "bookTicker",
    ("id", "price", "qty"): "trades",
    ("agg_trade_id", "price"): "aggTrades",
    ("timestamp", "percentage", "depth"): "bookDepth (bands in percent, no levels)",
    ("create_time", "symbol", "sum_open_interest"): "metrics",
    ("calc_time", "funding_interval_hours"): "fundingRate",
    ("open_time", "open", "high", "low", "close"): "klines",
}
_DEPTH_COLUMNS = ("symbol", "timestamp", "first_update_id", "last_update_id", "side", "update_type")
_LAKE_COLUMNS = {"received_time", "origin_time", "sequence_number"}


def _csv(line: bytes) -> ForeignFormat | None:
    if b"," not in line or _may_be_message(line):
        return None
    columns = tuple(cell.strip(' "\t').lower() for cell in line.decode("utf-8", "replace").split(","))
    if found := dataset_of(columns):
        return ForeignFormat(f"a Tardis {found} CSV", _TARDIS_RAW)
    return _table(columns)


def _table(columns: tuple[str, ...]) -> ForeignFormat | None:
    if columns[: len(_DEPTH_COLUMNS)] == _DEPTH_COLUMNS:
        return ForeignFormat("a T_DEPTH or S_DEPTH CSV of Binance's futures order book history", _DEPTH_ROWS)
    if len(_LAKE_COLUMNS & set(columns)) > 1:
        return ForeignFormat("a Crypto Lake table", "It holds rows, not the venue's messages. " + _RECORD)
    for first, name in _ARCHIVE_COLUMNS.items():
        if columns[: len(first)] == first:
            return ForeignFormat(f"a {name} CSV of Binance's public archive", _ARCHIVE)
    if {"open", "high", "low", "close"} <= set(columns):
        return ForeignFormat("a CSV of candles", "Candles are read with `twokey data import`.")
    return None


def _unknown_csv(line: bytes, head: bytes) -> ForeignFormat | None:
    """Rows of as many cells each, without a single line that may be a message."""
    lines = [row for row in head.splitlines()[:-1] if row.strip()] or [line]
    cells = {row.count(b",") for row in lines}
    if len(cells) > 1 or not min(cells) or any(_may_be_message(row) for row in lines):
        return None
    return ForeignFormat("a CSV in no format that is known here", _RECORD)


def _may_be_message(line: bytes) -> bool:
    return b"{" in line or line.lstrip().startswith(b"[")


_DEPTH_ROWS = "Its rows are single levels, not messages, and its snapshots have no time of their own. " + _RECORD
_TARDIS_TYPES = ("book_change", "book_snapshot", "trade", "derivative_ticker", "book_ticker", "quote", "disconnect")
_VENUES: tuple[tuple[str, Callable[[dict[str, Any]], bool]], ...] = (
    ("Bybit", lambda message: str(message.get("topic", "")).startswith(("orderbook.", "publicTrade.", "tickers."))),
    ("OKX", lambda message: isinstance(message.get("arg"), dict) and "channel" in message["arg"]),
    ("Deribit", lambda message: "jsonrpc" in message),
    ("Kraken", lambda message: message.get("channel") in ("book", "trade", "ticker") and "data" in message),
    ("Coinbase", lambda message: "product_id" in message or "sequence_num" in message),
    ("Hyperliquid", lambda message: message.get("channel") in ("l2Book", "trades", "bbo")),
)


def _json(line: bytes) -> ForeignFormat | None:
    raw = line[match.end() :] if (match := _STAMP.match(line)) else line
    raw = found.raw if (found := read_raw_line(line)) else raw
    if raw.strip() in (b"{", b"[") or raw.lstrip().startswith((b"[{", b"[ {")):
        return ForeignFormat("one JSON document", "Write one message a line, such as `<ns> {…}`.")
    try:
        message = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _json_object(message) if isinstance(message, dict) else None


def _json_object(message: dict[str, Any]) -> ForeignFormat | None:
    if "localTimestamp" in message and str(message.get("type", "")).startswith(_TARDIS_TYPES):
        return ForeignFormat("Tardis's normalised data", _TARDIS_RAW)
    if {"bids", "asks"} <= message.keys() and "lastUpdateId" not in message and "e" not in message:
        return ForeignFormat("order books of ccxt or another library", "They lack the venue's update ids. " + _RECORD)
    for venue, matches in _VENUES:
        if matches(message):
            return ForeignFormat(f"a recording of {venue}", "Twokey reads Binance's USD-M futures and spot messages.")
    return None
