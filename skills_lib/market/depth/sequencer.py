"""Decides which depth updates to apply, following Binance's steps for USD-M futures and spot.

USD-M, "How to manage a local order book correctly"
(developers.binance.com, derivatives/usds-margined-futures/websocket-market-streams):

    U1  Open a stream to wss://fstream.binance.com/stream?streams=btcusdt@depth.
    U2  Buffer the events you receive from the stream. For same price, latest received update covers the previous one.
    U3  Get a depth snapshot from https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=1000.
    U4  Drop any event where u is < lastUpdateId in the snapshot.
    U5  The first processed event should have U <= lastUpdateId AND u >= lastUpdateId.
    U6  While listening to the stream, each new event's pu should be equal to the previous event's u, otherwise
        initialize the process from step 3.
    U7  The data in each event is the absolute quantity for a price level.
    U8  If the quantity is 0, remove the price level.
    U9  Receiving an event that removes a price level that is not in your local order book can happen and is normal.

Spot, the page of the same name (binance-spot-api-docs, web-socket-streams.md):

    S1  Open a WebSocket connection to wss://stream.binance.com:9443/ws/bnbbtc@depth.
    S2  Buffer the events received from the stream. Note the U of the first event you received.
    S3  Get a depth snapshot from https://api.binance.com/api/v3/depth?symbol=BNBBTC&limit=5000.
    S4  If the lastUpdateId from the snapshot is strictly less than the U from step 2, go back to step 3.
    S5  In the buffered events, discard any event where u is <= lastUpdateId of the snapshot. The first buffered event
        should now have lastUpdateId within its [U;u] range.
    S6  Set your local order book to the snapshot. Its update ID is lastUpdateId.
    S7  Apply the update procedure to all buffered events, and then to all subsequent ones received: if u is less than
        the update ID of your local order book, ignore the event; if U is greater than the update ID + 1, you have
        missed some events, discard your local order book and restart from the beginning; normally U of the next event
        is equal to u + 1 of the previous event.

Beyond those steps, an update that follows neither the one before it nor repeats one that was seen is a break, in
whichever direction its ids differ: ids that start anew are not repeats (docs/decisions/0022). A repeat has the same
U, u and pu as one of the last MAX_REMEMBERED updates.

No I/O and no clock: decisions depend only on the updates.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Protocol

from skills_lib.market.depth.model import DepthUpdate, Venue

MAX_REMEMBERED = 256
"""Updates among which a repeat is recognised: 25 seconds at 100 ms."""


class UpdateDecision(StrEnum):
    """How to handle an update. STALE: it changes nothing. GAP: the chain is broken, and the update begins a new one."""

    APPLY = "apply"
    STALE = "stale"
    GAP = "gap"
    BUFFER = "buffer"


class UpdateIds(NamedTuple):
    """What identifies an update: U, u and pu (None on spot)."""

    first: int
    final: int
    previous: int | None

    @classmethod
    def of(cls, update: DepthUpdate) -> "UpdateIds":
        """The ids of an update."""
        return cls(update.first_update_id, update.final_update_id, update.previous_update_id)


class Sequencer(Protocol):
    """Judges updates in order; `update_id` is the book's, None without a book.

    breaks: updates that neither followed the one before nor repeated one. repeats: updates that came again.
    """

    update_id: int | None
    breaks: int
    repeats: int

    def start(self, last_update_id: int, waiting: Iterable[UpdateIds] = ()) -> None:
        """Restart from a snapshot; the buffered updates `waiting` are judged again."""

    def stop(self) -> None:
        """Discard the book state: every update is buffered until `start`."""

    def forget(self) -> None:
        """Forget the chain too: the next update may begin anywhere."""

    @property
    def chained(self) -> bool:
        """Whether the last update judged can be followed: its ids were possible."""

    @property
    def following(self) -> bool:
        """Whether an update has been applied since the snapshot, so that only the next in the chain is valid."""

    def follow(self, applied: Iterable[UpdateIds]) -> None:
        """Continue from updates that were judged and applied by the compiled path."""

    def judge(self, update: DepthUpdate) -> UpdateDecision:
        """How to handle `update`; after APPLY the book is at its `final_update_id`."""


class _Sequencer(ABC):
    """Behaviour shared by both venues: without a snapshot every update is buffered (U2, S2)."""

    def __init__(self) -> None:
        self.update_id: int | None = None
        self.breaks = self.repeats = 0
        self._first = True
        self._last: UpdateIds | None = None
        self._seen: deque[UpdateIds] = deque(maxlen=MAX_REMEMBERED)

    def start(self, last_update_id: int, waiting: Iterable[UpdateIds] = ()) -> None:
        """Restart from a snapshot (U3, S6); the buffered updates `waiting` are judged again."""
        again = set(waiting)
        self._seen = deque((ids for ids in self._seen if ids not in again), MAX_REMEMBERED)
        self.update_id, self._first, self._last = last_update_id, True, None

    def stop(self) -> None:
        """Discard the book state: every update is buffered until `start`."""
        self.update_id = None

    def forget(self) -> None:
        """Forget the chain too: the next update may begin anywhere."""
        self.update_id = self._last = None

    @property
    def chained(self) -> bool:
        """Whether the last update judged can be followed: its ids were possible."""
        return self._last is not None

    @property
    def following(self) -> bool:
        """Whether an update has been applied since the snapshot."""
        return self.update_id is not None and not self._first

    def follow(self, applied: Iterable[UpdateIds]) -> None:
        """Continue from updates that were judged and applied by the compiled path."""
        for ids in applied:
            self._remember(ids)
            self.update_id, self._first = ids.final, False

    def judge(self, update: DepthUpdate) -> UpdateDecision:
        """How to handle `update`."""
        ids = UpdateIds.of(update)
        if not self._is_sound(ids):
            return self._break(None)
        if self._last is None or not self._follows(ids, self._last):
            if ids in self._seen:
                self.repeats += 1
                return UpdateDecision.STALE
            if self._last is not None:
                return self._break(ids)
        self._remember(ids)
        if self.update_id is None:
            return UpdateDecision.BUFFER
        decision = self._judge(ids, self.update_id)
        if decision is UpdateDecision.APPLY:
            self.update_id, self._first = ids.final, False
        elif decision is UpdateDecision.GAP:
            self.update_id = None
        return decision

    def _remember(self, ids: UpdateIds) -> None:
        self._last = ids
        self._seen.append(ids)

    def _break(self, begins: UpdateIds | None) -> UpdateDecision:
        """The chain ends here, and a new one begins with `begins`."""
        self.breaks += 1
        self.forget()
        if begins is not None:
            self._remember(begins)
        return UpdateDecision.GAP

    @abstractmethod
    def _is_sound(self, ids: UpdateIds) -> bool:
        """Whether the ids are of this venue and in order."""

    @abstractmethod
    def _follows(self, ids: UpdateIds, last: UpdateIds) -> bool:
        """Whether an update is the next in the chain."""

    @abstractmethod
    def _judge(self, ids: UpdateIds, update_id: int) -> UpdateDecision:
        """The venue's rules for the next update of the chain, and a book at `update_id`."""


