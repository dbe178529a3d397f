"""Market frames as events: the same book as the exchange's, usable only while every check of it holds."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.binance.markets import MarketReader
from live.engine.events import BookChanged, MarkChanged
from live.money import SCALE
from live.simulator.outputs import Frame, Response
from tests.live.binance.account import SYMBOL
from tests.live.simulator.venue_client import MS, S, VenueClient, open_client

DEPTH = 3


class Follower:
    """Follows the streams of an exchange in process."""

    def __init__(self, tape: Path) -> None:
        self.client: VenueClient = open_client(tape)
        self.reader = MarketReader(SYMBOL, DEPTH)
        self.client.venue.connect("/stream?streams=btcusdt@depth@0ms/btcusdt@markPrice@1s")
        self.reader.opened(self.client.venue.now_ns)
        self.books: list[BookChanged] = []
        self.marks: list[MarkChanged] = []

    def snapshot(self) -> None:
        """Fetch a snapshot, and take frames meanwhile."""
        self.client.get("/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
        self.run(MS)

    def run(self, nanoseconds: int) -> None:
        """Move the time and take what comes."""
        for output in self.client.run(nanoseconds):
            if isinstance(output, Frame):
                self._keep(self.reader.on_frame(output.data, output.time_ns))
            elif isinstance(output, Response) and output.response:
                self._keep(self.reader.on_snapshot(output.response.body, output.time_ns))

    def _keep(self, event: BookChanged | MarkChanged | None) -> None:
        if isinstance(event, BookChanged):
            self.books.append(event)
        elif event:
            self.marks.append(event)

    @property
    def venue_levels(self) -> list[tuple[int, ...]]:
        """The exchange's own book."""
        top = self.client.venue.feed.books[SYMBOL].top(DEPTH)
        return [tuple(number for level in side for number in level) for side in top]


@pytest.fixture
def follower(generated_tape: Path) -> Follower:
    """A reader that follows a tape from its start."""
    made = Follower(generated_tape)
    made.run(100 * MS)
    made.snapshot()
    return made


def test_after_a_snapshot_every_frame_gives_the_book_of_the_exchange(follower: Follower) -> None:
    for _ in range(50):
        follower.run(100 * MS)
        last = follower.books[-1]
        assert last.usable
        assert [last.bids, last.asks] == follower.venue_levels
        assert last.update_id == follower.client.venue.feed.books[SYMBOL].local.book.update_id
    assert [book.time_ns for book in follower.books] == sorted(book.time_ns for book in follower.books)


def test_before_a_snapshot_no_book_is_usable(generated_tape: Path) -> None:
    follower = Follower(generated_tape)
    assert follower.reader.wants_snapshot
    follower.run(S)
    assert follower.books
    assert not any(book.usable or book.bids or book.asks for book in follower.books)


def test_a_missing_update_makes_the_book_unusable_until_the_next_snapshot(follower: Follower) -> None:
    follower.run(S)
    reader, follower.reader = follower.reader, MarketReader(SYMBOL, DEPTH)
    follower.run(200 * MS)
    follower.reader = reader
    follower.run(200 * MS)
    assert not follower.books[-1].usable
    assert reader.wants_snapshot
    follower.snapshot()
    follower.run(200 * MS)
    assert follower.books[-1].usable
    assert [follower.books[-1].bids, follower.books[-1].asks] == follower.venue_levels


def test_a_lost_connection_and_silence_make_the_book_unusable(follower: Follower) -> None:
    follower.run(S)
    now_ns = follower.client.venue.now_ns
    assert follower.reader.unusable(now_ns) is None
    assert follower.reader.unusable(now_ns + 10 * S) is not None
    lost = follower.reader.lost(now_ns)
    assert not lost.usable
    assert not follower.reader.wants_snapshot


def test_an_update_that_cannot_be_read_makes_the_book_unusable(follower: Follower) -> None:
    follower.run(S)
    broken = b'{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","s":"BTCUSDT"'
    event = follower.reader.on_frame(broken, follower.client.venue.now_ns)
    assert isinstance(event, BookChanged)
    assert not event.usable


def test_frames_of_other_symbols_change_nothing(follower: Follower) -> None:
    follower.run(S)
    now_ns = follower.client.venue.now_ns
    other = {"e": "depthUpdate", "E": 1, "T": 1, "s": "ETHUSDT", "U": 1, "u": 2, "pu": 0, "b": [], "a": []}
    mark = {"e": "markPriceUpdate", "E": 1, "s": "ETHUSDT", "p": "1", "i": "1", "r": "0", "T": 2}
    assert [follower.reader.on_frame(json.dumps(frame).encode(), now_ns) for frame in (other, mark)] == [None, None]
    assert follower.reader.unusable(now_ns) is None


def test_the_mark_price_is_exact() -> None:
    frame = {"e": "markPriceUpdate", "E": 3, "s": SYMBOL, "p": "60000.12345678", "i": "1", "r": "0", "T": 4, "st": 1}
    event = MarketReader(SYMBOL, DEPTH).on_frame(json.dumps(frame).encode(), 9)
    assert event == MarkChanged(9, SYMBOL, 3 * MS, 6_000_012_345_678)
    assert MarketReader(SYMBOL, DEPTH).on_frame(json.dumps(frame | {"p": "NaN"}).encode(), 9) is None


def test_a_snapshot_that_cannot_be_read_is_fetched_again() -> None:
    reader = MarketReader(SYMBOL, DEPTH)
    reader.opened(1)
    for body in (b"", b"<html>", b'{"lastUpdateId":1,"bids":[["x","1"]],"asks":[]}', b'{"code":-1003}'):
        assert reader.on_snapshot(body, 2) is None
        assert reader.wants_snapshot


@given(st.lists(st.binary(max_size=60) | st.binary(max_size=60).map(lambda raw: b'"depthUpdate"' + raw), max_size=8))
def test_any_bytes_give_no_usable_book_and_no_exception(frames: list[bytes]) -> None:
    reader = MarketReader(SYMBOL, DEPTH)
    reader.opened(1)
    for frame in frames:
        event = reader.on_frame(frame, SCALE)
        assert event is None or (isinstance(event, BookChanged) and not event.usable)
