"""Dispatches stream messages to books and listeners: the hot path, without I/O or clocks."""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import msgspec

from skills_lib.market.depth.book.local_book import LocalBook, WrongSymbolError
from skills_lib.market.depth.causes import Cause, Unusable
from skills_lib.market.depth.event_ids import event_id
from skills_lib.market.depth.model import (
    MS_TO_NS,
    AggTrade,
    BookTicker,
    MarketEvent,
    Message,
    PartialDepth,
    Snapshot,
    Trade,
    WireError,
)
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.usability.cross_check import CrossCheck
from skills_lib.market.depth.usability.stream_state import FeedStream
from skills_lib.market.depth.wire import decode

_NAME_STARTS = len(b'{"stream":"')
_MAX_NAME_LENGTH = 300
_AFTER_NAME = b'","data":{'


Handler = Callable[[int, bytes], None]


class FeedListener(Protocol):
    """Callbacks of a feed. They run on the event loop and must not block."""

    def on_raw(self, symbol: str, local_ts_ns: int, raw: bytes) -> None:
        """Exact bytes of a message or snapshot, before any processing."""

    def on_book(self, book: LocalBook, decision: UpdateDecision, local_ts_ns: int) -> None:
        """A depth update or snapshot was processed by the book; `book.exch_ts_ns` is the exchange's time."""

    def on_event(self, symbol: str, event: MarketEvent) -> None:
        """Any other message, with local and exchange time."""


class IgnoreAll:
    """Base class for listeners; ignores everything."""

    def on_raw(self, symbol: str, local_ts_ns: int, raw: bytes) -> None:
        """As `FeedListener.on_raw`."""

    def on_book(self, book: LocalBook, decision: UpdateDecision, local_ts_ns: int) -> None:
        """As `FeedListener.on_book`."""

    def on_event(self, symbol: str, event: MarketEvent) -> None:
        """As `FeedListener.on_event`."""


