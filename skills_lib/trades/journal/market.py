"""Blocks of book and mark updates: the mass of a journal, packed into one record each.

The body of such a record:

    {"rows":3,"shapes":[["book","BTCUSDT",5,5,2],["mark","BTCUSDT",0,0,1]],"data":"eJz…"}

A shape is a kind, a symbol, the number of bid and ask levels, and the number of its rows. `data` is base64 of zlib of:
one byte a row, the index of its shape (in the order in which the updates came), then each shape's table in the order
of `shapes` (`columns.py`). A book's row: time_ns, event_ns, update_id, usable, then price and quantity of each bid and
each ask; a mark's: time_ns, event_ns, price. All are integers of 64 bits.
"""

import base64
import binascii
from collections.abc import Iterator
from struct import Struct
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np

from skills_lib.trades.journal.columns import Table, compressed, expanded, packed, unpacked

BOOK = "book"
MARK = "mark"
_BOOK_COLUMNS = 4
_MARK_COLUMNS = 3
MAX_SHAPES = 256
MAX_ROWS = 1 << 16
_MAX_LEVELS = 5_000
_NO_ROWS: Table = np.zeros((0, 0), np.int64)


class BookUpdate(Protocol):
    """A book update: bids and asks as price, quantity, price, … best first."""

    @property
    def time_ns(self) -> int: ...
    @property
    def symbol(self) -> str: ...
    @property
    def event_ns(self) -> int: ...
    @property
    def update_id(self) -> int: ...
    @property
    def usable(self) -> bool: ...
    @property
    def bids(self) -> tuple[int, ...]: ...
    @property
    def asks(self) -> tuple[int, ...]: ...


class MarkUpdate(Protocol):
    """A mark price."""

    @property
    def time_ns(self) -> int: ...
    @property
    def symbol(self) -> str: ...
    @property
    def event_ns(self) -> int: ...
    @property
    def price(self) -> int: ...


class MarketUpdate(NamedTuple):
    """One update of a block, as the record that it stands for."""

    kind: str
    time_ns: int
    body: dict[str, Any]


class _Shape:
    """Rows of one kind, symbol and number of levels."""

    __slots__ = ("columns", "index", "key", "pack", "rows")

    def __init__(self, index: int, key: tuple[str, str, int, int], columns: int) -> None:
        self.index = index
        self.key = key
        self.columns = columns
        self.pack = Struct(f"<{columns}q").pack
        self.rows: list[bytes] = []


class MarketBlock:
    """Collects updates until `body` takes them out. rows: collected; time_ns: of the last of them."""

    def __init__(self) -> None:
        self._books: dict[tuple[str, int, int], _Shape] = {}
        self._marks: dict[str, _Shape] = {}
        self._order = bytearray()
        self.time_ns = 0

    def __len__(self) -> int:
        return len(self._order)

    def add_book(self, book: BookUpdate) -> None:
        """Collect a book update.

        Raises:
            struct.error: a number of more than 64 bits.
        """
        bids, asks = book.bids, book.asks
        key = (book.symbol, len(bids), len(asks))
        shape = self._books.get(key) or self._book_shape(key)
        time_ns = book.time_ns
        shape.rows.append(shape.pack(time_ns, book.event_ns, book.update_id, book.usable, *bids, *asks))
        self._order.append(shape.index)
        self.time_ns = time_ns

    def add_mark(self, mark: MarkUpdate) -> None:
        """Collect a mark price.

        Raises:
            struct.error: a number of more than 64 bits.
        """
        shape = self._marks.get(mark.symbol) or self._mark_shape(mark.symbol)
        shape.rows.append(shape.pack(mark.time_ns, mark.event_ns, mark.price))
        self._order.append(shape.index)
        self.time_ns = mark.time_ns

    @property
    def full(self) -> bool:
        """True where the next update might not fit."""
        return len(self._order) >= MAX_ROWS or len(self._books) + len(self._marks) >= MAX_SHAPES

    def body(self) -> bytes:
        """The block's body as JSON; the block is empty then."""
        shapes = sorted((*self._books.values(), *self._marks.values()), key=lambda shape: shape.index)
        parts = [bytes(self._order)]
        for shape in shapes:
            if not shape.rows:
                continue
            table = np.frombuffer(b"".join(shape.rows), "<i8").astype(np.int64, copy=False)
            parts.append(packed(table.reshape(-1, shape.columns)))
        listed = [[*shape.key, len(shape.rows)] for shape in shapes]
        data = base64.b64encode(compressed(b"".join(parts))).decode()
        body = msgspec.json.encode({"rows": len(self._order), "shapes": listed, "data": data})
        self._books, self._marks = {}, {}
        self._order.clear()
        return body

    def _book_shape(self, key: tuple[str, int, int]) -> _Shape:
        made = _Shape(len(self._books) + len(self._marks), (BOOK, *key), _BOOK_COLUMNS + key[1] + key[2])
        self._books[key] = made
        return made

    def _mark_shape(self, symbol: str) -> _Shape:
        made = _Shape(len(self._books) + len(self._marks), (MARK, symbol, 0, 0), _MARK_COLUMNS)
        self._marks[symbol] = made
        return made


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    rows: int
    shapes: list[tuple[str, str, int, int, int]]
    data: str


