"""Live feed client: reconnects sockets, resyncs books from snapshots and detects stale streams."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Self

from skills_lib.domain.errors import InputError, SourceUnavailableError, TwokeyError
from skills_lib.domain.instruments import upper_symbol
from skills_lib.market.depth.book.compiled_local_book import CompiledLocalBook
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.causes import Unusable
from skills_lib.market.depth.feed.rest import FeedRest
from skills_lib.market.depth.feed.settings import FeedSettings
from skills_lib.market.depth.feed.socket import FeedSocket, import_picows, open_socket
from skills_lib.market.depth.feed.status import BookStatus, FeedStatus
from skills_lib.market.depth.feed.streams import Dispatcher, FeedListener, IgnoreAll
from skills_lib.market.depth.model import Snapshot, Venue, WireError
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.usability.judge import BookJudge
from skills_lib.market.depth.usability.stream_state import FeedStream
from skills_lib.market.depth.wire import decode

_POLL_S = 0.1
_RETRY_SNAPSHOT_S = 0.25
_LASTING_S = 60.0
_RECENT_S, _MAX_RECENT, _FREE_RESYNCS = 60.0, 16, 2


class Feed:
    """Follows the public streams of given symbols; use `async with`, or `run` until cancelled.

    `books[symbol]` is valid while `is_usable(symbol)`; `why_unusable` names the cause otherwise. Every cause is
    counted, and leads to a new snapshot or subscription within the weight budget.
    """

    def __init__(
        self,
        settings: FeedSettings,
        listener: FeedListener | None = None,
        rng: random.Random | None = None,
        open_book: Callable[[str, Venue], LocalBook] = CompiledLocalBook,
    ) -> None:
        self.settings = settings
        self._listener = listener or IgnoreAll()
        self._rng = rng or random.Random()
        self.books = {symbol: open_book(symbol, settings.endpoints.venue) for symbol in settings.symbols}
        self._dispatcher = Dispatcher(self.books, self._listener)
        self._dispatcher.on_snapshot_needed = self._request_snapshot
        self._dispatcher.on_failure = self._fail
        self._rest = FeedRest(settings)
        self._tasks: set[asyncio.Task[None]] = set()
        self._resyncing: set[str] = set()
        self._sockets: set[FeedSocket] = set()
        self._depth_streams: dict[str, FeedStream] = {}
        self._judges: dict[str, BookJudge] = {}
        self._recent_losses = {symbol: deque[float](maxlen=_MAX_RECENT) for symbol in settings.symbols}
        self._failed: asyncio.Future[None] | None = None
        self.reconnects = 0
        self.resyncs = dict.fromkeys(settings.symbols, 0)
        self.last_error = ""

    async def __aenter__(self) -> Self:
        """Start following.

        Raises:
            InputError: the extra `live` is missing.
        """
        import_picows()
        self._failed = asyncio.get_running_loop().create_future()
        for route, names in self.settings.connections():
            streams = [self._dispatcher.add(name, upper_symbol(name.partition("@")[0])) for name in names]
            self._depth_streams |= {s.symbol: s for s in streams if "@depth@" in s.name}
            self._start_task(self._maintain_connection(self.settings.endpoints.url(route, names), streams))
        self._make_judges()
        self._start_task(self._monitor())
        self._start_task(self._measure_clock())
        self._start_task(self._watch_trading())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, and close every socket."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._failed is not None and not self._failed.cancel():
            self._failed.exception()  # retrieve it, else asyncio logs it as never retrieved
        for socket in list(self._sockets):
            socket.close()
        await self.close()

    async def close(self) -> None:
        """Close the REST connections; `async with` does this itself."""
        await self._rest.close()

    async def run(self) -> None:
        """Follow until cancelled; an exception of the listener is raised here.

        Raises:
            InputError: the extra `live` is missing.
        """
        async with self:
            await self.wait(None)

    async def wait(self, timeout_s: float | None) -> None:
        """Wait for `timeout_s`, or forever if None; an exception of the listener is raised at once."""
        assert self._failed is not None
        await asyncio.wait([self._failed], timeout=timeout_s)
        if self._failed.done():
            self._failed.result()

    async def require_symbols(self) -> None:
        """Check that the venue lists every symbol: the stream of an unknown symbol sends nothing.

        Raises:
            InputError: the venue does not list one of them.
            SourceUnavailableError: the venue does not answer.
        """
        for symbol in self.settings.symbols:
            await self._rest.require_symbol(symbol)

    def is_usable(self, symbol: str) -> bool:
        """Whether nothing speaks against the book now."""
        return self.why_unusable(symbol) is None

    def why_unusable(self, symbol: str) -> Unusable | None:
        """Why the book must not be used now; None if it may."""
        return self._judges[symbol].why(time.monotonic())

    def status(self) -> FeedStatus:
        """The state of the feed and of every book."""
        clock = self._rest.clock
        return FeedStatus(
            connections=len(self.settings.connections()),
            connected=len(self._sockets),
            reconnects=self.reconnects,
            strays=self._dispatcher.strays,
            clock_offset_ms=None if clock.offset_ns is None else clock.offset_ns / 1e6,
            clock_uncertainty_ms=None if clock.uncertainty_ns is None else clock.uncertainty_ns / 1e6,
            clock_jumps=clock.jumps,
            symbols=[self.symbol_status(symbol) for symbol in self.settings.symbols],
            last_error=self.last_error,
        )

    def symbol_status(self, symbol: str) -> BookStatus:
        """The state of one book.

        Raises:
            InputError: the feed does not follow it.
        """
        if symbol not in self._depth_streams:
            raise InputError(f"The feed does not follow {symbol}. Followed: {', '.join(self._depth_streams)}.")
        book, stream, judge = self.books[symbol], self._depth_streams[symbol], self._judges[symbol]
        age = None if stream.local_ts_ns is None else (time.time_ns() - stream.local_ts_ns) / 1e6
        unusable = judge.why(time.monotonic())
        return BookStatus(
            symbol=symbol,
            usable=unusable is None,
            in_sync=book.in_sync,
            cause=unusable.cause if unusable else None,
            reason=unusable.detail if unusable else "",
            update_id=book.book.update_id,
            age_ms=age,
            messages=stream.messages,
            malformed=stream.malformed,
            gaps=book.gaps,
            resyncs=self.resyncs[symbol],
            checked=self._dispatcher.checks[symbol].checked,
            losses=dict(judge.losses),
        )

    async def wait_for_change(self, symbol: str, update_id: int | None, timeout_s: float) -> bool:
        """Wait until the book is usable and past `update_id`; False after `timeout_s`."""
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends:
            if self.is_usable(symbol) and self.books[symbol].book.update_id != update_id:
                return True
            await asyncio.sleep(0.005)
        return False

    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.last_error = f"{type(error).__name__}: {error}"
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def _maintain_connection(self, url: str, streams: list[FeedStream]) -> None:
        """Keep one connection open: reconnect after failures, and rotate before the venue's 24-hour limit."""
        failures, ended, replacement = 0, 0, None
        while True:
            try:
                socket = replacement or await self._open(url)
            except OSError as error:
                self.last_error = f"{url.partition('?')[0]}: {error}"
                failures += 1
                await asyncio.sleep(self._backoff_s(failures))
                continue
            failures, replacement, began_s = 0, None, time.monotonic()
            for stream in streams:
                if not stream.connected:
                    stream.open(began_s)
            if not await self._wait_until_ended(socket, streams):
                replacement = await self._rotate(url, socket)
                continue
            self._mark_disconnected(streams)
            self.reconnects += 1
            ended = 1 if time.monotonic() - began_s > _LASTING_S else ended + 1
            await asyncio.sleep(self._backoff_s(ended))

    async def _open(self, url: str) -> FeedSocket:
        socket = await open_socket(url, self._dispatcher.receive)
        self._sockets.add(socket)
        return socket

    async def _wait_until_ended(self, socket: FeedSocket, streams: list[FeedStream]) -> bool:
        """Wait until a connection breaks or is stale (True), or is due for rotation (False)."""
        ended = asyncio.ensure_future(socket.wait_closed())
        began = time.monotonic()
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=_POLL_S)
                now = time.monotonic()
                if now - began > self.settings.rotate_after_s:
                    return False
                received = max([began, *(stream.received_s or 0.0 for stream in streams)])
                if now - received > self.settings.reconnect_after_s:
                    self.last_error = f"{len(streams)} streams sent nothing for {now - received:.1f} s"
                    break
                if lost := [s.symbol for s in streams if self._must_resubscribe(s, now)]:
                    self.last_error = f"{lost[0]}: {self._judges[lost[0]].why(now)}"
                    break
        finally:
            ended.cancel()
        self._close_socket(socket)
        return True

    async def _rotate(self, url: str, old: FeedSocket) -> FeedSocket | None:
        """Open a new connection and close `old` after an overlap; duplicates are dropped by sequence number."""
        try:
            new = await self._open(url)
        except OSError as error:
            self.last_error = f"{url.partition('?')[0]}: {error}"
            self._close_socket(old)
            return None
        await asyncio.sleep(self.settings.overlap_s)
        self._close_socket(old)
        return new

    def _close_socket(self, socket: FeedSocket) -> None:
        self._sockets.discard(socket)
        socket.close()

    def _must_resubscribe(self, stream: FeedStream, now_s: float) -> bool:
        judge = self._judges[stream.symbol]
        return stream is judge.depth and judge.must_resubscribe(now_s)

    def _mark_disconnected(self, streams: list[FeedStream]) -> None:
        for stream in streams:
            stream.connected = False
            self._dispatcher.checks[stream.symbol].forget_tickers()
            if stream is self._depth_streams.get(stream.symbol):
                self.books[stream.symbol].invalidate("the connection was lost")

    def _backoff_s(self, failures: int) -> float:
        ceiling_s = min(self.settings.max_backoff_s, self.settings.backoff_s * 2.0 ** (failures - 1))
        return ceiling_s * self._rng.uniform(0.5, 1.0)

    def _make_judges(self) -> None:
        tickers = {s.symbol: s for s in self._dispatcher.streams.values() if s.name.endswith("@bookTicker")}
        for symbol, depth in self._depth_streams.items():
            self._judges[symbol] = BookJudge(
                self.books[symbol], depth, self._rest.clock, self.settings.limits, tickers.get(symbol)
            )

    async def _monitor(self) -> None:
        """Watch the clocks, the pauses of every stream, and what becomes of every book."""
        while True:
            now_s = time.monotonic()
            if self._rest.clock.watch(time.time_ns(), time.monotonic_ns()):
                self._start_task(self._ask_clock())
            for stream in self._dispatcher.streams.values():
                stream.update_activity(now_s)
            for judge in self._judges.values():
                judge.note(now_s)
            await asyncio.sleep(_POLL_S)

    async def _watch_trading(self) -> None:
        """Ask which symbols are traded, from the start: the streams of a halted one may go on."""
        while True:
            with suppress(SourceUnavailableError):
                traded = await self._rest.trading()
                for symbol, judge in self._judges.items():
                    judge.trading = symbol in traded
            await asyncio.sleep(self.settings.trading_every_s)

    async def _ask_clock(self) -> None:
        """Ask the venue for its time until it answers."""
        failures = 0
        while True:
            try:
                return await self._rest.measure_clock_offset()
            except SourceUnavailableError:
                failures += 1
                await asyncio.sleep(self._backoff_s(failures))

    async def _measure_clock(self) -> None:
        while True:
            with suppress(SourceUnavailableError):
                await self._rest.measure_clock_offset()
            await asyncio.sleep(self.settings.clock_every_s)

    def _request_snapshot(self, symbol: str) -> None:
        if symbol not in self._resyncing:
            self._resyncing.add(symbol)
            self._start_task(self._resync(symbol))

    async def _resync(self, symbol: str) -> None:
        """Fetch snapshots until one connects to the buffered updates, at growing intervals."""
        failures = self._losses_lately(symbol)
        try:
            if failures > _FREE_RESYNCS:
                await asyncio.sleep(self._backoff_s(failures - _FREE_RESYNCS))
            while not self.books[symbol].in_sync:
                if not await self._resync_once(symbol):
                    failures += 1
                    await asyncio.sleep(max(_RETRY_SNAPSHOT_S, self._backoff_s(failures)))
        finally:
            self._resyncing.discard(symbol)

    def _losses_lately(self, symbol: str) -> int:
        """How often the book was lost within the last minute: a book that is lost again and again waits longer."""
        now_s, lately = time.monotonic(), self._recent_losses[symbol]
        lately.append(now_s)
        return sum(now_s - lost_s < _RECENT_S for lost_s in lately)

    async def _resync_once(self, symbol: str) -> bool:
        book = self.books[symbol]
        try:
            answer = await self._rest.snapshot(symbol)
            message = decode(answer.raw)
            if not isinstance(message, Snapshot):
                raise WireError(f"The answer for {symbol} is not a snapshot. Retry.")
            self._listener.on_raw(symbol, answer.local_ts_ns, answer.raw)
            decision = self._dispatcher.load(symbol, message)
        except TwokeyError as error:
            self.last_error = str(error)
            return False
        if decision is UpdateDecision.GAP:
            self.last_error = f"{symbol}: the snapshot cannot be used: {book.reason}"
            return False
        self.resyncs[symbol] += 1
        self._listener.on_book(book, decision, answer.local_ts_ns)
        return True
