"""Snapshots of the books of some time ago, for a fault that answers an old one."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.tape_book import TapeBook

EVERY_MS = 1_000
LEVELS = 1_000


@dataclass(frozen=True, slots=True)
class PastBook:
    """A book as it was, with prices and quantities as text."""

    update_id: int
    event_ms: int
    updated_ms: int
    bids: list[list[str]]
    asks: list[list[str]]

    def limited(self, limit: int) -> dict[str, Any]:
        """The response of `GET /depth`."""
        sides = {"bids": self.bids[:limit], "asks": self.asks[:limit]}
        return {"lastUpdateId": self.update_id, "E": self.event_ms, "T": self.updated_ms} | sides


@dataclass(slots=True)
class PastBooks:
    """Keeps a book a second, for as long as the plan's oldest snapshot needs; none if `max_age_ms` is 0."""

    max_age_ms: int = 0
    _kept: dict[str, deque[PastBook]] = field(default_factory=dict)

    def record(self, rules: SymbolRules, book: TapeBook, updated_ms: int, now_ms: int) -> None:
        """Keep the book as it is, unless one was kept less than a second ago."""
        if not self.max_age_ms:
            return
        kept = self._kept.setdefault(rules.symbol, deque(maxlen=self.max_age_ms // EVERY_MS + 2))
        if kept and now_ms - kept[-1].event_ms < EVERY_MS:
            return
        bids, asks = ([[rules.price_text(p), rules.quantity_text(q)] for p, q in side] for side in book.top(LEVELS))
        kept.append(PastBook(book.local.book.update_id or 0, now_ms, updated_ms, bids, asks))

    def at(self, symbol: str, time_ms: int) -> PastBook | None:
        """The newest book of that time or before; the oldest kept if there is none."""
        kept = self._kept.get(symbol)
        if not kept:
            return None
        return next((book for book in reversed(kept) if book.event_ms <= time_ms), kept[0])
