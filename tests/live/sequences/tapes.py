"""Tapes for sequences: drawn markets of two symbols with holes, jumps and awkward mark prices, and real excerpts."""

import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from live.enums import Side
from live.schedules.lines import depth_line, mark_line, snapshot_line, trade_line
from live.simulator.core.exchange import Exchange
from live.simulator.core.state import State
from live.simulator.listed_symbols import built_in
from live.simulator.market_feed import MarketFeed
from live.simulator.tape_source import Played, TapeSource
from skills_lib.market.depth.model import DepthUpdate, Snapshot
from skills_lib.market.depth.tape.lines import read_lines

HOUR_MS = 3_600_000
MS = 1_000_000
EPOCH_MS = 1_723_161_600_000
"""A multiple of eight hours."""
LEVELS = 8
REAL_TAPE = "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz"


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark price that was played: exchange time in ms, prices and rate as decimals in text."""

    time_ms: int
    price: str
    rate: str


@dataclass
class Tape:
    """Lines, and what is true about funding: the interval in ms and the marks of each symbol."""

    lines: list[Played]
    intervals: dict[str, int] = field(default_factory=dict)
    marks: dict[str, list[Mark]] = field(default_factory=dict)

    def boundaries(self, symbol: str, start_ms: int, end_ms: int) -> list[int]:
        """Funding times after `start_ms`, up to `end_ms`."""
        interval = self.intervals[symbol]
        return list(range((start_ms // interval + 1) * interval, end_ms + 1, interval))

    def mark_before(self, symbol: str, time_ms: int) -> Mark | None:
        """The last mark price before a time."""
        marks = self.marks[symbol]
        place = bisect_left(marks, time_ms, key=lambda mark: mark.time_ms)
        return marks[place - 1] if place else None


@dataclass
class _Market:
    """One symbol of a drawn tape; prices in ticks, quantities in thousandths."""

    symbol: str
    decimals: int
    middle: int
    update_id: int
    interval_ms: int
    trade_id: int = 1
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)
    lost: bool = False
    named_ms: int = 0
    proper_ms: int = 0
    known: bool = False

    def price(self, ticks: int) -> str:
        whole, rest = divmod(ticks, 10**self.decimals)
        return f"{whole}.{rest:0{self.decimals}d}"


class RandomTape:
    """Draws one tape from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"tape {seed}")
        draw = self.random
        self.now_ms = EPOCH_MS + draw.randrange(3) * 8 * HOUR_MS - draw.choice((3_000, 9_000, 20_000, HOUR_MS))
        intervals = [draw.choice((1, 4, 8)) * HOUR_MS for _ in range(2)]
        self.markets = [
            _Market("BTCUSDT", 1, 600_000, 1_000, intervals[0]),
            _Market("ETHUSDT", 2, 300_000, 5_000, intervals[1]),
        ]
        self.violence = draw.choice((1, 1, 3, 30))
        self.lines: list[Played] = []
        self.marks: dict[str, list[Mark]] = {market.symbol: [] for market in self.markets}

    def draw(self, steps: int) -> Tape:
        """Draw the lines."""
        for market in self.markets:
            self._reset(market)
            self._snapshot(market)
            self._depth(market)
            self._mark(market)
        for _ in range(steps):
            self._step(self.random.choice(self.markets))
        return Tape(self.lines, {market.symbol: market.interval_ms for market in self.markets}, self.marks)

    def _step(self, market: _Market) -> None:
        draw = self.random
        self.now_ms += draw.choice((1, 10, 100, 100, 400, 1_500))
        kind = draw.random()
        if market.lost and kind < 0.3:
            market.lost = False
            self._snapshot(market)
        elif kind < 0.55:
            self._depth(market)
        elif kind < 0.8:
            self._trade(market)
        elif kind < 0.95:
            self._mark(market)
        elif kind < 0.97:
            market.lost = True  # a hole: the next update does not follow the last one
            market.update_id += 1_000
        elif kind < 0.98:
            self._jump()

    def _jump(self) -> None:
        """The tape stands still for hours, over funding times; where marks have told the intervals."""
        if all(market.known and market.named_ms == self._next_ms(market) for market in self.markets):
            self.now_ms += self.random.choice((30_000, 700_000, HOUR_MS, 5 * HOUR_MS, 30 * HOUR_MS))

    def _next_ms(self, market: _Market) -> int:
        return (self.now_ms // market.interval_ms + 1) * market.interval_ms

    def _reset(self, market: _Market) -> None:
        draw, middle = self.random, market.middle
        market.bids = {middle - 1 - step: draw.randrange(1, 4_000) for step in range(LEVELS)}
        market.asks = {middle + step: draw.randrange(1, 4_000) for step in range(LEVELS)}

    def _move(self, market: _Market) -> None:
        draw = self.random
        step = draw.choice((0, 0, 0, 1, 2, 5)) if draw.random() < 0.9 else market.middle * self.violence // 1_000
        market.middle = max(2_000, market.middle + draw.choice((-1, 1)) * step)

    def _depth(self, market: _Market) -> None:
        sides = [
            [(market.price(tick), f"{quantity / 1000:.3f}") for tick, quantity in side.items()]
            for side in self._changes(market)
        ]
        previous, market.update_id = market.update_id, market.update_id + 7
        bids, asks = sides
        self.lines.append(depth_line(market.symbol, self.now_ms, market.update_id, previous, bids, asks))

    def _changes(self, market: _Market) -> list[dict[int, int]]:
        """New quantities by price of both sides; after a move, the whole book."""
        before = market.middle
        self._move(market)
        if market.middle == before:
            sides = [market.bids, market.asks]
            changed = [{self.random.choice(list(side)): self.random.randrange(1, 4_000)} for side in sides]
            for side, change in zip(sides, changed, strict=True):
                side.update(change)
            return changed
        gone = [dict.fromkeys(market.bids, 0), dict.fromkeys(market.asks, 0)]
        self._reset(market)
        return [gone[0] | market.bids, gone[1] | market.asks]

    def _snapshot(self, market: _Market) -> None:
        bids, asks = (
            [(market.price(tick), f"{quantity / 1000:.3f}") for tick, quantity in side]
            for side in (sorted(market.bids.items(), reverse=True), sorted(market.asks.items()))
        )
        self.lines.append(snapshot_line(market.symbol, self.now_ms, market.update_id, bids, asks))

    def _trade(self, market: _Market) -> None:
        draw = self.random
        sells = draw.random() < 0.5
        reach = draw.choice((0, 0, 0, 1, 4, 20)) if draw.random() < 0.95 else market.middle // 200
        ticks = max(1, market.middle - 1 - reach if sells else market.middle + reach)
        price, quantity = market.price(ticks), f"{draw.randrange(1, 6_000) / 1000:.3f}"
        market.trade_id += 1
        self.lines.append(trade_line(market.symbol, self.now_ms, market.trade_id, price, quantity, sells))

    def _mark(self, market: _Market) -> None:
        draw = self.random
        price = f"{market.price(market.middle)}{draw.randrange(10**6):06d}"
        rate = f"{draw.choice((-1, 1)) * draw.randrange(0, 30_000) / 10**6:.6f}"
        named = self._named(market)
        if named == self._next_ms(market):
            longest = max(hours for hours in (8, 4, 2, 1) if not named % (hours * HOUR_MS)) * HOUR_MS
            market.known |= longest == market.interval_ms or market.proper_ms == named - market.interval_ms
            market.proper_ms = named
        market.named_ms = named
        self.lines.append(mark_line(market.symbol, self.now_ms, price, rate, named))
        self.marks[market.symbol].append(Mark(self.now_ms, price, rate))

    def _named(self, market: _Market) -> int:
        """The next funding time as the venue names it: sometimes the passed one, an old one, or one too early."""
        interval, draw = market.interval_ms, self.random
        passed = self.now_ms // interval * interval
        late = self.now_ms - passed <= 5_000 and draw.random() < 0.7
        early = passed + interval - self.now_ms <= 200 and draw.random() < 0.5
        if late:
            return passed
        if early:
            return passed + 2 * interval
        return passed if draw.random() < 0.03 else passed + interval


@lru_cache(maxsize=512)
def random_tape(seed: int, steps: int = 90) -> Tape:
    """The drawn tape of a seed."""
    return RandomTape(seed).draw(steps)


@lru_cache(maxsize=1)
def real_excerpts(folder: Path, number: int = 60, length: int = 150) -> tuple[Tape, ...]:
    """Excerpts of the real tape of 2024-08-08, each begun by a snapshot of the book at that place."""
    return tuple(_excerpts(folder / "l2" / REAL_TAPE, number, length))


def _excerpts(path: Path, number: int, length: int) -> Iterator[Tape]:
    lines = list(TapeSource().read(read_lines(path)))
    feed = MarketFeed(Exchange(State(markets={}, accounts={})), built_in())
    spacing = max(1, (len(lines) - length) // number)
    due = spacing
    for place, line in enumerate(lines[:-length]):
        feed.take(line.message, line.symbol)
        if place >= due and isinstance(line.message, DepthUpdate) and feed.in_sync:
            due += spacing
            yield Tape([_snapshot_of(feed, line), *lines[place : place + length]])


def _snapshot_of(feed: MarketFeed, line: Played, depth: int = 60) -> Played:
    book = feed.books[line.symbol]
    assert isinstance(line.message, DepthUpdate)
    rules = feed.listed[line.symbol]
    bids, asks = (
        [
            (rules.price_text(price), rules.quantity_text(quantity))
            for (price, quantity), _ in zip(book.levels(side), range(depth), strict=False)
        ]
        for side in (Side.BUY, Side.SELL)
    )
    snapshot = Snapshot(line.message.final_update_id, bids, asks, line.time_ns // MS, line.time_ns // MS)
    return Played(snapshot, b"{}", line.symbol, line.time_ns)
