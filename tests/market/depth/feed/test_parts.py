"""Parts of the feed without sockets: the clocks, invalid settings, and pausing streams."""

import pytest

from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.feed.streams import Dispatcher, IgnoreAll
from skills_lib.market.depth.latency import LatencyHistogram
from skills_lib.market.depth.model import Snapshot, Venue
from skills_lib.market.depth.usability.clock import ClockOffset
from skills_lib.market.depth.usability.stream_state import FeedStream
from skills_lib.market.depth.wire import decode
from tests.market.depth.generated_stream import GeneratedMarket

MS = 1_000_000


def test_the_offset_is_taken_from_the_fastest_round_trip() -> None:
    clock = ClockOffset()
    assert clock.offset_ns is None
    clock.add(0, 400 * MS, 1_700)  # a slow one: 1,700.5 - 200
    clock.add(1_000 * MS, 1_010 * MS, 2_504)  # a quick one: 2,504.5 - 1,005
    assert clock.offset_ns == 1_499_500_000
    assert clock.uncertainty_ns == 5 * MS
    assert clock.latency_ns(exch_ts_ns=3_000 * MS, local_ts_ns=1_520 * MS) == 19_500_000


def stream_with_pauses(*times_s: float) -> FeedStream:
    """A stream with messages at these times."""
    stream = FeedStream("x@depth", "X")
    for time_s in times_s:
        stream.messages += 1
        stream.update_activity(time_s)
    return stream


def test_a_busy_stream_is_stale_sooner_than_a_slow_one() -> None:
    assert stream_with_pauses(1.0, 1.1, 1.6, 1.7).timeout_s(0.7) == 0.7
    assert stream_with_pauses(1.0, 3.0).timeout_s(0.7) == pytest.approx(8.0)
    assert stream_with_pauses(1.0, 99.0).timeout_s(0.7) == pytest.approx(20.0)


def test_a_pause_is_forgotten_while_a_stream_is_busy() -> None:
    times = [1.0, 6.0, *(6.0 + n / 10 for n in range(1, 30))]
    assert stream_with_pauses(*times).timeout_s(0.7) == 0.7


def test_a_stream_without_messages_is_not_stale() -> None:
    stream = FeedStream("x@depth", "X")
    stream.update_activity(5.0)
    assert stream.idle_s(50.0) == 0
    assert stream_with_pauses(1.0).idle_s(3.0) == 2.0


def test_each_stream_of_many_goes_to_its_own_book() -> None:
    symbols = ("BTCUSDT", "1000SHIBUSDT", "XUSDT")
    markets = {symbol: GeneratedMarket(n, Venue.USDM, symbol) for n, symbol in enumerate(symbols)}
    books = {symbol: LocalBook(symbol, Venue.USDM) for symbol in symbols}
    needs: list[str] = []
    dispatcher = Dispatcher(books, IgnoreAll())
    dispatcher.on_snapshot_needed = needs.append
    for symbol in symbols:
        for channel in ("depth@100ms", "bookTicker"):
            dispatcher.add(f"{symbol.lower()}@{channel}", symbol)
    for raws in zip(*(market.frames(40) for market in markets.values()), strict=True):
        for symbol, raw in zip(symbols, raws, strict=True):
            if b"lastUpdateId" in raw:
                message = decode(raw)
                assert isinstance(message, Snapshot)
                books[symbol].load(message)
            else:
                dispatcher.receive(1, raw)
    assert set(needs) == set(symbols)
    for symbol, book in books.items():
        assert book.in_sync
        assert book.book.update_id == markets[symbol].update_id
    assert all(stream.messages == 40 for stream in dispatcher.streams.values())
    dispatcher.receive(1, b'{"stream":"other@depth","data":{}}')
    dispatcher.receive(1, b'{"result":null,"id":1}')
    assert dispatcher.strays == 2


def test_latency_by_hand() -> None:
    latency = LatencyHistogram()
    assert latency.report() is None
    for ms in range(-10, 90):
        latency.add(ms * MS)
    report = latency.report()
    assert report is not None
    assert (report.messages, report.min_ms, report.max_ms) == (100, -10.0, 89.0)
    assert (report.median_ms, report.p99_ms, report.negative_share) == (39.0, 88.0, 0.1)
    assert "10 of 100" in latency.describe_negative()