def updates_of(body_json: bytes) -> Iterator[MarketUpdate]:
    """The updates of a block in the order in which they came.

    Raises:
        ValueError: the body is not that of a block; the message says why.
    """
    try:
        body = msgspec.json.decode(body_json, type=_Body)
        data = base64.b64decode(body.data, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error):
        raise ValueError("not the body of a block") from None
    sizes = [_size(shape) for shape in body.shapes]
    if not 0 < body.rows <= MAX_ROWS or len(sizes) > MAX_SHAPES or sum(rows for rows, _ in sizes) != body.rows:
        raise ValueError("rows and shapes contradict each other")
    limit = body.rows + sum(8 * (rows + 1) * columns + 1 for rows, columns in sizes)
    yield from _in_order(body, sizes, expanded(data, limit))


def _size(shape: tuple[str, str, int, int, int]) -> tuple[int, int]:
    kind, _, bids, asks, rows = shape
    if kind not in (BOOK, MARK) or not 0 <= rows <= MAX_ROWS or not (0 <= bids <= 2 * _MAX_LEVELS >= asks >= 0):
        raise ValueError("a shape out of range")
    return rows, (_BOOK_COLUMNS + bids + asks if kind == BOOK else _MARK_COLUMNS)


def _in_order(body: _Body, sizes: list[tuple[int, int]], data: bytes) -> Iterator[MarketUpdate]:
    order, at, readers = data[: body.rows], body.rows, []
    counts = np.bincount(np.frombuffer(order, np.uint8), minlength=len(sizes))
    if counts.tolist() != [rows for rows, _ in sizes]:
        raise ValueError("rows and shapes contradict each other")
    for shape, (rows, columns) in zip(body.shapes, sizes, strict=True):
        table, size = unpacked(data[at:], rows, columns) if rows else (_NO_ROWS, 0)
        readers.append(_rows(shape, table))
        at += size
    if at != len(data):
        raise ValueError("more bytes than its shapes need")
    for index in order:
        yield next(readers[index])


def _rows(shape: tuple[str, str, int, int, int], table: Table) -> Iterator[MarketUpdate]:
    kind, symbol, bids, _, _ = shape
    for row in table.tolist():
        if kind == MARK:
            yield MarketUpdate(MARK, row[0], {"symbol": symbol, "event_ns": row[1], "price": row[2]})
            continue
        time_ns, event_ns, update_id, usable, *levels = row
        sides = {"bids": levels[:bids], "asks": levels[bids:]}
        yield MarketUpdate(
            BOOK,
            time_ns,
            {"symbol": symbol, "event_ns": event_ns, "update_id": update_id, "usable": bool(usable), **sides},
        )
