"""Market data of a run on bars: books and mark prices for the engine, klines for the strategy."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from live.bars.following import FollowedBars
from live.bars.klines import closed_bar_of
from live.bars.strategy import BarStrategy
from live.client.stream_connection import CHECK_NS, StreamConnection
from live.client.wire import MS, S, Wire
from live.engine.events import StrategyReported
from live.engine.settings import BarSettings
from live.engine.signals.bars import BarSignal
from live.engine.state import EngineState

SILENCE_NS: Final = 60 * S
"""A symbol that trades seldom sends klines seldom; the exchange's list tells of bars whose frames were lost."""


class StoppableMarket(Protocol):
    """Where the engine's own market data comes from, such as `live/client/market_streams.py`."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def market_of(wire: Wire, market: StoppableMarket, state: EngineState, strategy: BarStrategy | None) -> StoppableMarket:
    """The market data of an engine: `market`, and of one on bars what its strategy decides.

    strategy: as it was handed in. A run that goes on keeps the settings of its journal: with another strategy than the
    journal's, or without one, nothing is decided, which is reported, and what is open stays protected by its stop.
    """
    settings = state.settings
    if not isinstance(settings, BarSettings):
        return market
    if strategy is None or _identity(strategy.settings) != _identity(settings):
        return _Undecided(wire, market, settings)
    signals = {symbol: known.signal for symbol, known in state.markets.items()}
    decided_ns = {
        symbol: signal.decided.bar_close_ns
        for symbol, signal in signals.items()
        if isinstance(signal, BarSignal) and signal.decided is not None
    }
    return BarMarket(wire, market, tuple(signals), strategy, decided_ns)


def _identity(settings: BarSettings) -> tuple[object, ...]:
    """What decides: the same of two runs gives the same decisions."""
    return settings.strategy, settings.timeframe, settings.parameters, settings.history_bars


class _Undecided:
    """Market data of a run whose strategy was not handed in."""

    def __init__(self, wire: Wire, market: StoppableMarket, settings: BarSettings) -> None:
        self._wire, self._market, self._settings = wire, market, settings
        self.stop = market.stop

    def start(self) -> None:
        """Open the streams, and report that nothing decides."""
        self._market.start()
        wanted = self._settings
        given = ", ".join(f"{name}={value}" for name, value in wanted.parameters.items()) or "its defaults"
        text = (
            f"This run is of {wanted.strategy} on {wanted.timeframe} with {given} and {wanted.history_bars} bars. "
            "Another one was given, or none: nothing is decided. Start with it, or stop the run and begin another."
        )
        self._wire.emit(StrategyReported(self._wire.now_ns, "", "strategy_absent", text))


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
