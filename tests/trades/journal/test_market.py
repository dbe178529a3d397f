"""Blocks of book and mark updates come back as they were, and damaged ones are refused without using much memory."""

import base64
import random
import zlib
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skills_lib.trades.journal.format import MAX_LINE_BYTES
from skills_lib.trades.journal.market.model import BOOK, MARK, MAX_ROWS, MAX_SHAPES, MAX_SIDE
from skills_lib.trades.journal.market.packing import MarketBlock, UnpackableError
from skills_lib.trades.journal.market.unpacking import count_of, shapes_of, updates_of


class Book(NamedTuple):
    time_ns: int
    symbol: str
    event_ns: int
    update_id: int
    usable: bool
    bids: tuple[int, ...]
    asks: tuple[int, ...]


class Mark(NamedTuple):
    time_ns: int
    symbol: str
    event_ns: int
    price: int


WORDS = st.integers(-(2**63), 2**63 - 1)
SIDES = st.lists(WORDS, max_size=4).map(tuple)
SYMBOLS = st.text(max_size=4)
BOOKS = st.builds(Book, WORDS, SYMBOLS, WORDS, WORDS, st.booleans(), SIDES, SIDES)
MARKS = st.builds(Mark, WORDS, SYMBOLS, WORDS, WORDS)
EDGE = [Mark(time_ns, "X", -(2**63), 2**63 - 1) for time_ns in (0, -(2**63), 2**63 - 1, 0, -1, -(2**63))]


def packed(updates: list[Book | Mark]) -> bytes:
    block = MarketBlock()
    for update in updates:
        block.add_book(update) if isinstance(update, Book) else block.add_mark(update)
    return block.body()


def unpacked(body: bytes) -> list[Book | Mark]:
    found: list[Book | Mark] = []
    for kind, time_ns, rest in updates_of(body):
        sides: dict[str, Any] = {name: tuple(rest.pop(name)) for name in ("bids", "asks") if kind == BOOK}
        found.append(Book(time_ns, **rest, **sides) if kind == BOOK else Mark(time_ns, **rest))
    return found


@given(st.lists(BOOKS | MARKS, min_size=1, max_size=30))
@example(EDGE)
def test_updates_come_back_equal_and_in_their_order(updates: list[Book | Mark]) -> None:
    body = packed(updates)
    assert unpacked(body) == updates
    assert count_of(body) == len(updates)
    assert sum(shape.rows for shape in shapes_of(body)) == len(updates)


def test_a_block_says_when_it_is_full() -> None:
    block = MarketBlock()
    for number in range(MAX_ROWS):
        assert not block.full
        block.add_mark(Mark(number, "X", 0, 0))
    assert block.full
    assert count_of(block.body()) == MAX_ROWS
    for number in range(MAX_SHAPES):
        assert not block.full
        block.add_mark(Mark(number, f"X{number}", 0, 0))
    assert block.full
    assert count_of(block.body()) == MAX_SHAPES
    assert len(block) == 0


@pytest.mark.parametrize(
    "update",
    [
        Mark(0, "X", 0, 2**63),
        Mark(-(2**63) - 1, "X", 0, 0),
        Book(0, "X", 0, 0, True, (2**64,), ()),
        Book(0, "X", 0, 0, True, (0,) * (MAX_SIDE + 1), ()),
        Book(0, "X", 0, 0, True, (), (0,) * (MAX_SIDE + 1)),
    ],
)
def test_an_update_that_does_not_fit_leaves_the_block_as_it_was(update: Book | Mark) -> None:
    block = MarketBlock()
    block.add_mark(Mark(5, "Y", 6, 7))
    with pytest.raises(UnpackableError):
        block.add_book(update) if isinstance(update, Book) else block.add_mark(update)
    assert block.time_ns == 5
    assert unpacked(block.body()) == [Mark(5, "Y", 6, 7)]


def test_the_largest_block_that_cannot_be_compressed_fits_into_a_line() -> None:
    draw = random.Random(1)
    side = [tuple(draw.getrandbits(63) for _ in range(MAX_SIDE)) for _ in range(50)]
    books: list[Book | Mark] = [Book(n, "X", n, n, True, side[n * 7 % 50], side[n * 11 % 50]) for n in range(MAX_ROWS)]
    assert len(packed(books)) < MAX_LINE_BYTES // 2 < MAX_ROWS * (2 * MAX_SIDE + 4) * 8 * 5


def damaged(**changed: Any) -> bytes:
    """A block of two marks with other parts."""
    body = msgspec.json.decode(packed([Mark(1, "X", 2, 3), Mark(4, "X", 5, 6)]))
    return msgspec.json.encode(body | changed)


def zipped(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"{",
        b"\xff",
        damaged(rows=3),
        damaged(rows=-1),
        damaged(rows=10**30),
        damaged(shapes=[]),
        damaged(shapes=[["mark", "X", 0, 0, 1]]),
        damaged(shapes=[["mark", "X", 0, 0, -2], ["mark", "Y", 0, 0, 4]]),
        damaged(shapes=[["mark", "X", 1, 0, 2]]),
        damaged(shapes=[["other", "X", 0, 0, 2]]),
        damaged(shapes=[["book", "X", 0, 0, 2]]),
        damaged(shapes=[["book", "X", 10**9, 0, 2]]),
        damaged(shapes=[["mark", "X", 0, 0, 1], ["mark", "Y", 0, 0, 1]]),
        damaged(shapes=[["mark", "X", 0, 0, 0]] * (MAX_SHAPES + 1)),
        damaged(data="…"),
        damaged(data="AAAA"),
        damaged(data=zipped(b"")),
        damaged(data=zipped(bytes(2))),
        damaged(data=zipped(bytes(2) + bytes(24) + b"\x09" + bytes(23))),
        damaged(data=zipped(bytes(1 << 24))),
        damaged(data=zipped(b"\x01\x01" + bytes(200))),
        damaged(unknown=1),
    ],
)
def test_a_damaged_block_is_refused_in_one_line(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(it|its|a|rows) [a-z0-9' ]+$"):
        list(updates_of(body))
    with pytest.raises(ValueError, match=r"."):
        count_of(body)


@given(st.data())
def test_no_bytes_in_place_of_the_table_end_in_another_error(data: st.DataObject) -> None:
    table = data.draw(st.binary(max_size=120))
    order = data.draw(st.sampled_from([b"\x00\x00", b"\x00\x01", b""]))
    try:
        found = unpacked(damaged(data=zipped(order + table)))
    except ValueError:
        return
    assert [type(update) for update in found] == [Mark, Mark]
    assert MARK == "mark"
