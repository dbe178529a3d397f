"""Follows order books for the market server: one feed each, on a background event loop. Imported on first use."""

import asyncio
import atexit
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mcp_servers.market import book_answers as answers
from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.domain.instruments import Instrument
from skills_lib.market.depth.book.view import BookView
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import Channel, Endpoints, FeedSettings
from skills_lib.market.depth.feed.status import BookStatus
from skills_lib.market.depth.model import Venue
from skills_lib.market.scanner import scan_tapes, venue_fee_bps
from skills_lib.progress import Progress, no_progress
from skills_lib.settings import Settings

T = TypeVar("T")

MAX_BOOKS = 20
_FIRST_BOOK_TIMEOUT_S = 5.0
_MARGIN_S = 10.0
_SLICE_S = 0.5
_DEPTH_BPS = 10.0


@dataclass(frozen=True, slots=True)
class BookKey:
    """Identifies one book."""

    symbol: str
    venue: Venue

    @classmethod
    def of(cls, symbol: str, venue: str) -> "BookKey":
        """Parse a symbol in any spelling.

        Raises:
            InputError: not a symbol.
        """
        return cls(Instrument.parse(symbol).symbol, Venue(venue))


class BookService:
    """Follows books on a background thread; calls from other threads block until done."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._feeds: dict[BookKey, Feed] = {}
        threading.Thread(target=self._loop.run_forever, name="books", daemon=True).start()
        atexit.register(self.close)

    def subscribe(self, key: BookKey) -> answers.SubscribedAnswer:
        """Follow a book and wait up to 5 s until it is in sync.

        Raises:
            InputError: the venue does not list the symbol, too many books, or the extra `live` is missing.
            SourceUnavailableError: the venue does not answer.
        """
        status = self._run(lambda: self._subscribe(key))
        step = "Read it with market_get_book, market_get_imbalance or, for the next change, market_read_book."
        if not status.usable:
            step = "Not in sync yet: call market_feed_status in a few seconds; do not use its figures until then."
        return answers.SubscribedAnswer(
            **_freshness(key, status), subscribed=[f"{k.symbol} {k.venue}" for k in self._feeds], next_step=step
        )

    def get_book(self, key: BookKey, levels: int) -> answers.BookAnswer:
        """The current book.

        Raises:
            InputError: the book is not followed.
        """
        return self._run(lambda: self._book_answer(key, levels, changed=True))

    def read_book(
        self, key: BookKey, levels: int, after_update_id: int | None, timeout_s: float, progress: Progress
    ) -> answers.BookAnswer:
        """The book after its next change, or unchanged after `timeout_s`; `progress` may end the wait.

        Raises:
            InputError: the book is not followed.
        """

        async def read() -> answers.BookAnswer:
            feed = self._feed(key)
            seen = feed.books[key.symbol].book.update_id if after_update_id is None else after_update_id
            changed = await feed.wait_for_change(key.symbol, seen, timeout_s)
            return await self._book_answer(key, levels, changed)

        return self._run(read, timeout_s, progress)

    def get_imbalance(self, key: BookKey, levels: int) -> answers.ImbalanceAnswer:
        """Imbalance, microprice, spread and depth.

        Raises:
            InputError: the book is not followed.
        """

        async def read() -> answers.ImbalanceAnswer:
            feed = self._feed(key)
            status, book = feed.symbol_status(key.symbol), feed.books[key.symbol].book
            return _imbalance(key, status, book if status.usable else None, levels)

        return self._run(read)

    def status(self) -> answers.FeedStatusAnswer:
        """Status of every followed book."""

        async def read() -> answers.FeedStatusAnswer:
            feeds = [_symbol_feed(key, feed) for key, feed in self._feeds.items()]
            step = "Follow one with market_subscribe_book." if not feeds else "Use only trusted books."
            return answers.FeedStatusAnswer(feeds=feeds, next_step=step)

        return self._run(read)

    def close(self) -> None:
        """Stop every feed."""
        if self._loop.is_running():
            self._run(self._close)
            self._loop.call_soon_threadsafe(self._loop.stop)

    async def _close(self) -> None:
        for feed in self._feeds.values():
            await feed.__aexit__(None, None, None)
        self._feeds.clear()

    async def _subscribe(self, key: BookKey) -> BookStatus:
        if key not in self._feeds:
            await self._follow(key)
        feed = self._feeds[key]
        await feed.wait_for_change(key.symbol, None, _FIRST_BOOK_TIMEOUT_S)
        return feed.symbol_status(key.symbol)

    async def _follow(self, key: BookKey) -> None:
        if len(self._feeds) >= MAX_BOOKS:
            raise InputError(f"{MAX_BOOKS} books are followed, the maximum. Restart the server to follow others.")
        endpoints = Endpoints.of(key.venue, Settings().streams_host)
        feed = Feed(FeedSettings(endpoints, (key.symbol,), (Channel.DEPTH, Channel.BOOK_TICKER)))
        try:
            await feed.require_symbols()
        except BaseException:
            await feed.close()
            raise
        self._feeds[key] = await feed.__aenter__()

    def _feed(self, key: BookKey) -> Feed:
        if feed := self._feeds.get(key):
            return feed
        followed = ", ".join(f"{k.symbol} {k.venue}" for k in self._feeds) or "none"
        raise InputError(
            f"{key.symbol} {key.venue} is not followed. Followed: {followed}. Call market_subscribe_book first."
        )

    async def _book_answer(self, key: BookKey, levels: int, changed: bool) -> answers.BookAnswer:
        feed = self._feed(key)
        status, book = feed.symbol_status(key.symbol), feed.books[key.symbol].book
        top = book.top_text(levels if status.usable else 0)
        step = "Wait for the next change with market_read_book." if status.usable else _NOT_USABLE
        return answers.BookAnswer(
            **_freshness(key, status),
            bids=[answers.BookLevel(price=price, quantity=quantity) for price, quantity in top.bids],
            asks=[answers.BookLevel(price=price, quantity=quantity) for price, quantity in top.asks],
            changed=changed,
            next_step=step,
        )

    def _run(self, work: Callable[[], Awaitable[T]], extra_s: float = 0.0, progress: Progress = no_progress) -> T:
        async def call() -> T:
            return await work()

        future = asyncio.run_coroutine_threadsafe(call(), self._loop)
        deadline = time.monotonic() + _FIRST_BOOK_TIMEOUT_S + _MARGIN_S + extra_s
        try:
            while not wait([future], timeout=_SLICE_S).done:
                progress(0, 0, "waiting for the book")
                if time.monotonic() > deadline:
                    raise SourceUnavailableError("The venue took too long to answer. Call again.")
            return future.result()
        finally:
            future.cancel()


_NOT_USABLE = "Do not use this book: report why it is not trusted, and call market_feed_status."
_book_service: BookService | None = None
_service_lock = threading.Lock()


def book_service() -> BookService:
    """The book service of this process, created on first use."""
    global _book_service
    with _service_lock:
        _book_service = _book_service or BookService()
    return _book_service


def scan(tape: bool, venue: str, count: int, seconds: float, progress: Progress) -> answers.ScanAnswer:
    """Rank instruments, from the tapes of the workspace or from the exchange.

    Raises:
        TwokeyError: no tapes, or the exchange does not answer.
    """
    settings = Settings()
    if tape:
        found, source = scan_tapes(settings.tapes_dir), _relative_path(settings.tapes_dir, settings.home)
    else:
        from skills_lib.market.scanner_live import ScanSettings, scan_exchange

        endpoints = Endpoints.of(Venue(venue), settings.streams_host)
        found = scan_exchange(ScanSettings(endpoints, venue_fee_bps(endpoints.venue), count, seconds), progress)
        source = endpoints.rest
    step = "A fee_burden above 1 means that the mean one-minute move does not cover a taker's costs: report it."
    return answers.ScanAnswer(source=source, rows=found.rows, skipped=found.skipped, next_step=step)


def _relative_path(path: Path, home: Path) -> str:
    return str(path.relative_to(home))


def _freshness(key: BookKey, status: BookStatus) -> dict[str, object]:
    return {
        "symbol": key.symbol,
        "venue": key.venue.value,
        "trusted": status.usable,
        "in_sync": status.in_sync,
        "cause": status.cause,
        "reason": status.reason,
        "age_ms": None if status.age_ms is None else round(status.age_ms, 1),
        "update_id": status.update_id,
    }


def _imbalance(key: BookKey, status: BookStatus, book: BookView | None, levels: int) -> answers.ImbalanceAnswer:
    bid_depth, ask_depth = book.depth_quote(_DEPTH_BPS) if book else (None, None)
    return answers.ImbalanceAnswer(
        **_freshness(key, status),
        levels=levels,
        imbalance=book.imbalance(levels) if book else None,
        mid=book.mid() if book else None,
        microprice=book.microprice() if book else None,
        spread_bps=book.spread_bps() if book else None,
        bid_depth_10bps=bid_depth,
        ask_depth_10bps=ask_depth,
        next_step="An imbalance is short-lived: report its age with it." if book else _NOT_USABLE,
    )


def _symbol_feed(key: BookKey, feed: Feed) -> answers.SymbolFeed:
    status, whole = feed.symbol_status(key.symbol), feed.status()
    return answers.SymbolFeed(
        **_freshness(key, status),
        messages=status.messages,
        malformed=status.malformed,
        gaps=status.gaps,
        resyncs=status.resyncs,
        losses=status.losses,
        reconnects=whole.reconnects,
        connected=whole.connected,
        clock_offset_ms=whole.clock_offset_ms,
        last_error=whole.last_error,
    )
