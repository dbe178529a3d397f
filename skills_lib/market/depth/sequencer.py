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

No I/O and no clock: decisions depend only on the updates.
"""

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Protocol

from skills_lib.market.depth.model import DepthUpdate, Venue


class UpdateDecision(StrEnum):
    """How to handle an update."""

    APPLY = "apply"
    STALE = "stale"
    GAP = "gap"
    BUFFER = "buffer"


class Sequencer(Protocol):
    """Judges updates in order; `update_id` is the book's, None without a book."""

    update_id: int | None

    def start(self, last_update_id: int) -> None:
        """Restart from a snapshot."""

    def stop(self) -> None:
        """Discard the book state: every update is buffered until `start`."""

    @property
    def following(self) -> bool:
        """Whether an update has been applied since the snapshot, so that only the next in the chain is valid."""

    def follow(self, update_id: int) -> None:
        """Continue from an update that was judged and applied by the compiled path."""

    def judge(self, update: DepthUpdate) -> UpdateDecision:
        """How to handle `update`; after APPLY the book is at its `final_update_id`."""


class _Sequencer(ABC):
    """Behaviour shared by both venues: without a snapshot every update is buffered (U2, S2)."""

    def __init__(self) -> None:
        self.update_id: int | None = None
        self._first = True

    def start(self, last_update_id: int) -> None:
        """Restart from a snapshot (U3, S6)."""
        self.update_id, self._first = last_update_id, True

    def stop(self) -> None:
        """Discard the book state: every update is buffered until `start`."""
        self.update_id = None

    @property
    def following(self) -> bool:
        """Whether an update has been applied since the snapshot."""
        return self.update_id is not None and not self._first

    def follow(self, update_id: int) -> None:
        """Continue from an update that was judged and applied by the compiled path."""
        self.update_id, self._first = update_id, False

    def judge(self, update: DepthUpdate) -> UpdateDecision:
        """How to handle `update`."""
        if self.update_id is None:
            return UpdateDecision.BUFFER
        decision = self._judge(update, self.update_id)
        if decision is UpdateDecision.APPLY:
            self.update_id, self._first = update.final_update_id, False
        elif decision is UpdateDecision.GAP:
            self.update_id = None
        return decision

    @abstractmethod
    def _judge(self, update: DepthUpdate, update_id: int) -> UpdateDecision:
        """The venue's rules for a book at `update_id`."""


class UsdmSequencer(_Sequencer):
    """USD-M futures: updates are chained by `pu`."""

    def _judge(self, update: DepthUpdate, update_id: int) -> UpdateDecision:
        first, final, previous = update.first_update_id, update.final_update_id, update.previous_update_id
        if previous is None or not previous < first <= final:
            return UpdateDecision.GAP
        if self._first:
            return self._judge_first(final, previous, update_id)
        if previous == update_id:  # U6
            return UpdateDecision.APPLY
        return UpdateDecision.STALE if final <= update_id else UpdateDecision.GAP

    def _judge_first(self, final: int, previous: int, last_update_id: int) -> UpdateDecision:
        if final < last_update_id:  # U4
            return UpdateDecision.STALE
        # U5 requires U <= lastUpdateId. Ids between pu and U belong to other symbols, so a snapshot taken there holds
        # all of the event before and nothing of this one; an inactive market always produces this case.
        return UpdateDecision.APPLY if previous <= last_update_id else UpdateDecision.GAP


class SpotSequencer(_Sequencer):
    """Spot: updates are chained by U = u + 1."""

    def _judge(self, update: DepthUpdate, update_id: int) -> UpdateDecision:
        first, final = update.first_update_id, update.final_update_id
        if first > final:
            return UpdateDecision.GAP
        if final <= update_id:  # S5, S7: u equal to the book's changes nothing
            return UpdateDecision.STALE
        return UpdateDecision.APPLY if first <= update_id + 1 else UpdateDecision.GAP  # S7


def sequencer_for(venue: Venue) -> Sequencer:
    """A new sequencer for the venue."""
    return UsdmSequencer() if venue is Venue.USDM else SpotSequencer()
