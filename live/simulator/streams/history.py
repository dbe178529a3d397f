"""Trade history of the tape: recent trades, aggregates, klines and 24-hour statistics. Units of 1e-8."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, takewhile

from live.money import SCALE, parse
from live.simulator.schedule import MS
from live.simulator.streams.names import INTERVALS_MS
from live.simulator.tape_segments import Segment
from skills_lib.market.depth.model import AggTrade, Trade
from skills_lib.market.depth.tape.scanning import layout as at

MAX_ENTRIES = 1_000
MAX_UNREAD = 50_000
MAX_UNREAD_ROWS = 100_000
"""Rows whose segments are kept for it, of whatever kind."""
MINUTE_MS = 60_000
AGGREGATION_MS = 100


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


@dataclass(frozen=True, slots=True)
class PassedRows:
    """Rows of a segment that were played in one step. symbol: its number; trades: how many of them are its trades."""

    segment: Segment
    place: int
    end: int
    symbol: int
    trades: int

    @property
    def until_ms(self) -> int:
        """Time of the last row."""
        return int(self.segment.times_ns[self.end - 1]) // MS

    def read(self) -> Iterator[tuple[Trade | AggTrade, int]]:
        """The trades and the times in milliseconds at which they were played."""
        for row in range(self.place, self.end):
            kind, symbol = self.segment.table.item(row, at.KIND), self.segment.table.item(row, at.SYMBOL)
            if kind in _TRADE_KINDS and symbol == self.symbol:
                message = self.segment.played(row).message
                assert isinstance(message, Trade | AggTrade)
                yield message, int(self.segment.times_ns[row]) // MS


_TRADE_KINDS = (at.TRADE, at.AGG_TRADE)


@dataclass(slots=True)
class TradeHistory:
    """Trades, aggregates and bars of one symbol. `pending` is the aggregate still open.

    What the tape brings is only kept by `take`, and read when somebody asks: most runs ask for little of it.
    """

    trades: deque[Tick] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    aggregates: deque[Aggregate] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    minutes: list[Bar] = field(default_factory=list)
    session: Bar | None = None
    pending: Aggregate | None = None
    _next_aggregate: int = 1
    _unread: list[Trade | AggTrade | PassedRows] = field(default_factory=list)
    _unread_ms: list[int] = field(default_factory=list)
    _unread_rows: int = 0

    def take(self, trade: Trade | AggTrade, now_ms: int) -> None:
        """Keep a trade or an aggregate of the tape."""
        self._unread.append(trade)  # two lists, so that the garbage collector has nothing to track
        self._unread_ms.append(now_ms)
        if len(self._unread) >= MAX_UNREAD:
            self.read(now_ms)

    def take_rows(self, passed: PassedRows) -> None:
        """Keep the trades of rows that were played in one step."""
        self._unread.append(passed)
        self._unread_ms.append(passed.until_ms)
        self._unread_rows += passed.end - passed.place
        if self._unread_rows >= MAX_UNREAD_ROWS:
            self.read(passed.until_ms)

    def read(self, now_ms: int) -> list[Aggregate]:
        """Bring everything up to date; return the aggregates that this has closed."""
        closed = []
        unread = zip(self._unread, self._unread_ms, strict=True)
        self._unread, self._unread_ms, self._unread_rows = [], [], 0
        for found, found_ms in unread:
            for trade, at_ms in found.read() if isinstance(found, PassedRows) else ((found, found_ms),):
                closed += self._close_due(at_ms)
                closed += self._add_own(trade) if isinstance(trade, Trade) else self._add_aggregated(trade)
        return closed + self._close_due(now_ms)

    def bars(self, interval: str, from_ms: int = 0) -> list[Bar]:
        """The klines of an interval, oldest first; of those that open before `from_ms` only what trades later."""
        length_ms = INTERVALS_MS[interval]
        wanted = list(takewhile(lambda minute: minute.open_ms >= from_ms, reversed(self.minutes)))[::-1]
        groups = groupby(wanted, lambda minute: minute.open_ms // length_ms)
        return [_merged(list(minutes), number * length_ms, length_ms) for number, minutes in groups]

    def last_opened_ms(self, interval: str) -> int:
        """When the newest kline of an interval opened; 0 before the first trade."""
        length_ms = INTERVALS_MS[interval]
        return self.minutes[-1].open_ms // length_ms * length_ms if self.minutes else 0

    def _close_due(self, now_ms: int) -> list[Aggregate]:
        """Close the open aggregate once its time is over."""
        if self.pending is None or now_ms - self.pending.time_ms < AGGREGATION_MS:
            return []
        return self._close()

    def _close(self) -> list[Aggregate]:
        done, self.pending = self.pending, None
        if done is None:
            return []
        self.aggregates.append(done)
        return [done]

    def _add_own(self, trade: Trade) -> list[Aggregate]:
        price, quantity = parse(trade.price), parse(trade.quantity)
        if not price or not quantity:
            return []
        tick = Tick(trade.trade_id, price, quantity, trade.trade_ts_ms, trade.buyer_is_maker)
        self._add(tick)
        return self._aggregate(tick)

    def _add_aggregated(self, trade: AggTrade) -> list[Aggregate]:
        price, quantity = parse(trade.price), parse(trade.quantity)
        last, time_ms = trade.last_trade_id, trade.trade_ts_ms
        self._add(Tick(last, price, quantity, time_ms, trade.buyer_is_maker))
        whole = Aggregate(
            trade.aggregate_id, price, quantity, trade.first_trade_id, last, time_ms, trade.buyer_is_maker
        )
        self.pending = None
        self.aggregates.append(whole)
        return []

    def _add(self, tick: Tick) -> None:
        self.trades.append(tick)
        if self.session is None:
            self.session = _bar(tick, tick.time_ms, tick.time_ms + 86_400_000)
        self.session.add(tick)
        if not self.minutes or tick.time_ms > self.minutes[-1].close_ms:
            opened_ms = tick.time_ms // MINUTE_MS * MINUTE_MS
            self.minutes.append(_bar(tick, opened_ms, opened_ms + MINUTE_MS - 1))
        self.minutes[-1].add(tick)

    def _aggregate(self, tick: Tick) -> list[Aggregate]:
        pending = self.pending
        if pending and (pending.price, pending.buyer_is_maker, pending.time_ms) == (
            tick.price,
            tick.buyer_is_maker,
            tick.time_ms,
        ):
            pending.quantity += tick.quantity
            pending.last = tick.number
            return []
        done = self._close()
        number, self._next_aggregate = self._next_aggregate, self._next_aggregate + 1
        self.pending = Aggregate(
            number, tick.price, tick.quantity, tick.number, tick.number, tick.time_ms, tick.buyer_is_maker
        )
        return done


def _bar(tick: Tick, open_ms: int, close_ms: int) -> Bar:
    price, number = tick.price, tick.number
    return Bar(open_ms, close_ms, price, price, price, price, number, number)


def _merged(minutes: list[Bar], open_ms: int, length_ms: int) -> Bar:
    """One bar of consecutive one-minute bars."""
    first, last = minutes[0], minutes[-1]
    return Bar(
        open_ms,
        open_ms + length_ms - 1,
        first.open,
        max(minute.high for minute in minutes),
        min(minute.low for minute in minutes),
        last.close,
        first.first,
        last.last,
        sum(minute.volume for minute in minutes),
        sum(minute.quote for minute in minutes),
        sum(minute.trades for minute in minutes),
        sum(minute.taker_volume for minute in minutes),
        sum(minute.taker_quote for minute in minutes),
    )
