"""Collects book and mark updates and packs them."""

import base64
import struct

import msgspec
import numpy as np

from skills_lib.trades.journal.market.columns import compressed, end_of_one, packed
from skills_lib.trades.journal.market.model import (
    BOOK,
    MARK,
    MAX_ROWS,
    MAX_SHAPES,
    MAX_SIDE,
    BlockBody,
    BookUpdate,
    MarkUpdate,
    Shape,
)


class UnpackableError(ValueError):
    """An update has a number of more than 64 bits or too many levels: it needs a record of its own."""


class _Rows:
    """Rows of one shape."""

    __slots__ = ("end", "index", "pack", "rows", "shape")

    def __init__(self, index: int, shape: Shape) -> None:
        self.index = index
        self.shape = shape
        self.pack = struct.Struct(f"<{shape.columns}q").pack
        self.end = end_of_one(shape.columns)
        self.rows: list[bytes] = []

    def table(self) -> bytes:
        """The rows, packed. A single row, which an order often waits for, needs no arithmetic."""
        if len(self.rows) == 1:
            return self.rows[0] + self.end
        values = np.frombuffer(b"".join(self.rows), "<i8").astype(np.int64, copy=False)
        return packed(values.reshape(-1, self.shape.columns))


class MarketBlock:
    """Collects updates until `body` takes them out. time_ns: of the last of them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int, int] | str, _Rows] = {}
        self._order = bytearray()
        self.time_ns = 0

    def __len__(self) -> int:
        return len(self._order)

    def add_book(self, book: BookUpdate) -> None:
        """Collect a book update.

        Raises:
            UnpackableError: it needs a record of its own; nothing was collected.
        """
        bids, asks = book.bids, book.asks
        key = (book.symbol, len(bids), len(asks))
        rows = self._rows.get(key) or self._new(key, Shape(BOOK, *key, 0))
        time_ns = book.time_ns
        try:
            row = rows.pack(time_ns, book.event_ns, book.update_id, book.usable, *bids, *asks)
        except struct.error:
            raise UnpackableError from None
        rows.rows.append(row)
        self._order.append(rows.index)
        self.time_ns = time_ns

    def add_mark(self, mark: MarkUpdate) -> None:
        """Collect a mark price; raises as `add_book`."""
        rows = self._rows.get(mark.symbol) or self._new(mark.symbol, Shape(MARK, mark.symbol, 0, 0, 0))
        try:
            row = rows.pack(mark.time_ns, mark.event_ns, mark.price)
        except struct.error:
            raise UnpackableError from None
        rows.rows.append(row)
        self._order.append(rows.index)
        self.time_ns = mark.time_ns

    @property
    def full(self) -> bool:
        """True where the next update might not fit."""
        return len(self._order) >= MAX_ROWS or len(self._rows) >= MAX_SHAPES

    def body(self) -> bytes:
        """The block's body as JSON; the block is empty then."""
        collected = list(self._rows.values())
        shapes = [Shape(*rows.shape[:-1], len(rows.rows)) for rows in collected]
        data = b"".join((self._order, *(rows.table() for rows in collected if rows.rows)))
        body = BlockBody(len(self._order), shapes, base64.b64encode(compressed(data)).decode())
        self._rows = {}
        self._order.clear()
        return msgspec.json.encode(body)

    def _new(self, key: tuple[str, int, int] | str, shape: Shape) -> _Rows:
        if max(shape.bids, shape.asks) > MAX_SIDE:
            raise UnpackableError
        made = self._rows[key] = _Rows(len(self._rows), shape)
        return made
