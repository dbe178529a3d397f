"""The exchange's book knows which prices its last update named, whichever way the update was read."""

import json

import pytest

from live.enums import Side
from live.money import SCALE, parse
from live.simulator.tape_book import TapeBook
from skills_lib.market.depth.model import DepthUpdate, Snapshot, WireError
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.tape.lines import TapeLine, read_lines
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE
from skills_lib.market.depth.wire import decode

COMPACT, SPACED = (",", ":"), (", ", ": ")
Levels = list[tuple[str, str]]


def opened() -> TapeBook:
    """A book with two bids and two asks, in sync."""
    book = TapeBook("BTCUSDT")
    book.local.load(Snapshot(1, [("100.0", "1"), ("99.0", "2")], [("101.0", "3"), ("102.0", "4")], 1, 1))
    return book


def diff(number: int, bids: Levels, asks: Levels, separators: tuple[str, str] = COMPACT) -> bytes:
    """The update after `number - 1` as bytes; compiled code reads the compact form only."""
    body = {"e": "depthUpdate", "E": 1_700_000_000_000, "T": 1_700_000_000_000, "s": "BTCUSDT", "U": number}
    body |= {"u": number, "pu": number - 1, "b": bids, "a": asks}
    return json.dumps(body, separators=separators).encode()


def named(book: TapeBook) -> list[list[int]]:
    return [list(prices) for prices in book.named]


def test_every_update_of_a_tape_names_the_prices_that_are_written_in_it() -> None:
    book, compared = TapeBook("BTCUSDT"), 0
    for line in read_lines(SAMPLE_TAPE):
        message = decode(line.raw) if isinstance(line, TapeLine) else None
        if isinstance(message, Snapshot):
            book.local.load(message)
        elif isinstance(message, DepthUpdate) and book.local.receive_raw(line.raw) is UpdateDecision.APPLY:
            assert named(book) == [[parse(price) for price, _ in side] for side in (message.bids, message.asks)]
            compared += 1
    assert compared > 1_900


@pytest.mark.parametrize("separators", [COMPACT, SPACED])
@pytest.mark.parametrize("price", ["99.5", "100.25", "30000.0"])  # known decimals, finer ones, beyond the window
def test_an_update_is_named_alike_by_either_path(separators: tuple[str, str], price: str) -> None:
    book = opened()
    book.local.receive_raw(diff(2, [("98.0", "1")], [], separators))
    asks = [("101.0", "0"), ("102.0", "0"), ("30001.0", "1")] if price == "30000.0" else []
    assert book.local.receive_raw(diff(3, [(price, "7"), ("99.0", "0")], asks, separators)) is UpdateDecision.APPLY
    assert named(book) == [[parse(price), 99 * SCALE], [parse(text) for text, _ in asks]]
    assert book.best(Side.BUY) == max(parse(price), 100 * SCALE)
    assert book.quantity(Side.BUY, parse(price)) == 7 * SCALE


def test_prices_and_quantities_are_in_units_of_a_hundred_millionth() -> None:
    book = opened()
    assert list(book.levels(Side.SELL)) == [(101 * SCALE, 3 * SCALE), (102 * SCALE, 4 * SCALE)]
    assert book.top(1) == ([(100 * SCALE, SCALE)], [(101 * SCALE, 3 * SCALE)])
    assert book.quantity(Side.BUY, 100 * SCALE + 1) == 0  # no price of this book


def test_a_number_finer_than_a_hundred_millionth_takes_the_book_out_of_sync() -> None:
    book = opened()
    assert book.local.receive_raw(diff(2, [("99.123456789", "1")], [])) is UpdateDecision.GAP
    assert not book.local.in_sync
    with pytest.raises(WireError, match="finer than 1e-8"):
        book.local.load(Snapshot(5, [("99.123456789", "1")], [("101", "1")], 1, 1))
    assert not book.local.in_sync
