"""Market data for the engine from the exchange's streams, opened again whenever they end."""

from collections.abc import Sequence

from live.client.books import FollowedBooks
from live.client.wire import MS, S, Wire
from live.engine.events import Connection, StreamKind

RETRY_NS = 1 * S
SILENCE_NS = 10 * S
"""A wrong or broken route connects and stays silent, so silence ends a connection."""
CHECK_NS = 250 * MS


class _Stream:
    """One connection of one route, opened again whenever it ends. reads: takes its frames."""

    def __init__(self, wire: Wire, target: str, market: "MarketStreams") -> None:
        self._wire, self._target, self._market = wire, target, market
        self._number = 0
        self._received_ns = 0
        self.up = False

    def open(self) -> None:
        """Open the connection, unless the market is stopped."""
        if self._market.stopped:
            return
        self._received_ns = self._wire.now_ns
        self._number = self._wire.connect(self._target, self)

    def on_opened(self) -> None:
        self.up, self._received_ns = True, self._wire.now_ns
        self._market.on_change()

    def on_frame(self, data: bytes) -> None:
        self._received_ns = self._wire.now_ns
        self._market.on_frame(data)

    def on_closed(self) -> None:
        self.up = False
        self._market.on_change()
        self._wire.later(RETRY_NS, self.open)

    def close(self) -> None:
        """Close it for good."""
        self._wire.close(self._number)
        self._number, self.up = 0, False

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
        books, marks = ("/".join(f"{name}@{kind}" for name in names) for kind in ("depth@100ms", "markPrice@1s"))
        self._books = _Stream(wire, f"/public/stream?streams={books}", self)
        self._marks = _Stream(wire, f"/market/stream?streams={marks}", self)
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
        """A connection was opened or lost: the market is up while both are."""
        if self._books.up:
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
