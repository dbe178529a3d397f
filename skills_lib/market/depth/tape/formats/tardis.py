"""Tardis: its raw lines, which are read, and its CSV data sets, which are named.

Raw lines are those of the HTTP API and of `tardis-machine` (docs.tardis.dev): the venue's message after the receive
time in ISO 8601, or both as fields of an object. The columns are those of "Downloadable CSV files, data types".
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

_STAMPED = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z (?=[\[{])")
_WRAPPED = re.compile(
    rb'\{\s*"localTimestamp"\s*:\s*"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z"\s*,\s*"message"\s*:\s*(?=\{)'
)
_NS_DIGITS = 9
_FIRST_COLUMNS = ("exchange", "symbol", "timestamp", "local_timestamp")
_DATASETS: dict[tuple[str, ...], str] = {
    ("is_snapshot", "side", "price", "amount"): "incremental_book_L2",
    ("id", "side", "price", "amount"): "trades or liquidations",
    ("ask_amount", "ask_price", "bid_price", "bid_amount"): "quotes or book_ticker",
}
_BY_COLUMN = {"funding_rate": "derivative_ticker", "strike_price": "options_chain"}


class TardisLine(NamedTuple):
    """The venue's message, and its receive time in ns since 1970."""

    raw: bytes
    local_ts_ns: int


def read_raw_line(line: bytes) -> TardisLine | None:
    """A line of Tardis's raw data; None if it is not one."""
    if match := _STAMPED.match(line):
        raw = line[match.end() :]
    elif (match := _WRAPPED.match(line)) and line.rstrip().endswith(b"}"):
        raw = line[match.end() :].rstrip()[:-1].rstrip()
    else:
        return None
    try:
        seconds = datetime.fromisoformat(match[1].decode()).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return TardisLine(raw, int(seconds) * 10**_NS_DIGITS + int((match[2] or b"").ljust(_NS_DIGITS, b"0")))


def dataset_of(columns: tuple[str, ...]) -> str | None:
    """The data set whose CSV has these columns; None if it is not Tardis's."""
    if columns[:4] != _FIRST_COLUMNS:
        return None
    own = columns[4:]
    if levels := sum(bool(re.fullmatch(r"asks\[\d+\]\.price", column)) for column in own):
        return f"book_snapshot_{levels}"
    return _DATASETS.get(own) or next((_BY_COLUMN[column] for column in own if column in _BY_COLUMN), "data set")
