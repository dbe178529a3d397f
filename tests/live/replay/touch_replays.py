"""Runs of variants on generated books, without exchange and engine: entries and exits at the best opposite price.

The books lean to one side, and then the price moves, that way or by lot, so the truth of every market is known.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from live.engine.events import BookChanged
from live.engine.settings import ImbalanceSettings
from live.enums import Side
from live.money import SCALE, product
from live.replay.controls import CountedSignal
from live.replay.figures.trades import BPS, TapeTrades
from live.replay.round_trips import ExitReason, RoundTrip
from live.replay.study.runs import TapeRun
from live.replay.study.variants import Variant, median_ms
from skills_lib.domain.time import DAY_NS

STEP_NS = 250_000_000
TICK = SCALE // 10
FEE_BPS = 5
STEPS_LEANING, STEPS_MOVING, STEPS_QUIET = 4, 12, 14


class RatioSignal:
    """The ratio of the two volumes, without persistence."""

    def __init__(self, settings: ImbalanceSettings) -> None:
        self._settings = settings

    def update(self, book: BookChanged) -> Side | None:
        """The side whose volume is `buy_ratio` times the other's, or below `sell_ratio`."""
        bid, ask = (sum(levels[1 : 2 * self._settings.depth : 2]) for levels in (book.bids, book.asks))
        if bid * SCALE >= self._settings.buy_ratio * ask:
            return Side.BUY
        return Side.SELL if bid * SCALE <= self._settings.sell_ratio * ask else None


def planted_books(reliability: float, episodes: int, seed: int) -> list[BookChanged]:
    """Books of 10 levels around 60,000. reliability: share of moves that go where the book leaned."""
    rng, middle, books = random.Random(seed), 600_000, []
    for _ in range(episodes):
        lean = rng.choice((1, -1))
        way = lean if rng.random() < reliability else -lean
        for count, leaning, move in ((STEPS_LEANING, lean, 0), (STEPS_MOVING, 0, way), (STEPS_QUIET, 0, 0)):
            for _ in range(count):
                middle += move * rng.randrange(180, 241)
                books.append(_book(len(books), middle, leaning, rng))
    return books


def _book(number: int, middle: int, lean: int, rng: random.Random) -> BookChanged:
    bid, ask = ((4 if lean == side else 1) * SCALE + rng.randrange(SCALE // 4) for side in (1, -1))
    bids = [value for level in range(10) for value in ((middle - 1 - level) * TICK, bid)]
    asks = [value for level in range(10) for value in ((middle + level) * TICK, ask)]
    time_ns = number * STEP_NS
    return BookChanged(time_ns, "BTCUSDT", time_ns, number, True, tuple(bids), tuple(asks))


@dataclass
class TouchReplays:
    """`Replays` on generated tapes: the arguments of `planted_books` of each. A latency of n ms costs n / 100 bp."""

    tapes: Sequence[tuple[float, int, int]]
    _books: list[list[BookChanged]] = field(init=False)

    def __post_init__(self) -> None:
        self._books = [planted_books(*tape) for tape in self.tapes]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Each tape is on a day of its own."""
        return [(day * DAY_NS, day * DAY_NS + len(books) * STEP_NS) for day, books in enumerate(self._books)]

    def run(self, tape: int, variant: Variant, journal: Path | None = None) -> TapeRun:
        books = self._books[tape]
        signal = CountedSignal(variant.signal.applied(RatioSignal(variant.settings)))
        trips, opened = [], None
        for book in books:
            side = signal.update(book)
            if opened is not None:
                reason = _exit_reason(*opened, book, variant.settings)
                if reason:
                    trips.append(_trip(*opened, book, reason, variant))
                    opened = None
            elif side is not None:
                opened = side, book
        if journal:
            journal.write_text(f"{len(trips)}\n", encoding="utf-8")
        return TapeRun(
            trades=TapeTrades(tuple(trips), (), len(books) * STEP_NS),
            updates=len(books),
            usable_books=signal.books,
            signals=signal.wanted,
            entries=len(trips),
            refused={"cooldown": 1},
            decisions_sha256=f"{tape} {variant.signal.kind} {len(trips)}",
            journal_head="ab" if journal else "",
        )


def _touch(book: BookChanged, side: Side) -> int:
    """The price at which an order of this side trades at once."""
    return (book.asks if side is Side.BUY else book.bids)[0]


def _exit_reason(side: Side, entry: BookChanged, book: BookChanged, settings: ImbalanceSettings) -> ExitReason | None:
    paid, now = _touch(entry, side), _touch(book, side.opposite)
    moved = side.sign * (now - paid) * BPS * SCALE // paid
    if moved >= settings.target_bps:
        return ExitReason.TARGET
    if moved <= -settings.stop_bps:
        return ExitReason.STOP
    return ExitReason.TIME if book.time_ns - entry.time_ns >= settings.hold_ms * 1_000_000 else None


def _trip(side: Side, entry: BookChanged, book: BookChanged, reason: ExitReason, variant: Variant) -> RoundTrip:
    quantity = SCALE // 6
    paid, received = (product(price, quantity) for price in (_touch(entry, side), _touch(book, side.opposite)))
    received -= side.sign * round(paid * median_ms(variant.latency) / 100 / BPS)
    return RoundTrip(
        symbol="BTCUSDT",
        side=side,
        quantity=quantity,
        entry_ns=entry.time_ns,
        exit_ns=book.time_ns,
        entry_value=paid,
        exit_value=received,
        fees=(paid + received) * FEE_BPS // BPS,
        funding=0,
        reason=reason,
    )
