"""Follows a depth stream: combines decoder, sequencer and book, and tracks whether the book is in sync."""

from collections import Counter, deque
from contextlib import suppress
from enum import StrEnum

from skills_lib.market.depth.book.order_book import OrderBook
from skills_lib.market.depth.book.view import BookView, WritableBook
from skills_lib.market.depth.causes import Cause
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Venue, WireError
from skills_lib.market.depth.scale import Scale
from skills_lib.market.depth.sequencer import UpdateDecision, UpdateIds, sequencer_for
from skills_lib.market.depth.wire import decode

MAX_BUFFERED = 10_000
"""Maximum updates buffered while waiting for a snapshot: more than 15 minutes at 100 ms."""

MAX_BEHIND = 50
"""Maximum updates after a snapshot without a time that are dropped as older than it: five seconds at 100 ms."""

IMBALANCE_LEVELS = 5

_MAX_SNAPSHOT_TIME_ERROR_MS = 1_000


class Sync(StrEnum):
    """Whether the book matches the venue's."""

    WAITING = "waiting for a snapshot"
    IN_SYNC = "in sync"
    OUT_OF_SYNC = "out of sync"


class WrongSymbolError(WireError):
    """An update of another symbol arrived on the stream of this book."""


class LocalBook:
    """Follows the diff stream of one symbol.

    While `in_sync`, `book` equals the venue's book after update `book.update_id`, as far as the stream can tell.
    Otherwise do not use it: `cause` and `reason` say why, and `load` with a newer snapshot restores it.
    """

    def __init__(self, symbol: str, venue: Venue, scale: Scale | None = None) -> None:
        self.symbol, self.venue = symbol, venue
        self._book = self._new_book(scale)
        self.sync = Sync.WAITING
        self.cause: Cause | None = Cause.NO_SNAPSHOT
        self.reason = "no snapshot has been loaded"
        self.losses: Counter[Cause] = Counter()
        self.sequencer = sequencer_for(venue)
        self._exch_ts_ns: int | None = None
        self._snapshot_ts_ms: int | None = None
        self._behind = 0
        self._one_sided = False
        self._held: Snapshot | None = None
        self._buffered: deque[DepthUpdate] = deque(maxlen=MAX_BUFFERED)

    @property
    def book(self) -> BookView:
        """The book; valid only while `in_sync`."""
        return self._book

    @property
    def gaps(self) -> int:
        """How often the book went out of sync, for any cause; `losses` counts them by cause."""
        return self.losses.total()

    @property
    def in_sync(self) -> bool:
        """Whether `book` equals the venue's after update `book.update_id`."""
        return self.sync is Sync.IN_SYNC

    @property
    def has_both_sides(self) -> bool:
        """Whether the book has bids and asks."""
        return all(self._book.levels)

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
            WrongSymbolError: the update is for another symbol; the book is unchanged.
        """
        if update.symbol != self.symbol:
            raise WrongSymbolError(
                f"Update for {update.symbol} received by the book of {self.symbol}. Check the stream."
            )
        decision = self.sequencer.judge(update)
        if decision is UpdateDecision.APPLY:
            return self._apply(update)
        if decision is UpdateDecision.STALE:
            return self._drop(update)
        if decision is UpdateDecision.GAP:
            self._lose(Cause.CHAIN_BREAK, f"update {update.final_update_id} does not follow {self.book.update_id}")
        if self.sequencer.chained:
            self._buffered.append(update)
        self._load_held()
        return decision

    def load(self, snapshot: Snapshot) -> UpdateDecision:
        """Load a snapshot and apply the buffered updates.

        Returns STALE, unchanged, if the book is in sync; it is then held, and loaded if the next updates continue it
        and not the book: so does a tape where a recorder began again.
        Returns GAP if the snapshot does not connect to the buffered updates, or is crossed: fetch another.

        Raises:
            WireError: a level is malformed; the book is unchanged.
        """
        if self.in_sync:
            self._held = snapshot
            return UpdateDecision.STALE
        self._held = None
        self._write_snapshot(snapshot)
        if self._book.crossed:
            self._refuse_snapshot(snapshot)
            return UpdateDecision.GAP
        self._exch_ts_ns, self._snapshot_ts_ms = snapshot.exch_ts_ns, snapshot.transaction_ts_ms
        self._one_sided = not all(self._book.levels)
        waiting, self._buffered = self._buffered, deque(maxlen=MAX_BUFFERED)
        self.sequencer.start(snapshot.last_update_id, map(UpdateIds.of, waiting))
        self._behind = -len(waiting)
        self.sync, self.cause, self.reason = Sync.IN_SYNC, None, ""
        for update in waiting:
            self.receive(update)
        self._behind = 0
        return UpdateDecision.APPLY if self.in_sync else UpdateDecision.GAP

    def invalidate(self, reason: str, cause: Cause = Cause.DISCONNECTED) -> None:
        """Mark the book out of sync, e.g. after a disconnect. Later updates are buffered and may begin anywhere."""
        self._lose(cause, reason)
        self.sequencer.forget()

    def _new_book(self, scale: Scale | None) -> WritableBook:
        return OrderBook(self.symbol, scale)

    def _apply(self, update: DepthUpdate) -> UpdateDecision:
        try:
            self._write_update(update)
        except WireError as error:
            self._lose(Cause.MALFORMED, str(error))
            return UpdateDecision.GAP
        self._exch_ts_ns = update.exch_ts_ns
        return self._require_two_sides()

    def _require_two_sides(self) -> UpdateDecision:
        """A crossed book, or one that lost a side, is not the venue's. A snapshot may have shown an empty side."""
        _, bid, _, ask, _ = self._book.best_prices()
        if bid and ask and bid < ask:
            return UpdateDecision.APPLY
        if bid and ask:
            self._lose(Cause.CROSSED, f"the best bid is not below the best ask after update {self.book.update_id}")
            return UpdateDecision.GAP
        if self._one_sided:
            return UpdateDecision.APPLY
        self._lose(Cause.EMPTY_SIDE, f"update {self.book.update_id} left no {'asks' if bid else 'bids'}")
        return UpdateDecision.GAP

    def _drop(self, update: DepthUpdate) -> UpdateDecision:
        """Drop a repeat, or an update older than the snapshot; one that must be newer says that the snapshot lies."""
        if self.sequencer.following or not self.in_sync:
            return UpdateDecision.STALE
        self._behind += 1
        taken_ms, update_ms = self._snapshot_ts_ms, update.transaction_ts_ms
        if taken_ms is None or update_ms is None:
            contradicted = self._behind > MAX_BEHIND
        else:
            contradicted = update_ms > taken_ms + _MAX_SNAPSHOT_TIME_ERROR_MS
        if not contradicted:
            return UpdateDecision.STALE
        self._lose(Cause.STALE_SNAPSHOT, f"later updates have lower ids than the snapshot, {self.book.update_id}")
        self._buffered.append(update)
        return UpdateDecision.GAP

    def _load_held(self) -> None:
        """Load a snapshot that came while the book was in sync, if the update that broke the chain continues it."""
        held, self._held = self._held, None
        if held is None or not self._buffered:
            return
        update = self._buffered[0]
        begins = update.first_update_id if update.previous_update_id is None else update.previous_update_id + 1
        if begins - 1 <= held.last_update_id <= update.final_update_id:
            with suppress(WireError):
                self.load(held)

    def _refuse_snapshot(self, snapshot: Snapshot) -> None:
        self.sync, self.cause = Sync.OUT_OF_SYNC, Cause.CROSSED
        self.losses[Cause.CROSSED] += 1
        self.reason = f"the snapshot of update {snapshot.last_update_id} is crossed"

    def _write_snapshot(self, snapshot: Snapshot) -> None:
        self._book.load(snapshot.bids, snapshot.asks, snapshot.last_update_id)

    def _write_update(self, update: DepthUpdate) -> None:
        self._book.apply(update.bids, update.asks, update.final_update_id)

    def _lose(self, cause: Cause, reason: str) -> None:
        self._buffered.clear()
        self.sequencer.stop()
        self.sync, self.cause, self.reason = Sync.OUT_OF_SYNC, cause, reason
        self.losses[cause] += 1
