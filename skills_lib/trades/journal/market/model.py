"""What a block holds, and how much at the most."""

from typing import Any, NamedTuple, Protocol

import msgspec

BOOK = "book"
MARK = "mark"
BOOK_COLUMNS = 4
"""Columns of a book's row before bids and asks."""
MARK_COLUMNS = 3
MAX_SHAPES = 256
MAX_ROWS = 4_096
MAX_SIDE = 100
"""Numbers of one side of a book: 50 levels. So a block has at most 7 MB before it is compressed."""


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


class Shape(NamedTuple):
    """Rows of one kind, symbol and number of levels. bids, asks: numbers of a side, 0 for a mark."""

    kind: str
    symbol: str
    bids: int
    asks: int
    rows: int

    @property
    def columns(self) -> int:
        """Numbers of a row."""
        return BOOK_COLUMNS + self.bids + self.asks if self.kind == BOOK else MARK_COLUMNS


class BlockBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a block's record."""

    rows: int
    shapes: list[Shape]
    data: str
