"""Market data for the engine from the exchange's streams, opened again whenever they end."""

from collections.abc import Sequence

from live.client.books import FollowedBooks
from live.client.wire import MS, S, Wire
from live.engine.events import Connection, StreamKind

RETRY_NS = 1 * S
SILENCE_NS = 10 * S
"""A wrong or broken route connects and stays silent, so silence ends a connection."""
CHECK_NS = 250 * MS
_NAME = b'{"stream":"'


class _Connection:
    """The streams of one route on one connection, opened again whenever it ends, with the same streams.

    opened: the exchange has accepted it. silent: the streams that have brought nothing since.
    """

    def __init__(self, wire: Wire, route: str, streams: Sequence[str], market: "MarketStreams") -> None:
        self._wire, self._streams, self._market = wire, streams, market
        self._target = f"{route}/stream?streams={'/'.join(streams)}"
        self._number = 0
        self._received_ns = 0
        self.opened = False
        self.silent: set[bytes] = set()

    @property
    def up(self) -> bool:
        """True once every stream has brought something since the connection was opened: a wrong route never does."""
        return self.opened and not self.silent

    def open(self) -> None:
        """Open the connection, unless the market is stopped."""
        if self._market.stopped:
            return
        self._received_ns = self._wire.now_ns
        self._number = self._wire.connect(self._target, self)

    def on_opened(self) -> None:
        self.opened, self._received_ns = True, self._wire.now_ns
        self.silent = {stream.encode() for stream in self._streams}
        self._market.on_change()

    def on_frame(self, data: bytes) -> None:
        self._received_ns = self._wire.now_ns
        self._market.on_frame(data)
        if self.silent:
            self.silent.discard(_name_of(data))
            self._market.on_change()

    def on_closed(self) -> None:
        self.opened = False
        self._market.on_change()
        self._wire.later(RETRY_NS, self.open)

    def close(self) -> None:
        """Close it for good."""
        self._wire.close(self._number)
        self._number, self.opened = 0, False

    def check(self) -> None:
        """Open it again if it has been silent for too long."""
        if self._number and self._wire.now_ns - self._received_ns > SILENCE_NS:
            self._wire.close(self._number)
            self._number, self._received_ns = 0, self._wire.now_ns
            self.on_closed()


class MarketStreams:
    """Follows `<symbol>@depth@100ms` on /public and `<symbol>@markPrice@1s` on /market."""

    def __init__(self, wire: Wire, symbols: Sequence[str], depth: int) -> None:
        self._wire, self._followed = wire, FollowedBooks(wire, symbols, depth)
        names = [symbol.lower() for symbol in symbols]
        self._books = _Connection(wire, "/public", [f"{name}@depth@100ms" for name in names], self)
        self._marks = _Connection(wire, "/market", [f"{name}@markPrice@1s" for name in names], self)
        self._up = False
        self.stopped = False

    def stop(self) -> None:
        """Close both connections for good; the engine learns that they are down."""
        self.stopped = True
        for stream in (self._books, self._marks):
            stream.close()
        self.on_change()

    def start(self) -> None:
        """Open both connections, and look at them from time to time."""
        self._books.open()
        self._marks.open()
        self._check()

    def on_change(self) -> None:
        """A connection was opened or lost, or a stream began: the market is up while all streams have begun."""
        if self._books.opened:
            self._followed.opened()
        else:
            self._followed.lost()
        up = self._books.up and self._marks.up
        if up != self._up:
            self._up = up
            self._wire.emit(Connection(self._wire.now_ns, StreamKind.MARKET, up))

    def on_frame(self, data: bytes) -> None:
        """Each reader takes the frames of its symbol."""
        for reader in self._followed.readers.values():
            self._followed.on_frame(reader, data)

    def _check(self) -> None:
        if self.stopped:
            return
        self._books.check()
        self._marks.check()
        self._wire.later(CHECK_NS, self._check)


def _name_of(frame: bytes) -> bytes:
    """The name of the stream that a frame comes from; empty if it names none."""
    if not frame.startswith(_NAME):
        return b""
    return frame[len(_NAME) : frame.find(b'"', len(_NAME))]