class UsdmSequencer(_Sequencer):
    """USD-M futures: updates are chained by `pu`."""

    def _is_sound(self, ids: UpdateIds) -> bool:
        return ids.previous is not None and ids.previous < ids.first <= ids.final

    def _follows(self, ids: UpdateIds, last: UpdateIds) -> bool:
        return ids.previous == last.final  # U6

    def _judge(self, ids: UpdateIds, update_id: int) -> UpdateDecision:
        assert ids.previous is not None
        if not self._first:
            return UpdateDecision.APPLY if ids.previous == update_id else UpdateDecision.GAP
        if ids.final < update_id:  # U4
            return UpdateDecision.STALE
        # U5 requires U <= lastUpdateId. Ids between pu and U belong to other symbols, so a snapshot taken there holds
        # all of the event before and nothing of this one; an inactive market always produces this case.
        return UpdateDecision.APPLY if ids.previous <= update_id else UpdateDecision.GAP


class SpotSequencer(_Sequencer):
    """Spot: updates are chained by U = u + 1."""

    def _is_sound(self, ids: UpdateIds) -> bool:
        return ids.first <= ids.final

    def _follows(self, ids: UpdateIds, last: UpdateIds) -> bool:
        return ids.first == last.final + 1

    def _judge(self, ids: UpdateIds, update_id: int) -> UpdateDecision:
        if ids.final <= update_id:  # S5, S7: u equal to the book's changes nothing
            return UpdateDecision.STALE
        return UpdateDecision.APPLY if ids.first <= update_id + 1 else UpdateDecision.GAP  # S7


def sequencer_for(venue: Venue) -> Sequencer:
    """A new sequencer for the venue."""
    return UsdmSequencer() if venue is Venue.USDM else SpotSequencer()
