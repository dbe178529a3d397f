"""The live feed over real sockets: books follow the venue, lose sync, resync, and report their state correctly."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.causes import Cause
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import Channel, Endpoints, FeedSettings
from skills_lib.market.depth.feed.streams import IgnoreAll
from skills_lib.market.depth.model import BookTicker, MarketEvent, Venue
from skills_lib.market.depth.sequencer import UpdateDecision
from tests.market.depth.frame_server import FrameServer, eventually
from tests.market.depth.generated_stream import GeneratedMarket

pytest.importorskip("picows", reason="the extra `live` is not installed")
each_venue = pytest.mark.parametrize("venue", Venue)
Scenario = Callable[[FrameServer, Feed, "RecordingListener"], Awaitable[None]]
QUICK = {"silence_s": 0.3, "reconnect_after_s": 1.0, "backoff_s": 0.02, "overlap_s": 0.2, "clock_every_s": 0.05}


class RecordingListener(IgnoreAll):
    """Records the events of a feed."""

    def __init__(self) -> None:
        self.raw: list[tuple[str, int, bytes]] = []
        self.verdicts: list[tuple[UpdateDecision, int | None, int]] = []
        self.events: list[MarketEvent] = []

    def on_raw(self, symbol: str, local_ts_ns: int, raw: bytes) -> None:
        self.raw.append((symbol, local_ts_ns, raw))

    def on_book(self, book: LocalBook, decision: UpdateDecision, local_ts_ns: int) -> None:
        self.verdicts.append((decision, book.exch_ts_ns, local_ts_ns))

    def on_event(self, symbol: str, event: MarketEvent) -> None:
        self.events.append(event)


def run(venue: Venue, scenario: Scenario, **changes: object) -> None:
    """Play a scenario against a server of generated frames and a feed that listens to it."""

    async def play() -> None:
        frames = list(GeneratedMarket(7, venue).frames(400))
        async with FrameServer("BTCUSDT", venue, frames) as server:
            settings = replace(
                FeedSettings(Endpoints.of(venue, server.host), ("BTCUSDT",), (Channel.DEPTH, Channel.BOOK_TICKER)),
                **{**QUICK, **changes},
            )
            received = RecordingListener()
            async with Feed(settings, received) as feed:
                await eventually(lambda: server.sockets)
                await scenario(server, feed, received)

    asyncio.run(play())


def is_equal(server: FrameServer, feed: Feed) -> bool:
    """Whether the feed's book is usable and equals the venue's, level by level."""
    mine, theirs = feed.books["BTCUSDT"].book, server.book.book
    return (
        feed.is_usable("BTCUSDT")
        and mine.update_id == theirs.update_id
        and mine.top_text(1000) == theirs.top_text(1000)
    )


async def settle(server: FrameServer, feed: Feed, step: int = 2) -> None:
    """Play until the book equals the venue's."""

    async def playing() -> None:
        while not is_equal(server, feed):
            await server.play(step)
            await asyncio.sleep(0.02)

    await asyncio.wait_for(playing(), 20)


@each_venue
def test_a_book_follows_the_venue_and_every_event_carries_both_clocks(venue: Venue) -> None:
    async def scenario(server: FrameServer, feed: Feed, received: RecordingListener) -> None:
        await settle(server, feed)
        await server.play(200)
        await eventually(lambda: is_equal(server, feed))
        applied = [times for decision, *times in received.verdicts if decision is UpdateDecision.APPLY]
        assert len(applied) > 50
        assert all(exch is not None and local > exch for exch, local in applied[1:])
        assert {type(event.message) for event in received.events} == {BookTicker}
        assert feed.status().reconnects == 0

    run(venue, scenario)


