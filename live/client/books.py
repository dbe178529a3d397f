"""The books of a client: one reader a symbol, and a snapshot whenever one is needed."""

from collections.abc import Sequence
from functools import partial

from live.binance.markets import SNAPSHOT_LEVELS, MarketReader
from live.client.wire import S, Wire
from live.wire import HttpRequest, HttpResponse

SNAPSHOT_RETRY_NS = 2 * S
"""Between two snapshots of a symbol: one weighs 20 of the 2,400 a minute."""


def load_compiled() -> None:
    """Load the compiled book, or compile it where this was not done before: the caller stands still for a while."""
    MarketReader("", depth=1)


class FollowedBooks:
    """Reads frames and emits what they change. depth: levels that the engine sees."""

    def __init__(self, wire: Wire, symbols: Sequence[str], depth: int) -> None:
        self._wire = wire
        self.readers = {symbol: MarketReader(symbol, depth) for symbol in symbols}
        self._fetching: set[str] = set()

    def opened(self) -> None:
        """The stream of the books is open."""
        for symbol, reader in self.readers.items():
            if not reader.stream.connected:
                reader.opened(self._wire.now_ns)
                self._fetch(symbol)

    def lost(self) -> None:
        """The stream of the books is lost."""
        for reader in self.readers.values():
            if reader.stream.connected:
                self._wire.emit(reader.lost(self._wire.now_ns))

    def on_frame(self, reader: MarketReader, data: bytes) -> None:
        """Hand on what a frame changes; a reader that lost its book gets a snapshot."""
        event = reader.on_frame(data, self._wire.now_ns)
        if event is not None:
            self._wire.emit(event)
        if reader.wants_snapshot:
            self._fetch(reader.symbol)

    def on_snapshot(self, reader: MarketReader, body: bytes) -> None:
        """Hand on the book that a snapshot gives, if it fits."""
        event = reader.on_snapshot(body, self._wire.now_ns)
        if event is not None:
            self._wire.emit(event)

    def _fetch(self, symbol: str) -> None:
        if symbol in self._fetching:
            return
        self._fetching.add(symbol)
        target = f"/fapi/v1/depth?symbol={symbol}&limit={SNAPSHOT_LEVELS}"
        self._wire.request(HttpRequest("GET", target), partial(self._on_answer, symbol))

    def _on_answer(self, symbol: str, answer: HttpResponse | None) -> None:
        if answer is not None and answer.status == 200:
            self.on_snapshot(self.readers[symbol], answer.body)
        self._wire.later(SNAPSHOT_RETRY_NS, partial(self._fetching.discard, symbol))
