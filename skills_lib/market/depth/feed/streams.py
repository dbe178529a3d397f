"""Dispatches stream messages to books and listeners: the hot path, without I/O or clocks."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import msgspec

from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.model import (
    AggTrade,
    BookTicker,
    MarketEvent,
    Message,
    Trade,
    WireError,
)
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.wire import decode

_NAME_STARTS = len(b'{"stream":"')
_MAX_NAME_LENGTH = 300
_MAX_PAUSE_S, _PAUSE_DECAY, _PAUSE_FACTOR = 5.0, 0.9, 4.0
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


@dataclass(slots=True)
class FeedStream:
    """State of one subscribed stream; `received_s` is the monotonic time of the last check that saw new messages."""

    name: str
    symbol: str
    messages: int = 0
    malformed: int = 0
    local_ts_ns: int | None = None
    last_messages: int = 0
    received_s: float | None = None
    longest_pause_s: float = 0.0
    stale: bool = False
    connected: bool = False
    last_sequence: int = 0

    def update_activity(self, now_s: float) -> None:
        """Update `received_s` and `longest_pause_s` if messages arrived since the last check."""
        if self.messages == self.last_messages:
            return
        if self.received_s is not None:
            pause_s = min(now_s - self.received_s, _MAX_PAUSE_S)
            self.longest_pause_s = max(_PAUSE_DECAY * self.longest_pause_s, pause_s)
        self.last_messages, self.received_s, self.stale = self.messages, now_s, False

    def timeout_s(self, min_s: float) -> float:
        """Seconds of silence before it is stale: `min_s`, or four times its longest recent pause if that is longer."""
        return min_s if self.longest_pause_s <= min_s else _PAUSE_FACTOR * self.longest_pause_s

    def idle_s(self, now_s: float) -> float:
        """Seconds since the last message; 0 before the first."""
        return 0.0 if self.received_s is None else now_s - self.received_s


class Dispatcher:
    """Routes frames to the book or listener of their stream."""

    def __init__(self, books: dict[str, LocalBook], listener: FeedListener) -> None:
        self._books, self._listener = books, listener
        self.streams: dict[bytes, FeedStream] = {}
        self.strays = 0
        self._handlers: dict[bytes, Handler] = {}
        self._prefixes: dict[bytes, Handler] = {}
        self._prefix = slice(0)
        self.on_snapshot_needed: Callable[[str], None] = lambda _symbol: None
        self.on_failure: Callable[[Exception], None] = lambda _error: None

    def add(self, name: str, symbol: str) -> FeedStream:
        """Register a stream by its name on the wire."""
        stream = FeedStream(name, symbol)
        key = name.encode()
        self.streams[key] = stream
        is_depth = name.partition("@")[2].startswith("depth")
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
                book.invalidate(str(error))
                decision = UpdateDecision.GAP
            if decision is not applied and not book.in_sync:
                self.on_snapshot_needed(symbol)
            if notify_book:
                notify_book(book, decision, local_ts_ns)

        return handle

    def _event_handler(self, stream: FeedStream) -> Handler:
        notify_raw, notify_event = _handler_of(self._listener, "on_raw"), _handler_of(self._listener, "on_event")

        def handle(local_ts_ns: int, raw: bytes) -> None:
            stream.messages += 1
            stream.local_ts_ns = local_ts_ns
            if notify_raw:
                notify_raw(stream.symbol, local_ts_ns, raw)
            if not notify_event:
                return
            try:
                message = decode(raw)
            except WireError:
                stream.malformed += 1
                return
            sequence = _sequence_number(message)
            if sequence > stream.last_sequence or sequence == 0:  # drops duplicates while connections overlap
                stream.last_sequence = sequence
                notify_event(stream.symbol, MarketEvent(local_ts_ns, message))

        return handle


def _handler_of(listener: FeedListener, method: str) -> Callable[..., None] | None:
    """The listener's method, or None if it is inherited from `IgnoreAll` and need not be called."""
    own = getattr(type(listener), method, None)
    return None if own is getattr(IgnoreAll, method) else getattr(listener, method)


def _sequence_number(message: Message) -> int:
    """Increasing id of a message within its stream; 0 if it has none."""
    if isinstance(message, Trade):
        return message.trade_id
    if isinstance(message, AggTrade):
        return message.aggregate_id
    if isinstance(message, BookTicker):
        return message.update_id
    return 0