@each_venue
def test_a_gap_makes_the_book_untrusted_until_a_snapshot(venue: Venue) -> None:
    async def scenario(server: FrameServer, feed: Feed, received: RecordingListener) -> None:
        await settle(server, feed)
        before = feed.books["BTCUSDT"].gaps
        server.skip(4)
        await server.play(2)
        await eventually(lambda: feed.books["BTCUSDT"].gaps > before)
        await settle(server, feed)
        assert feed.resyncs["BTCUSDT"] >= 2
        assert UpdateDecision.GAP in [decision for decision, *_ in received.verdicts]

    run(venue, scenario)


def test_a_dropped_connection_is_reopened_and_the_book_resynced() -> None:
    async def scenario(server: FrameServer, feed: Feed, _received: RecordingListener) -> None:
        await settle(server, feed)
        server.cut()
        await eventually(lambda: not feed.is_usable("BTCUSDT"))
        server.skip(6)
        await eventually(lambda: server.sockets)
        await settle(server, feed)
        assert feed.reconnects == 1

    run(Venue.USDM, scenario)


def test_a_silent_stream_is_stale_while_connected_and_recovers_with_the_next_message() -> None:
    async def scenario(server: FrameServer, feed: Feed, _received: RecordingListener) -> None:
        await settle(server, feed)
        await eventually(lambda: not feed.is_usable("BTCUSDT"))
        status = feed.symbol_status("BTCUSDT")
        assert (status.in_sync, status.cause, status.usable) == (True, Cause.SILENT, False)
        assert "stale" in status.reason
        await server.play(2)
        await eventually(lambda: is_equal(server, feed))
        assert feed.reconnects == 0

    run(Venue.USDM, scenario, reconnect_after_s=30.0)


def test_a_silent_connection_is_reopened() -> None:
    async def scenario(server: FrameServer, feed: Feed, _received: RecordingListener) -> None:
        await eventually(lambda: feed.reconnects >= 2)
        assert "sent nothing" in feed.status().last_error

    run(Venue.USDM, scenario, reconnect_after_s=0.2)


def test_rotating_a_connection_causes_no_gap_and_no_duplicate_event() -> None:
    async def scenario(server: FrameServer, feed: Feed, received: RecordingListener) -> None:
        await settle(server, feed)
        gaps = feed.books["BTCUSDT"].gaps

        async def playing() -> None:
            while len(server.routes) < 3 or len(server.sockets) != 1:
                await server.play(1)
                await asyncio.sleep(0.01)

        await asyncio.wait_for(playing(), 20)
        await eventually(lambda: is_equal(server, feed))
        ids = [event.message.update_id for event in received.events if isinstance(event.message, BookTicker)]
        assert ids == sorted(set(ids))
        assert (feed.books["BTCUSDT"].gaps, feed.reconnects) == (gaps, 0)

    run(Venue.USDM, scenario, rotate_after_s=0.4, overlap_s=0.2)


def test_a_truncated_message_breaks_sync_until_a_snapshot() -> None:
    async def scenario(server: FrameServer, feed: Feed, _received: RecordingListener) -> None:
        await settle(server, feed)
        before = feed.symbol_status("BTCUSDT")
        await server.sockets[0].send(server.frames[0][:-20].decode())
        await eventually(lambda: feed.symbol_status("BTCUSDT").malformed == 1)
        assert feed.symbol_status("BTCUSDT").gaps == before.gaps + 1
        await settle(server, feed)
        assert feed.symbol_status("BTCUSDT").resyncs == before.resyncs + 1

    run(Venue.USDM, scenario)


def test_a_rate_limit_is_respected_and_the_book_still_syncs() -> None:
    async def scenario(server: FrameServer, feed: Feed, _received: RecordingListener) -> None:
        server.refusals = [(429, {"Retry-After": "0"}), (503, {})]
        feed._rest.budget.ban = lambda seconds: None  # type: ignore[method-assign]
        await settle(server, feed)
        assert server.refusals == []

    run(Venue.USDM, scenario)


