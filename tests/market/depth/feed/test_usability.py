"""What ends a book's usability while its chain is unbroken: each cause is named, counted, and recovered from."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from skills_lib.market.depth.causes import Cause
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import Channel, Endpoints, FeedSettings
from skills_lib.market.depth.model import Venue
from tests.market.depth.frame_server import FrameServer, eventually
from tests.market.depth.generated_stream import EPOCH_MS, GeneratedMarket

pytest.importorskip("picows", reason="the extra `live` is not installed")
Scenario = Callable[[FrameServer, Feed], Awaitable[None]]
QUICK = {
    "silence_s": 0.3,
    "reconnect_after_s": 0.3,
    "max_age_s": 1.0,
    "max_pause_s": 0.5,
    "backoff_s": 0.02,
    "clock_every_s": 0.02,
    "trading_every_s": 0.05,
}
SYMBOL = "BTCUSDT"


def run(scenario: Scenario, **changes: object) -> None:
    """Play a scenario against a server of generated frames and a feed that listens to it."""

    async def play() -> None:
        frames = list(GeneratedMarket(7, Venue.USDM).frames(2_000))
        async with FrameServer(SYMBOL, Venue.USDM, frames) as server:
            endpoints = Endpoints.of(Venue.USDM, server.host)
            channels = (Channel.DEPTH, Channel.BOOK_TICKER, Channel.PARTIAL_DEPTH)
            settings = FeedSettings(endpoints, (SYMBOL,), channels)
            async with Feed(replace(settings, **{**QUICK, **changes})) as feed:  # type: ignore[arg-type]
                await eventually(lambda: server.sockets)
                await settle(server, feed)
                await scenario(server, feed)

    asyncio.run(play())


async def settle(server: FrameServer, feed: Feed) -> None:
    """Play until the book is usable and equals the venue's."""

    async def playing() -> None:
        while True:
            await server.play(2)
            await asyncio.sleep(0.02)
            mine, theirs = feed.books[SYMBOL].book, server.book.book
            if feed.is_usable(SYMBOL) and mine.update_id == theirs.update_id:
                assert mine.top_text(1000) == theirs.top_text(1000)
                return

    await asyncio.wait_for(playing(), 20)


async def lost(feed: Feed, cause: Cause) -> None:
    """Wait until the book was lost for this cause, and the status has counted it."""
    await eventually(lambda: feed.symbol_status(SYMBOL).losses.get(cause))


async def send(server: FrameServer, raw: bytes) -> None:
    """Send one message to every client."""
    for socket in list(server.sockets):
        await socket.send(raw, text=True)


def next_diff(server: FrameServer) -> bytes:
    """The venue's next diff, not sent yet."""
    while b"depthUpdate" not in (raw := server._advance()):
        pass
    return raw


def test_depth_that_stops_while_the_ticker_goes_on_is_subscribed_again() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        while feed.reconnects == 0:
            raw = server._advance()
            if b"bookTicker" in raw:
                await send(server, raw)
                await asyncio.sleep(0.01)
            elif feed.symbol_status(SYMBOL).losses.get(Cause.SILENT):
                assert not feed.is_usable(SYMBOL)
        assert feed.symbol_status(SYMBOL).losses[Cause.SILENT] == 1
        await eventually(lambda: server.sockets)
        await settle(server, feed)

    run(scenario)


def test_depth_later_than_the_ticker_is_late_without_any_clock() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        diffs = []
        while not feed.symbol_status(SYMBOL).losses.get(Cause.LATE):
            raw = server._advance()
            if b"bookTicker" in raw:
                await send(server, raw)
            else:
                diffs.append(raw)
            if len(diffs) > 20:
                await send(server, diffs.pop(0))
            await asyncio.sleep(0.005)
        await eventually(lambda: feed.reconnects)
        await eventually(lambda: server.sockets)
        await settle(server, feed)

    run(scenario)


def test_events_half_a_minute_old_are_not_fresh() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        server.server_time_ms = EPOCH_MS + 2_000 * 100 + 30_000

        async def playing() -> None:
            while not feed.symbol_status(SYMBOL).losses.get(Cause.LATE):
                await server.play(2)
                await asyncio.sleep(0.02)

        await asyncio.wait_for(playing(), 20)
        assert not feed.is_usable(SYMBOL)
        await eventually(lambda: feed.reconnects)
        server.server_time_ms = 0
        await eventually(lambda: server.sockets)
        await settle(server, feed)

    run(scenario)


def test_a_corrupted_level_is_found_by_the_ticker_and_a_snapshot_mends_it() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        before = feed.resyncs[SYMBOL]
        head, _, levels = next_diff(server).partition(b'"b":')
        await send(server, head + b'"b":' + re.sub(rb'","[1-9][0-9.]*"', b'","7.777"', levels))
        await send(server, server._advance())
        await lost(feed, Cause.TICKER_DISAGREES)
        await settle(server, feed)
        assert feed.resyncs[SYMBOL] == before + 1
        assert feed.symbol_status(SYMBOL).checked > 0

    run(scenario)


