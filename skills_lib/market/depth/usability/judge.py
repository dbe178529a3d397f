"""The one answer to "may this book be used now, and if not, why": from its chain, its streams and the clocks."""

from collections import Counter
from dataclasses import dataclass, field

from skills_lib.market.depth.book.local_book import LocalBook, Sync
from skills_lib.market.depth.causes import Cause, Remedy, Unusable, remedy
from skills_lib.market.depth.usability.clock import ClockOffset
from skills_lib.market.depth.usability.limits import UsabilityLimits
from skills_lib.market.depth.usability.stream_state import FeedStream

QUIET_RESUBSCRIBE_S = 20.0
"""Silence after which a stream is subscribed again though no other stream proves that its market moved."""

_ROUNDING_S = 0.001
"""More than the rounding of a time in seconds."""


@dataclass(slots=True)
class BookJudge:
    """Judges one book.

    `note` is called at least every `max_pause_s` with monotonic time in seconds; `why` at any time.
    """

    book: LocalBook
    depth: FeedStream
    clock: ClockOffset
    limits: UsabilityLimits
    ticker: FeedStream | None = None
    trading: bool = True
    _losses: Counter[Cause] = field(default_factory=Counter)
    _wrong_symbols: int = 0
    _noted_s: float | None = None
    _overdue: bool = False
    _cause: Cause | None = Cause.NO_SNAPSHOT
    _since_s: float = 0.0

    def why(self, now_s: float) -> Unusable | None:
        """Why the book must not be used now; None if it may."""
        return self._of_the_connection(now_s) or self._of_the_book() or self._of_this_machine(now_s) or self._of_age()

    def note(self, now_s: float) -> Unusable | None:
        """As `why`, counting causes that are new."""
        self._overdue = self._is_overdue(now_s)
        found, self._noted_s = self.why(now_s), now_s
        cause = found.cause if found else None
        if cause is not self._cause:
            self._cause, self._since_s = cause, now_s
            if cause is not None and cause is not Cause.DISCONNECTED and found != self._of_a_lost_book():
                self._losses[cause] += 1
        return found

    @property
    def losses(self) -> Counter[Cause]:
        """How often the book became unusable, by cause."""
        return self.book.losses + self._losses

    @property
    def is_steady(self) -> bool:
        """Whether it was last noted as usable, and only the book and pauses between messages can change that."""
        watched = self.ticker is None and self.clock.offset_ns is None and not self.clock.jumped
        usable = self._cause is None and self.book.sync is Sync.IN_SYNC and self.depth.connected and self.trading
        return watched and usable and self._noted_s is not None

    def due_s(self, noted_s: float | None = None) -> float:
        """When it must be noted again at the latest; noted_s: when it was noted, if not as `note` says."""
        return (noted_s or self._noted_s or 0.0) + self.limits.max_pause_s - _ROUNDING_S

    def pass_until(self, now_s: float) -> None:
        """It was noted as usable at each of the messages that were passed, at the last of them now."""
        self._noted_s, self._overdue = now_s, False

    def must_resubscribe(self, now_s: float) -> bool:
        """Whether the book's streams are to be reopened: as last noted, and lasting too long."""
        if (wrong := self.book.losses[Cause.WRONG_SYMBOL]) > self._wrong_symbols:
            self._wrong_symbols = wrong
            return True
        if self._cause is None or remedy(self._cause) is not Remedy.RESUBSCRIBE or self._cause is Cause.DISCONNECTED:
            return False
        after_s = self.limits.resubscribe_after_s
        if self._cause is Cause.SILENT and not self._lags():
            after_s = max(QUIET_RESUBSCRIBE_S, after_s, self.depth.timeout_s(self.limits.silence_s))
        return now_s - self._since_s > after_s

    def _of_the_connection(self, now_s: float) -> Unusable | None:
        if not self.depth.connected:
            return Unusable(Cause.DISCONNECTED, "its stream is not connected")
        if not self.trading:
            return Unusable(Cause.NOT_TRADING, "the venue does not trade the symbol now")
        idle_s = self.depth.idle_s(now_s)
        if idle_s > self.limits.silence_s and idle_s > self.depth.timeout_s(self.limits.silence_s):
            return Unusable(Cause.SILENT, f"its stream is stale: silent for {idle_s:.1f} s")
        return None

    def _of_a_lost_book(self) -> Unusable | None:
        """What the book itself says, and counts."""
        if self.book.sync is Sync.IN_SYNC:
            return None
        return Unusable(self.book.cause or Cause.NO_SNAPSHOT, self.book.reason)

    def _of_the_book(self) -> Unusable | None:
        if lost := self._of_a_lost_book():
            return lost
        if not self.book.has_both_sides:
            return Unusable(Cause.EMPTY_SIDE, "a side of the venue's book is empty")
        return None

    def _of_this_machine(self, now_s: float) -> Unusable | None:
        if self.clock.jumped:
            return Unusable(Cause.CLOCK_JUMP, "this machine's clock was set, and the venue's was not asked since")
        if self._overdue or self._is_overdue(now_s):
            return Unusable(Cause.BACKLOG, "this program was busy, and messages may wait to be read")
        return None

    def _of_age(self) -> Unusable | None:
        if self.clock.offset_ns is not None and (latency_s := self._latency_s()) > self.limits.max_age_s:
            return Unusable(Cause.LATE, f"its last update was {latency_s:.1f} s old when it came")
        if self.ticker is not None and self.book.exch_ts_ns is not None and self._lags():
            return Unusable(Cause.LATE, "its last update is older than that of bookTicker")
        return None

    def _latency_s(self) -> float:
        """The least age that the last update had on arrival, given the error of the clock offset; 0 if unknown."""
        exch_ts_ns, local_ts_ns = self.book.exch_ts_ns, self.depth.local_ts_ns
        offset_ns, error_ns = self.clock.offset_ns, self.clock.uncertainty_ns
        if exch_ts_ns is None or local_ts_ns is None or offset_ns is None or error_ns is None:
            return 0.0
        return (local_ts_ns + offset_ns - error_ns - exch_ts_ns) / 1e9

    def _lags(self) -> bool:
        """Whether the ticker shows that the market moved on: no clock is needed for it."""
        if self.ticker is None or not self.ticker.exch_ts_ns:
            return False
        return self.ticker.exch_ts_ns - (self.book.exch_ts_ns or 0) > self.limits.max_age_s * 1e9

    def _is_overdue(self, now_s: float) -> bool:
        return self._noted_s is not None and now_s - self._noted_s > self.limits.max_pause_s
