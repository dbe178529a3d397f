"""Unpacks blocks of book and mark updates, whatever bytes they are."""

import base64
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from skills_lib.trades.journal.market.columns import Table, expanded, unpacked
from skills_lib.trades.journal.market.model import (
    BOOK,
    MARK,
    MAX_ROWS,
    MAX_SHAPES,
    MAX_SIDE,
    BlockBody,
    MarketUpdate,
    Shape,
)

_NO_ROWS: Table = np.zeros((0, 0), np.int64)
_read_body = msgspec.json.Decoder(BlockBody).decode


class _Block:
    """An unpacked block. order: the index of each row's shape."""

    def __init__(self, shapes: list[Shape], order: bytes, tables: list[Table]) -> None:
        self.shapes = shapes
        self.order = order
        self.tables = tables


def updates_of(body_json: bytes) -> Iterator[MarketUpdate]:
    """The updates of a block in the order in which they came.

    Raises:
        ValueError: the body is not that of a block; the message says why.
    """
    block = _unpacked(body_json)
    rows = [_updates(shape, table) for shape, table in zip(block.shapes, block.tables, strict=True)]
    for index in block.order:
        yield next(rows[index])


def tables_of(body_json: bytes) -> tuple[bytes, list[tuple[Shape, list[list[int]]]]]:
    """A block as it is stored: the index of each row's shape, in the order of the updates; and the rows of each shape.

    The columns of a row are those of docs/journal.md. Raises as `updates_of`.
    """
    block = _unpacked(body_json)
    return block.order, [(shape, table.tolist()) for shape, table in zip(block.shapes, block.tables, strict=True)]


def count_of(body_json: bytes) -> int:
    """How many updates a block has, after a check that all can be unpacked; raises as `updates_of`."""
    return len(_unpacked(body_json).order)


def shapes_of(body_json: bytes) -> list[Shape]:
    """The shapes of a block, which is not unpacked; raises as `updates_of`."""
    return _body(body_json).shapes


def _body(body_json: bytes) -> BlockBody:
    try:
        body = _read_body(body_json)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ValueError("it is not the body of a block") from None
    if not all(_allowed(shape) for shape in body.shapes) or len(body.shapes) > MAX_SHAPES:
        raise ValueError("a shape is out of range")
    if not 0 < body.rows <= MAX_ROWS or sum(shape.rows for shape in body.shapes) != body.rows:
        raise ValueError("rows and shapes contradict each other")
    return body


def _allowed(shape: Shape) -> bool:
    kind, _, bids, asks, rows = shape
    limit = MAX_SIDE if kind == BOOK else 0
    return kind in (BOOK, MARK) and 0 <= bids <= limit and 0 <= asks <= limit and 0 <= rows <= MAX_ROWS


def _unpacked(body_json: bytes) -> _Block:
    body = _body(body_json)
    limit = body.rows + sum(8 * (shape.rows + 1) * shape.columns + 1 for shape in body.shapes)
    try:
        zipped = base64.b64decode(body.data, validate=True)
    except ValueError:
        raise ValueError("its data are not base64") from None
    data = expanded(zipped, limit)
    order, at = data[: body.rows], body.rows
    if np.bincount(np.frombuffer(order, np.uint8), minlength=MAX_SHAPES).tolist() != _counts(body.shapes):
        raise ValueError("rows and shapes contradict each other")
    tables = []
    for shape in body.shapes:
        table, size = unpacked(data[at:], shape.rows, shape.columns) if shape.rows else (_NO_ROWS, 0)
        tables.append(table)
        at += size
    if at != len(data):
        raise ValueError("it has more bytes than its shapes need")
    return _Block(body.shapes, order, tables)


def _counts(shapes: list[Shape]) -> list[int]:
    return [shape.rows for shape in shapes] + [0] * (MAX_SHAPES - len(shapes))


def _updates(shape: Shape, table: Table) -> Iterator[MarketUpdate]:
    symbol, bids = shape.symbol, shape.bids
    body: dict[str, Any]
    for row in table.tolist():
        if shape.kind == MARK:
            body = {"symbol": symbol, "event_ns": row[1], "price": row[2]}
        else:
            _, event_ns, update_id, usable, *levels = row
            body = {"symbol": symbol, "event_ns": event_ns, "update_id": update_id, "usable": bool(usable)}
            body |= {"bids": levels[:bids], "asks": levels[bids:]}
        yield MarketUpdate(shape.kind, row[0], body)
