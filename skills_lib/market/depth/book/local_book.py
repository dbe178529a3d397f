"""A book that follows a stream: decoder, sequencer and book in one, and the truth about whether it can be believed."""

from collections import deque
from enum import StrEnum

from skills_lib.market.depth.book.order_book import OrderBook
from skills_lib.market.depth.book.view import BookView, WritableBook
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Venue, WireError
from skills_lib.market.depth.scale import Scale
from skills_lib.market.depth.sequencer import UpdateDecision, sequencer_for
from skills_lib.market.depth.wire import decode

MAX_BUFFERED = 10_000
"""Updates kept while a snapshot is awaited: more than a quarter of an hour at 100 ms."""

IMBALANCE_LEVELS = 5


class Sync(StrEnum):
    """Whether the book is the venue's."""

    WAITING = "waiting for a snapshot"
    IN_SYNC = "in sync"
    OUT_OF_SYNC = "out of sync"


class LocalBook:
    """Follows the diff stream of one symbol.

    While `in_sync`, `book` equals the venue's book after update `book.update_id`. Otherwise it must not be used:
    `reason` says why, and `load` with a newer snapshot mends it.
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
        """The book; believe it only while `in_sync`."""
        return self._book

    @property
    def in_sync(self) -> bool:
        """Whether `book` is the venue's after update `book.update_id`."""
        return self.sync is Sync.IN_SYNC

    @property
    def imbalance(self) -> float | None:
        """Imbalance of the best IMBALANCE_LEVELS levels, -1 to 1; None for an empty book."""
        return self.book.imbalance(IMBALANCE_LEVELS)

    @property
    def exch_ts_ns(self) -> int | None:
        """The exchange's time of what was last written to the book; None where it does not say (spot's snapshot)."""
        return self._exch_ts_ns

    def receive_raw(self, raw: bytes) -> UpdateDecision:
        """Decode and take one message of the diff stream.

        Raises:
            WireError: it is no depth update; the book stays as it was.
        """
        update = decode(raw)
        if not isinstance(update, DepthUpdate):
            raise WireError(f"A {type(update).__name__} is no depth update. Read it with wire.decode.")
        return self.receive(update)

    def receive(self, update: DepthUpdate) -> UpdateDecision:
        """Take one update: apply it, drop it as stale, keep it for the snapshot, or declare the book lost.

        Raises:
            WireError: it is of another symbol; the book stays as it was.
        """
        if update.symbol != self.symbol:
            raise WireError(f"An update of {update.symbol} came to the book of {self.symbol}. Check the stream.")
        decision = self.sequencer.judge(update)
        if decision is UpdateDecision.APPLY:
            return self._apply(update)
        if decision is UpdateDecision.GAP:
            self._invalidate(f"update {update.final_update_id} does not follow {self.book.update_id}")
        if decision is not UpdateDecision.STALE:
            self._buffered.append(update)
        return decision

    def load(self, snapshot: Snapshot) -> UpdateDecision:
        """Take a snapshot and what was buffered since. A book in sync is kept: STALE.

        GAP means that the snapshot does not meet the buffered updates: fetch another.

        Raises:
            WireError: a level is malformed; the book stays as it was.
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
        """Declare the book lost: a connection broke, a stream fell silent. Later updates are buffered."""
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
