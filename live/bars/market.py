"""Market data of a run on bars: books and mark prices for the engine, klines for the strategy."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from live.bars.following import FollowedBars
from live.bars.klines import closed_bar_of
from live.bars.strategy import BarStrategy
from live.client.stream_connection import CHECK_NS, StreamConnection
from live.client.wire import MS, S, Wire

SILENCE_NS: Final = 60 * S
"""A symbol that trades seldom sends klines seldom; the exchange's list tells of bars whose frames were lost."""


class StoppableMarket(Protocol):
    """Where the engine's own market data comes from, such as `live/client/market_streams.py`."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class BarMarket:
    """Starts and stops the market data of a run on bars.

    Follows `<symbol>@kline_<interval>` on /market beside `market`, and emits what the strategy decides. decided_ns: by
    symbol, the close of the last bar that the run had decided on before, for a run that goes on; bars that closed since
    are decided on first. stopped: nothing more is decided.
    """

    def __init__(
        self,
        wire: Wire,
        market: StoppableMarket,
        symbols: Sequence[str],
        strategy: BarStrategy,
        decided_ns: Mapping[str, int] | None = None,
    ) -> None:
        self._wire, self._market, self._interval = wire, market, strategy.settings.timeframe
        known = decided_ns or {}
        self.followed = {
            symbol: FollowedBars(wire, symbol, strategy, known.get(symbol, wire.now_ns) // MS) for symbol in symbols
        }
        streams = [f"{symbol.lower()}@kline_{self._interval}" for symbol in symbols]
        self._klines = StreamConnection(wire, "/market", streams, self, SILENCE_NS)
        self.stopped = False

    def start(self) -> None:
        """Open the streams and read the history of bars."""
        self._market.start()
        self._klines.open()
        self._check()

    def stop(self) -> None:
        """Close all connections for good."""
        self.stopped = True
        self._klines.close()
        for followed in self.followed.values():
            followed.stopped = True
        self._market.stop()

    def on_change(self) -> None:
        """Bars whose frames were lost are read from the exchange's list when they are due."""

    def on_frame(self, data: bytes) -> None:
        """A closed bar goes to its symbol; other frames say nothing that is needed."""
        found = closed_bar_of(data, self._interval)
        if found is not None and found[0] in self.followed:
            self.followed[found[0]].on_stream(found[1])

    def _check(self) -> None:
        if self.stopped:
            return
        self._klines.check()
        for followed in self.followed.values():
            followed.check()
        self._wire.later(CHECK_NS, self._check)
