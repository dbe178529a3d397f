"""Compiled path: parses depth messages from bytes into the book in one to two microseconds.

It parses the format Binance writes. Any other message (other keys, an exponent, a price outside the window, too many
levels) takes the general path of `LocalBook` into the same book.
"""

from typing import TYPE_CHECKING, Any

from skills_lib.market.depth.book.local_book import IMBALANCE_LEVELS, LocalBook
from skills_lib.market.depth.causes import Cause
from skills_lib.market.depth.model import MS_TO_NS, DepthUpdate, Snapshot
from skills_lib.market.depth.scale import Scale
from skills_lib.market.depth.sequencer import UpdateDecision

if TYPE_CHECKING:
    from skills_lib.market.depth.book.compiled_book import CompiledBook

_APPLY = UpdateDecision.APPLY


class CompiledLocalBook(LocalBook):
    """`LocalBook` with a compiled path for the common message; same decisions and levels."""

    _book: "CompiledBook"
    _consume: Any
    _imbalance: float | None

    def receive_raw(self, raw: bytes) -> UpdateDecision:
        """Process one message of the diff stream.

        Raises:
            WireError: as `LocalBook.receive_raw`.
        """
        return self.receive_found(raw, self._consume(raw, self._book.address))

    @property
    def address(self) -> int:
        """Where compiled code finds the book, until it is loaded or refined."""
        return self._book.address

    def receive_found(self, raw: bytes, found: float) -> UpdateDecision:
        """As `receive_raw`, of a message that compiled code has read, with what it made of it."""
        if found <= 1.0:
            self._imbalance = found
            return _APPLY
        return self._receive_general(raw, found)

    def note_passed(self) -> None:
        """Compiled code has applied updates to the book at `address`."""
        self._imbalance = self._book.imbalance(IMBALANCE_LEVELS)

    @property
    def imbalance(self) -> float | None:
        """Imbalance of the best IMBALANCE_LEVELS levels, -1 to 1; None for an empty book."""
        return self._imbalance

    @property
    def has_both_sides(self) -> bool:
        """As `LocalBook.has_both_sides`; an imbalance other than -1 and 1 says so."""
        imbalance = self._imbalance
        return (imbalance is not None and -1.0 < imbalance < 1.0) or super().has_both_sides

    @property
    def exch_ts_ns(self) -> int | None:
        """Exchange time of the last write to the book; None if not sent."""
        event, transaction = self._book.times_ms
        return (transaction or event) * MS_TO_NS or None

    def receive(self, update: DepthUpdate) -> UpdateDecision:
        """As `LocalBook.receive`."""
        self.sequencer.follow(self._book.take_recent())
        decision = super().receive(update)
        self._refresh_compiled_state()
        return decision

    def load(self, snapshot: Snapshot) -> UpdateDecision:
        """As `LocalBook.load`."""
        decision = super().load(snapshot)
        self._refresh_compiled_state()
        return decision

    def _new_book(self, scale: Scale | None) -> "CompiledBook":
        from skills_lib.market.depth.book.compiled_book import GENERAL, RECENTRE, CompiledBook

        self._general, self._recentre = GENERAL, RECENTRE
        book = CompiledBook(self.symbol, self.venue, scale)
        self._consume = book.consume
        self._imbalance = None
        return book

    def _receive_general(self, raw: bytes, found: float) -> UpdateDecision:
        if found == self._general:
            return super().receive_raw(raw)
        self.sequencer.follow(self._book.take_recent())
        if found == self._recentre:
            self._book.recentre()
        decision = self._require_two_sides()
        self._refresh_compiled_state()
        return decision

    def _refresh_compiled_state(self) -> None:
        self._book.follow(self.in_sync and self.sequencer.following)
        self._imbalance = self._book.imbalance(IMBALANCE_LEVELS)

    def _write_snapshot(self, snapshot: Snapshot) -> None:
        super()._write_snapshot(snapshot)
        self._book.times_ms = snapshot.event_ts_ms or 0, snapshot.transaction_ts_ms or 0

    def _write_update(self, update: DepthUpdate) -> None:
        super()._write_update(update)
        self._book.times_ms = update.event_ts_ms, update.transaction_ts_ms or 0

    def _lose(self, cause: Cause, reason: str) -> None:
        super()._lose(cause, reason)
        self._book.follow(False)
        self._book.take_recent()
