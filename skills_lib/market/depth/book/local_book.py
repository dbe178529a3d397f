"""Follows a depth stream: combines decoder, sequencer and book, and tracks whether the book is in sync."""

from collections import deque
from enum import StrEnum

from skills_lib.market.depth.book.order_book import OrderBook
from skills_lib.market.depth.book.view import BookView, WritableBook
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Venue, WireError
from skills_lib.market.depth.scale import Scale
from skills_lib.market.depth.sequencer import UpdateDecision, sequencer_for
from skills_lib.market.depth.wire import decode

MAX_BUFFERED = 10_000
"""Maximum updates buffered while waiting for a snapshot: more than 15 minutes at 100 ms."""

IMBALANCE_LEVELS = 5


class Sync(StrEnum):
    """Whether the book matches the venue's."""

    WAITING = "waiting for a snapshot"
    IN_SYNC = "in sync"
    OUT_OF_SYNC = "out of sync"


class LocalBook:
    """Follows the diff stream of one symbol.

    While `in_sync`, `book` equals the venue's book after update `book.update_id`. Otherwise do not use it:
    `reason` says why, and `load` with a newer snapshot restores it.
    """

    def __init__(self, symbol: str, venue: Venue, scale: Scale | None = None) -> None:
        self.symbol, self.venue = symbol, venue
        self._book = self._new_book(scale)
        self.sync = Sync.WAITING
        self.reason = "no snapshot has been loaded"
        self.gaps = 0
        self.sequencer = sequencer_for(venue)
        self._exch_ts_ns: int | None = None
        self._buffered: deque[DepthUpdate] = deque(maxlen=MAX_BUFFERED)

    @property
    def book(self) -> BookView:
        """The book; valid only while `in_sync`."""
        return self._book

    @property
    def in_sync(self) -> bool:
        """Whether `book` equals the venue's after update `book.update_id`."""
        return self.sync is Sync.IN_SYNC

    @property
    def imbalance(self) -> float | None:
        """Imbalance of the best IMBALANCE_LEVELS levels, -1 to 1; None for an empty book."""
        return self.book.imbalance(IMBALANCE_LEVELS)

    @property
    def exch_ts_ns(self) -> int | None:
        """Exchange time of the last write to the book; None if not sent (spot snapshots)."""
        return self._exch_ts_ns

    def receive_raw(self, raw: bytes) -> UpdateDecision:
        """Decode and process one message of the diff stream.

        Raises:
            WireError: not a depth update; the book is unchanged.
        """
        update = decode(raw)
        if not isinstance(update, DepthUpdate):
            raise WireError(f"A {type(update).__name__} is not a depth update. Decode it with wire.decode.")
        return self.receive(update)

    def receive(self, update: DepthUpdate) -> UpdateDecision:
        """Process one update: apply it, drop it as stale, buffer it, or mark the book out of sync.

        Raises:
            WireError: the update is for another symbol; the book is unchanged.
        """
        if update.symbol != self.symbol:
            raise WireError(f"Update for {update.symbol} received by the book of {self.symbol}. Check the stream.")
        decision = self.sequencer.judge(update)
        if decision is UpdateDecision.APPLY:
            return self._apply(update)
        if decision is UpdateDecision.GAP:
            self._invalidate(f"update {update.final_update_id} does not follow {self.book.update_id}")
        if decision is not UpdateDecision.STALE:
            self._buffered.append(update)
        return decision

    def load(self, snapshot: Snapshot) -> UpdateDecision:
        """Load a snapshot and apply the buffered updates. Returns STALE, unchanged, if the book is in sync.

        Returns GAP if the snapshot does not connect to the buffered updates: fetch another.

        Raises:
            WireError: a level is malformed; the book is unchanged.
        """
        if self.in_sync:
            return UpdateDecision.STALE
        self._write_snapshot(snapshot)
        self._exch_ts_ns = snapshot.exch_ts_ns
        self.sequencer.start(snapshot.last_update_id)
        self.sync, self.reason = Sync.IN_SYNC, ""
        waiting, self._buffered = self._buffered, deque(maxlen=MAX_BUFFERED)
        for update in waiting:
            self.receive(update)
        return UpdateDecision.APPLY if self.in_sync else UpdateDecision.GAP

    def invalidate(self, reason: str) -> None:
        """Mark the book out of sync, e.g. after a disconnect. Later updates are buffered."""
        self._buffered.clear()
        self._invalidate(reason)

    def _new_book(self, scale: Scale | None) -> WritableBook:
        return OrderBook(self.symbol, scale)

    def _apply(self, update: DepthUpdate) -> UpdateDecision:
        try:
            self._write_update(update)
        except WireError as error:
            self._invalidate(str(error))
            return UpdateDecision.GAP
        self._exch_ts_ns = update.exch_ts_ns
        return UpdateDecision.APPLY

    def _write_snapshot(self, snapshot: Snapshot) -> None:
        self._book.load(snapshot.bids, snapshot.asks, snapshot.last_update_id)

    def _write_update(self, update: DepthUpdate) -> None:
        self._book.apply(update.bids, update.asks, update.final_update_id)

    def _invalidate(self, reason: str) -> None:
        self.sequencer.stop()
        self.sync, self.reason = Sync.OUT_OF_SYNC, reason
        self.gaps += 1
