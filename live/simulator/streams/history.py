"""Trade history of the tape: recent trades, aggregates, klines and 24-hour statistics. Units of 1e-8."""

from collections import deque
from dataclasses import dataclass, field

from live.simulator.core.money import SCALE
from live.simulator.streams.names import INTERVALS_MS

MAX_ENTRIES = 1_000


@dataclass(frozen=True, slots=True)
class Tick:
    """One trade of the tape."""

    number: int
    price: int
    quantity: int
    time_ms: int
    buyer_is_maker: bool


@dataclass(slots=True)
class Aggregate:
    """Trades of one taker at one price, aggregated."""

    number: int
    price: int
    quantity: int
    first: int
    last: int
    time_ms: int
    buyer_is_maker: bool


@dataclass(slots=True)
class Bar:
    """An open or closed kline."""

    open_ms: int
    close_ms: int
    open: int
    high: int
    low: int
    close: int
    first: int
    last: int
    volume: int = 0
    quote: int = 0
    trades: int = 0
    taker_volume: int = 0
    taker_quote: int = 0

    def add(self, tick: Tick) -> None:
        """Add a trade to the bar."""
        quote = tick.price * tick.quantity // SCALE
        self.high, self.low, self.close = max(self.high, tick.price), min(self.low, tick.price), tick.price
        self.last, self.trades = tick.number, self.trades + 1
        self.volume += tick.quantity
        self.quote += quote
        if not tick.buyer_is_maker:
            self.taker_volume += tick.quantity
            self.taker_quote += quote


@dataclass(slots=True)
class TradeHistory:
    """Trades, aggregates and bars of one symbol. `pending` is the aggregate still open."""

    trades: deque[Tick] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    aggregates: deque[Aggregate] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    bars: dict[str, list[Bar]] = field(default_factory=lambda: {interval: [] for interval in INTERVALS_MS})
    session: Bar | None = None
    pending: Aggregate | None = None
    _next_aggregate: int = 1

    def add(self, tick: Tick) -> Aggregate | None:
        """Add a trade; return the aggregate that it closes, if any."""
        self.trades.append(tick)
        self._add_to_session(tick)
        for interval, length in INTERVALS_MS.items():
            self._add_to_bars(self.bars[interval], tick, length)
        return self._aggregate(tick)

    def close_aggregate(self) -> Aggregate | None:
        """Close and return the open aggregate, if any."""
        done, self.pending = self.pending, None
        if done:
            self.aggregates.append(done)
        return done

    def _aggregate(self, tick: Tick) -> Aggregate | None:
        pending = self.pending
        same = pending and (pending.price, pending.buyer_is_maker, pending.time_ms) == (
            tick.price,
            tick.buyer_is_maker,
            tick.time_ms,
        )
        if pending and same:
            pending.quantity += tick.quantity
            pending.last = tick.number
            return None
        done = self.close_aggregate()
        number, self._next_aggregate = self._next_aggregate, self._next_aggregate + 1
        self.pending = Aggregate(
            number, tick.price, tick.quantity, tick.number, tick.number, tick.time_ms, tick.buyer_is_maker
        )
        return done

    def _add_to_session(self, tick: Tick) -> None:
        if self.session is None:
            self.session = _bar(tick, tick.time_ms, tick.time_ms + 86_400_000)
        self.session.add(tick)

    def _add_to_bars(self, bars: list[Bar], tick: Tick, length_ms: int) -> None:
        if not bars or tick.time_ms > bars[-1].close_ms:
            opened = tick.time_ms // length_ms * length_ms
            bars.append(_bar(tick, opened, opened + length_ms - 1))
        bars[-1].add(tick)


def _bar(tick: Tick, open_ms: int, close_ms: int) -> Bar:
    price, number = tick.price, tick.number
    return Bar(open_ms, close_ms, price, price, price, price, number, number)
