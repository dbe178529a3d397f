"""Market data for the engine from the exchange's streams, opened again whenever they end."""

from collections.abc import Sequence

from live.client.books import FollowedBooks
from live.client.stream_connection import CHECK_NS, StreamConnection, name_of
from live.client.wire import Wire
from live.engine.events import Connection, StreamKind

_KINDS = ("depth@100ms", "markPrice@1s")


class MarketStreams:
    """Follows `<symbol>@depth@100ms` on /public and `<symbol>@markPrice@1s` on /market."""

    def __init__(self, wire: Wire, symbols: Sequence[str], depth: int) -> None:
        self._wire, self._followed = wire, FollowedBooks(wire, symbols, depth)
        books, marks = ({f"{symbol.lower()}@{kind}": symbol for symbol in symbols} for kind in _KINDS)
        self._books = StreamConnection(wire, "/public", list(books), self)
        self._marks = StreamConnection(wire, "/market", list(marks), self)
        readers = self._followed.readers
        self._readers = {name.encode(): [readers[symbol]] for name, symbol in (books | marks).items()}
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
        """Each reader takes the frames of its symbol; one that names no stream, and may be damaged, goes to all."""
        for reader in self._readers.get(name_of(data)) or self._followed.readers.values():
            self._followed.on_frame(reader, data)

    def _check(self) -> None:
        if self.stopped:
            return
        self._books.check()
        self._marks.check()
        self._wire.later(CHECK_NS, self._check)