def partial(server: FrameServer, **changes: object) -> bytes:
    """Partial depth of the venue's book, with some fields changed."""
    top, number = server.book.book.top_text(5), server.book.book.update_id
    fields = {"e": "depthUpdate", "E": 1, "T": 1, "s": SYMBOL, "U": number, "u": number, "pu": number}
    data = fields | {"b": top.bids, "a": top.asks} | changes
    return json.dumps({"stream": "btcusdt@depth5@100ms", "data": data}, separators=(",", ":")).encode()


def test_partial_depth_refutes_a_book_that_differs_at_its_update() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        before = feed.resyncs[SYMBOL]
        bids = server.book.book.top_text(5).bids
        await send(server, partial(server, b=[*bids[:4], (bids[4][0], "7.777")]))
        await lost(feed, Cause.PARTIAL_DISAGREES)
        await settle(server, feed)
        assert feed.resyncs[SYMBOL] == before + 1

    run(scenario)


def test_partial_depth_that_agrees_or_is_of_another_update_refutes_nothing() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        before, checked = feed.resyncs[SYMBOL], feed.symbol_status(SYMBOL).checked
        number = server.book.book.update_id or 0
        await send(server, partial(server))
        await send(server, partial(server, u=number - 1, b=[["1.0", "1"]]))
        await eventually(lambda: feed.symbol_status(SYMBOL).checked > checked)
        await settle(server, feed)
        assert feed.resyncs[SYMBOL] == before
        assert Cause.PARTIAL_DISAGREES not in feed.symbol_status(SYMBOL).losses

    run(scenario)


def test_partial_depth_before_its_update_waits_for_it() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        diff = next_diff(server)
        await send(server, partial(server, b=[["1.0", "1"]]))
        await send(server, diff)
        await lost(feed, Cause.PARTIAL_DISAGREES)
        await settle(server, feed)

    run(scenario)


def test_a_frame_of_another_symbol_ends_the_subscription() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        await send(server, next_diff(server).replace(b'"s":"BTCUSDT"', b'"s":"ETHUSDT"'))
        await lost(feed, Cause.WRONG_SYMBOL)
        await eventually(lambda: feed.reconnects)
        await eventually(lambda: server.sockets)
        await settle(server, feed)

    run(scenario)


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (rb'"a":\[', b'"a":[["1.00","1.000"],', Cause.CROSSED),
        (rb'"b":\[', b'"b":[["1.00","-1.000"],', Cause.MALFORMED),
        (rb'"b":\[', b'"b":[["1.00","NaN"],', Cause.MALFORMED),
        (rb"\}\}$", b"", Cause.MALFORMED),
        (rb'"pu":1', b'"pu":7', Cause.CHAIN_BREAK),
    ],
)
def test_a_message_that_lies_costs_one_snapshot(old: bytes, new: bytes, cause: Cause) -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        before = feed.resyncs[SYMBOL]
        await send(server, re.sub(old, new, next_diff(server)))
        await lost(feed, cause)
        await settle(server, feed)
        assert feed.resyncs[SYMBOL] == before + 1

    run(scenario)


def test_a_stale_snapshot_is_asked_for_again_until_it_connects() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        server.answers["depth"] = server.snapshot()
        server.skip(40)
        await server.play(2)
        await eventually(lambda: "cannot be used" in feed.last_error)
        assert not feed.is_usable(SYMBOL)
        del server.answers["depth"]
        await settle(server, feed)

    run(scenario)


def test_a_halted_symbol_is_no_silent_one() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        server.lists("SETTLING")
        await lost(feed, Cause.NOT_TRADING)
        assert not feed.is_usable(SYMBOL)
        server.lists("TRADING")
        await eventually(lambda: server.sockets)
        await settle(server, feed)

    run(scenario)


def test_a_symbol_that_the_venue_no_longer_lists_is_not_trading() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        server.answers["exchangeInfo"] = b'{"symbols":[{"symbol":"ETHUSDT","status":"TRADING"}]}'
        await lost(feed, Cause.NOT_TRADING)

    run(scenario)


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"symbols":[{"symbol":"BTCUSDT"}]}'])
def test_an_answer_that_is_no_exchange_info_leaves_what_was_known(answer: bytes) -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        server.answers["exchangeInfo"], asked = answer, len(server.requested)
        await eventually(lambda: sum("exchangeInfo" in path for path in server.requested[asked:]) > 2)
        await settle(server, feed)
        assert Cause.NOT_TRADING not in feed.symbol_status(SYMBOL).losses

    run(scenario)


def test_a_program_that_was_busy_does_not_trust_what_it_has_not_read() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        until = time.monotonic() + 0.7
        while time.monotonic() < until:
            pass  # the event loop is blocked, as by a slow consumer
        unusable = feed.why_unusable(SYMBOL)
        assert unusable is not None
        assert unusable.cause in (Cause.BACKLOG, Cause.SILENT)
        await settle(server, feed)

    run(scenario)


def test_a_clock_that_was_set_is_asked_for_before_the_book_is_used_again() -> None:
    async def scenario(server: FrameServer, feed: Feed) -> None:
        clock = feed._rest.clock
        assert clock.watch(time.time_ns() + 3_600_000_000_000, time.monotonic_ns())
        assert feed.why_unusable(SYMBOL) is not None
        await settle(server, feed)
        assert feed.status().clock_jumps >= 1

    run(scenario)
