"""A short market for a schedule: two symbols whose books lean now to one side, now to the other, and then move.

Prices are drawn so that targets and stops of a few basis points are both reached within seconds. It is no model of a
market: `skills_lib/market/depth/tape/drawing` is. Here everything that an engine can meet shall happen often.
"""

import random
from dataclasses import dataclass, field

from live.schedules.lines import depth_line, mark_line, snapshot_line, trade_line
from live.simulator.tape_source import Played

EPOCH_MS = 1_723_161_600_000
"""A multiple of eight hours, when funding is charged."""
FUNDING_MS = 8 * 3_600_000
MIDNIGHT_MS = 24 * 3_600_000
THIN_SHARE = 0.25
"""Of the tapes: their levels and trades are smaller than an entry, which then fills in parts."""
LEVELS = 6
CALM_STEPS = 40
"""Longer steps without any lean after the others, about ten seconds in all, so that what is open ends."""
SPARSE_MS, SPARSE_STEPS = 30_000, 95
"""After them the books are renewed now and then, so that what is late can still be closed."""
_STEPS_MS, _CALM_STEPS_MS = (40, 100, 100, 150, 250), (150, 250, 250, 250, 380)
_LEAN_CHANGES = 0.12


@dataclass
class _Book:
    """One symbol. Prices in ticks of so many cents, quantities in thousandths; lean: 1 bids weigh, -1 asks weigh."""

    symbol: str
    tick_cents: int
    middle: int
    update_id: int = 1_000
    trade_id: int = 1
    lean: int = 0
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)

    def price(self, ticks: int) -> str:
        """Two decimals for either symbol, as Binance writes them: else no reader's fast path takes the levels."""
        whole, rest = divmod(ticks * self.tick_cents, 100)
        return f"{whole}.{rest:02d}"

    def levels(self, side: dict[int, int]) -> list[tuple[str, str]]:
        return [(self.price(tick), f"{quantity / 1000:.3f}") for tick, quantity in side.items()]


class ScheduleTape:
    """Draws the lines of one tape from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"schedule tape {seed}")
        draw = self.random
        hour_ms = draw.choice((FUNDING_MS, FUNDING_MS, MIDNIGHT_MS))
        self.now_ms = EPOCH_MS + hour_ms - draw.choice((5_000, 20_000, 50_000, 3_600_000))
        self.thin = draw.random() < THIN_SHARE
        symbols = [_Book("BTCUSDT", 10, 600_000), _Book("ETHUSDT", 1, 300_000)]
        self.books = symbols[: draw.choice((1, 1, 2))]
        self.lines: list[Played] = []
        self.calm_from_ms = 0

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that it has."""
        return tuple(book.symbol for book in self.books)

    def draw(self, steps: int) -> list[Played]:
        """The lines: a snapshot, an update and a mark price of each symbol, the steps, and a calm end.

        calm_from_ms: when the calm begins.
        """
        for book in self.books:
            self._fill(book)
            self._snapshot(book)
            self._depth(book)
            self._mark(book)
        for number in range(steps + CALM_STEPS):
            if number == steps:
                self.calm_from_ms = self.now_ms
                for book in self.books:
                    book.lean = 0
            self._step(self.random.choice(self.books), calm=number >= steps)
        for _ in range(SPARSE_STEPS):
            self.now_ms += SPARSE_MS
            for book in self.books:
                self._depth(book)
        return self.lines

    def _step(self, book: _Book, calm: bool) -> None:
        draw = self.random
        self.now_ms += draw.choice(_CALM_STEPS_MS if calm else _STEPS_MS)
        if draw.random() < _LEAN_CHANGES and not calm:
            book.lean = draw.choice((-1, 0, 1))
        kind = draw.random()
        if kind < 0.6:
            self._depth(book)
        elif kind < 0.8:
            self._trade(book)
        else:
            self._mark(book)

    def _fill(self, book: _Book) -> None:
        """A book whose heavier side has about four times the other's quantities; equal ones without a lean."""
        bid = self._quantity(1 if book.lean < 0 else 4)
        ask = self._quantity(1 if book.lean > 0 else 4)
        if not book.lean:
            bid = ask = self._quantity(1)
        book.bids = {book.middle - 1 - step: bid + step for step in range(LEVELS)}
        book.asks = {book.middle + step: ask + step for step in range(LEVELS)}

    def _depth(self, book: _Book) -> None:
        """The whole book anew, moved by up to a few basis points, mostly to where it leans."""
        gone = [dict.fromkeys(book.bids, 0), dict.fromkeys(book.asks, 0)]
        direction = book.lean if book.lean and self.random.random() < 0.6 else self.random.choice((-1, 1))
        book.middle += direction * book.middle * self.random.choice((0, 0, 1, 2, 4)) // 20_000
        self._fill(book)
        bids, asks = book.levels(gone[0] | book.bids), book.levels(gone[1] | book.asks)
        previous, book.update_id = book.update_id, book.update_id + 7
        self.lines.append(depth_line(book.symbol, self.now_ms, book.update_id, previous, bids, asks))

    def _snapshot(self, book: _Book) -> None:
        bids, asks = book.levels(book.bids), book.levels(book.asks)
        self.lines.append(snapshot_line(book.symbol, self.now_ms, book.update_id, bids, asks))

    def _trade(self, book: _Book) -> None:
        sells = self.random.random() < 0.5
        price = book.price(book.middle - 1 if sells else book.middle)
        quantity = f"{self.random.randrange(1, 60 if self.thin else 6_000) / 1000:.3f}"
        book.trade_id += 1
        self.lines.append(trade_line(book.symbol, self.now_ms, book.trade_id, price, quantity, sells))

    def _mark(self, book: _Book) -> None:
        funding_ms = (self.now_ms // FUNDING_MS + 1) * FUNDING_MS
        rate = f"{self.random.randrange(-3_000, 3_000) / 10**6:.6f}"
        self.lines.append(mark_line(book.symbol, self.now_ms, book.price(book.middle), rate, funding_ms))

    def _quantity(self, weight: int) -> int:
        """A quantity of a level, in thousandths; the heavier side has about four times the other's."""
        return weight * (self.random.randrange(15, 60) if self.thin else self.random.randrange(300, 1_500))
