"""The market server's books, read by a client while a venue on the loopback interface plays."""

import asyncio
import json
import threading
from collections.abc import Iterator

import anyio
import pytest
from mcp import Client

from mcp_servers.market import book_calls
from mcp_servers.market.server import server
from skills_lib.market.depth.model import Venue
from skills_lib.settings import Settings
from tests.market.depth.frame_server import FrameServer, eventually
from tests.market.depth.generated_stream import GeneratedMarket
from tests.market.depth.generated_tape import stamped, write_tape
from tests.mcp_servers.mcp_client import answer, refusal

pytest.importorskip("picows", reason="the extra `live` is not installed")


class PlayedVenue:
    """A venue on its own thread, which plays until it is stopped."""

    def __init__(self) -> None:
        self.ready, self.over, self.quiet = threading.Event(), threading.Event(), threading.Event()
        self.host = ""
        self.thread = threading.Thread(target=lambda: asyncio.run(self._play()))

    async def _play(self) -> None:
        async with FrameServer("BTCUSDT", Venue.USDM, list(GeneratedMarket(4, Venue.USDM).frames(5_000))) as venue:
            self.host = venue.host
            self.ready.set()
            while not self.over.is_set():
                if venue.sockets and not self.quiet.is_set():
                    await venue.play(2)
                await asyncio.sleep(0.01)


@pytest.fixture
def venue(workspace: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedVenue]:
    """A playing venue that the market server uses in place of Binance."""
    played = PlayedVenue()
    played.thread.start()
    assert played.ready.wait(20)
    monkeypatch.setenv("TWOKEY_STREAMS_HOST", played.host)
    monkeypatch.setattr(book_calls, "_book_service", None)
    yield played
    book_calls.book_service().close()
    played.over.set()
    played.thread.join()


def test_a_book_is_followed_and_read_with_its_age(venue: PlayedVenue) -> None:
    message = answer(server, "market_subscribe_book", symbol="BTC")
    assert (message["symbol"], message["venue"], message["trusted"], message["in_sync"]) == (
        "BTCUSDT",
        "usdm",
        True,
        True,
    )
    book = answer(server, "market_get_book", symbol="BTC/USDT", levels=3)
    assert len(book["bids"]) == len(book["asks"]) == 3
    assert float(book["bids"][0]["price"]) < float(book["asks"][0]["price"])
    assert 0 <= book["age_ms"] < 60_000
    later = answer(server, "market_read_book", symbol="BTC", after_update_id=book["update_id"], timeout_s=20)
    assert later["changed"]
    assert later["update_id"] > book["update_id"]
    figures = answer(server, "market_get_imbalance", symbol="BTC")
    assert -1 <= figures["imbalance"] <= 1
    assert figures["spread_bps"] > 0
    (feed,) = answer(server, "market_feed_status")["feeds"]
    assert (feed["symbol"], feed["trusted"], feed["connected"]) == ("BTCUSDT", True, 1)


def test_a_book_with_a_stale_stream_is_empty(venue: PlayedVenue) -> None:
    answer(server, "market_subscribe_book", symbol="BTC")
    venue.quiet.set()

    async def distrusted() -> None:
        await eventually(lambda: not book_calls.book_service().status().feeds[0].trusted)

    asyncio.run(distrusted())
    book = answer(server, "market_get_book", symbol="BTC")
    assert (book["trusted"], book["bids"], book["asks"]) == (False, [], [])
    assert book["reason"]
    assert "Do not use this book" in book["next_step"]
    assert answer(server, "market_get_imbalance", symbol="BTC")["imbalance"] is None
    waited = answer(server, "market_read_book", symbol="BTC", timeout_s=0.1)
    assert waited["changed"] is False


def test_the_resource_is_the_book(venue: PlayedVenue) -> None:
    async def read() -> str:
        async with Client(server) as client:
            (content,) = (await client.read_resource("book://BTCUSDT")).contents
            return str(content.text)  # type: ignore[union-attr]

    book = json.loads(anyio.run(read))
    assert (book["symbol"], len(book["bids"])) == ("BTCUSDT", 20)


def test_unfollowed_and_unlisted_symbols_are_refused(venue: PlayedVenue) -> None:
    assert "is not followed. Followed: none" in refusal(server, "market_get_book", symbol="BTC")
    assert "usdm does not list NOPEUSDT" in refusal(server, "market_subscribe_book", symbol="NOPE")
    assert answer(server, "market_feed_status")["feeds"] == []


def test_an_unreachable_venue_is_reported(workspace: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOKEY_STREAMS_HOST", "127.0.0.1:1")
    monkeypatch.setattr(book_calls, "_book_service", None)
    assert "did not answer" in refusal(server, "market_subscribe_book", symbol="BTC")
    book_calls.book_service().close()


def test_tapes_of_the_workspace_are_scanned(workspace: Settings) -> None:
    assert "holds no tapes" in refusal(server, "market_scan", source="tapes")
    workspace.tapes_dir.mkdir(parents=True)
    write_tape(workspace.tapes_dir / "one.ts_jsonl.gz", stamped(list(GeneratedMarket(1, Venue.USDM).frames(100))))
    found = answer(server, "market_scan", source="tapes")
    assert [row["symbol"] for row in found["rows"]] == ["BTCUSDT"]
    assert found["source"] == "data/tapes"