def test_a_message_in_fragments_is_put_together() -> None:
    async def scenario(server: FrameServer, feed: Feed, received: RecordingListener) -> None:
        await settle(server, feed)
        raw = server._advance()
        while b"depthUpdate" not in raw:
            raw = server._advance()
        first = raw.index(b"{", 1)  # the second fragment looks like a message of its own
        await server.sockets[0].send([raw[:first], raw[first:40], raw[40:]], text=True)
        await eventually(lambda: is_equal(server, feed))
        assert received.raw[-1][2] == raw

    run(Venue.USDM, scenario)


def test_a_ping_of_the_venue_is_answered() -> None:
    async def scenario(server: FrameServer, _feed: Feed, _received: RecordingListener) -> None:
        answered = await server.sockets[0].ping(b"are you there")
        assert await asyncio.wait_for(answered, 20) >= 0

    run(Venue.USDM, scenario)


def test_the_offset_of_the_clocks_is_estimated() -> None:
    async def scenario(server: FrameServer, feed: Feed, _received: RecordingListener) -> None:
        await eventually(lambda: feed.status().clock_offset_ms is not None)
        status = feed.status()
        assert status.clock_offset_ms is not None
        assert status.clock_offset_ms < -1_000_000_000
        assert 0 <= (status.clock_uncertainty_ms or 0) < 5_000

    run(Venue.USDM, scenario)


def test_the_exact_bytes_are_delivered_first() -> None:
    async def scenario(server: FrameServer, feed: Feed, received: RecordingListener) -> None:
        await settle(server, feed)
        message = [raw for _, _, raw in received.raw]
        assert set(message) - set(server.frames) == {raw for raw in message if b"lastUpdateId" in raw}
        assert any(b"lastUpdateId" in raw for raw in message)

    run(Venue.USDM, scenario)


def test_a_listener_that_fails_ends_the_feed_with_its_own_error() -> None:
    class Broken(IgnoreAll):
        def on_book(self, book: LocalBook, decision: UpdateDecision, local_ts_ns: int) -> None:
            raise ZeroDivisionError("a defect of the listener")

    async def play() -> None:
        async with FrameServer("BTCUSDT", Venue.USDM, list(GeneratedMarket(1, Venue.USDM).frames(50))) as server:
            settings = FeedSettings(Endpoints.of(Venue.USDM, server.host), ("BTCUSDT",), (Channel.DEPTH,))
            running = asyncio.ensure_future(Feed(settings, Broken()).run())
            await eventually(lambda: server.sockets)
            await server.play(2)
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(running, 20)

    asyncio.run(play())


def test_streams_are_requested_on_the_routes_that_serve_them() -> None:
    usdm = FeedSettings(Endpoints.of(Venue.USDM), ("BTCUSDT", "ETHUSDT"), tuple(Channel))
    routes = dict(usdm.connections())
    assert set(routes) == {"/public", "/market"}
    assert {name.partition("@")[2] for name in routes["/public"]} == {"depth@100ms", "depth5@100ms", "bookTicker"}
    assert "btcusdt@aggTrade" in routes["/market"]
    address = usdm.endpoints.url("/public", ["btcusdt@depth@100ms"])
    assert address == "wss://fstream.binance.com/public/stream?streams=btcusdt@depth@100ms"
    spot = FeedSettings(Endpoints.of(Venue.SPOT), ("BTCUSDT",))
    assert [route for route, _ in spot.connections()] == [""]


def test_many_symbols_are_spread_over_connections() -> None:
    symbols = tuple(f"S{n}USDT" for n in range(450))
    settings = FeedSettings(Endpoints.of(Venue.USDM), symbols, (Channel.DEPTH,))
    sizes = [len(names) for _, names in settings.connections()]
    assert sizes == [200, 200, 50]


def test_an_unknown_channel_is_refused_with_a_hint() -> None:
    with pytest.raises(InputError, match=r"Unknown channel 'booktiker'. Did you mean 'bookTicker'\?"):
        Channel.parse("booktiker")


def test_every_generated_frame_is_json() -> None:
    assert all(json.loads(raw) for raw in GeneratedMarket(3, Venue.SPOT).frames(20))