class Dispatcher:
    """Routes frames to the book or listener of their stream."""

    def __init__(self, books: dict[str, LocalBook], listener: FeedListener) -> None:
        self._books, self._listener = books, listener
        self.streams: dict[bytes, FeedStream] = {}
        self.strays = 0
        self._handlers: dict[bytes, Handler] = {}
        self._prefixes: dict[bytes, Handler] = {}
        self._prefix = slice(0)
        self.checks = {symbol: CrossCheck(book.venue) for symbol, book in books.items()}
        self.on_snapshot_needed: Callable[[str], None] = lambda _symbol: None
        self.on_failure: Callable[[Exception], None] = lambda _error: None

    def add(self, name: str, symbol: str) -> FeedStream:
        """Register a stream by its name on the wire."""
        stream = FeedStream(name, symbol)
        key = name.encode()
        self.streams[key] = stream
        is_depth = name.partition("@")[2].startswith("depth@")
        self._handlers[key] = self._depth_handler(stream) if is_depth else self._event_handler(stream)
        self._index_prefixes()
        return stream

    def receive(self, local_ts_ns: int, raw: bytes) -> None:
        """Process one frame of a combined stream."""
        handler = self._prefixes.get(raw[self._prefix]) or self._by_name(raw)
        if handler is None:
            self.strays += 1
            return
        try:
            handler(local_ts_ns, raw)
        except Exception as error:
            self.on_failure(error)  # picows would only log it
            raise

    def load(self, symbol: str, snapshot: Snapshot) -> UpdateDecision:
        """Load a snapshot into the book of a symbol, and compare the result with the other streams.

        Raises:
            WireError: a level is malformed; the book is unchanged.
        """
        book, check = self._books[symbol], self.checks[symbol]
        decision = book.load(snapshot)
        if decision is UpdateDecision.APPLY and check.wanted:
            decision = self._checked(book, check.on_update(book.book, book.exch_ts_ns), decision)
        if not book.in_sync:
            check.restart()
        return decision

    def _index_prefixes(self) -> None:
        """Index streams by a fixed-length prefix, which is faster than searching for the end of each name."""
        length = max(map(len, self._handlers)) + 1
        self._prefix = slice(_NAME_STARTS, _NAME_STARTS + length)
        self._prefixes = {(name + _AFTER_NAME)[:length]: handler for name, handler in self._handlers.items()}

    def _by_name(self, raw: bytes) -> Handler | None:
        name = raw[_NAME_STARTS : raw.find(b'"', _NAME_STARTS, _MAX_NAME_LENGTH)]
        if b"\\u" in name:  # letters outside ASCII may be written as escapes
            with suppress(msgspec.MsgspecError):
                name = msgspec.json.decode(b'"%b"' % name, type=str).encode()
        return self._handlers.get(name)

    def _depth_handler(self, stream: FeedStream) -> Handler:
        book, applied, symbol = self._books[stream.symbol], UpdateDecision.APPLY, stream.symbol
        check = self.checks[symbol]
        receive_raw, notify_raw, notify_book = (
            book.receive_raw,
            _handler_of(self._listener, "on_raw"),
            _handler_of(self._listener, "on_book"),
        )

        def handle(local_ts_ns: int, raw: bytes) -> None:
            stream.messages += 1
            stream.local_ts_ns = local_ts_ns
            if notify_raw:
                notify_raw(symbol, local_ts_ns, raw)
            try:
                decision = receive_raw(raw)
            except WireError as error:
                stream.malformed += 1
                cause = Cause.WRONG_SYMBOL if isinstance(error, WrongSymbolError) else Cause.MALFORMED
                book.invalidate(str(error), cause)
                decision = UpdateDecision.GAP
            if decision is applied and check.wanted:
                decision = self._checked(book, check.on_update(book.book, book.exch_ts_ns), decision)
            if decision is not applied and not book.in_sync:
                check.restart()
                self.on_snapshot_needed(symbol)
            if notify_book:
                notify_book(book, decision, local_ts_ns)

        return handle

    @staticmethod
    def _checked(book: LocalBook, found: Unusable | None, decision: UpdateDecision) -> UpdateDecision:
        """The decision after a comparison with other streams, which may lose the book."""
        if found is None or not book.in_sync:
            return decision
        book.invalidate(found.detail, found.cause)
        return UpdateDecision.GAP

    def _event_handler(self, stream: FeedStream) -> Handler:
        notify_raw, notify_event = _handler_of(self._listener, "on_raw"), _handler_of(self._listener, "on_event")
        examine, symbol = self._examined(stream), stream.symbol
        is_new = stream.ids.is_newest if stream.name.endswith("@bookTicker") else stream.ids.is_new
        if not (notify_event or examine):
            return _raw_handler(stream, notify_raw)

        def handle(local_ts_ns: int, raw: bytes) -> None:
            stream.messages += 1
            stream.local_ts_ns = local_ts_ns
            if notify_raw:
                notify_raw(symbol, local_ts_ns, raw)
            try:
                message = _require_symbol(decode(raw), symbol)
            except WireError:
                stream.malformed += 1
                return
            number, time_ms = event_id(message)
            if number and not is_new(number, time_ms):  # connections overlap, venues repeat
                return
            if examine:
                examine(message)
            if notify_event:
                notify_event(symbol, MarketEvent(local_ts_ns, message))

        return handle

    def _examined(self, stream: FeedStream) -> Callable[[Message], None] | None:
        """What compares tickers, trades and partial depth of a stream with the book; None for other streams."""
        channel = stream.name.partition("@")[2]
        compared = channel in ("bookTicker", "trade", "aggTrade") or channel.startswith("depth5@")
        if stream.symbol not in self._books or not compared:
            return None
        check = self.checks[stream.symbol]
        check.wanted = True
        if channel == "bookTicker":
            return self._ticker_examined(stream, check)
        if channel.startswith("depth5@"):
            return self._partial_examined(stream, check)

        def examine(message: Message) -> None:
            if type(message) is Trade or type(message) is AggTrade:
                check.on_trade(message)

        return examine

    def _ticker_examined(self, stream: FeedStream, check: CrossCheck) -> Callable[[Message], None]:
        symbol = stream.symbol

        def examine(message: Message) -> None:
            if type(message) is not BookTicker:
                return
            stream.exch_ts_ns = (message.transaction_ts_ms or 0) * MS_TO_NS
            self._end_if(check.on_ticker(message), symbol)

        return examine

    def _partial_examined(self, stream: FeedStream, check: CrossCheck) -> Callable[[Message], None]:
        book, symbol = self._books[stream.symbol], stream.symbol

        def examine(message: Message) -> None:
            if type(message) is PartialDepth:
                self._end_if(check.on_partial(book.book, message), symbol)

        return examine

    def _end_if(self, found: Unusable | None, symbol: str) -> None:
        """End the usability of a book that another stream contradicts, and ask for a snapshot."""
        if found and self._checked(self._books[symbol], found, UpdateDecision.APPLY) is UpdateDecision.GAP:
            self.checks[symbol].restart()
            self.on_snapshot_needed(symbol)


def _require_symbol(message: Message, symbol: str) -> Message:
    if message.symbol != symbol:
        raise WireError(f"A {type(message).__name__} of another symbol arrived on a stream of {symbol}.")
    return message


def _raw_handler(stream: FeedStream, notify_raw: Callable[..., None] | None) -> Handler:
    """Counts messages that nothing looks into."""

    def handle(local_ts_ns: int, raw: bytes) -> None:
        stream.messages += 1
        stream.local_ts_ns = local_ts_ns
        if notify_raw:
            notify_raw(stream.symbol, local_ts_ns, raw)

    return handle


def _handler_of(listener: FeedListener, method: str) -> Callable[..., None] | None:
    """The listener's method, or None if it is inherited from `IgnoreAll` and need not be called."""
    own = getattr(type(listener), method, None)
    return None if own is getattr(IgnoreAll, method) else getattr(listener, method)
