"""Checks request timestamps against the clients' clock and against the tape times returned by `/time`.

A tape has its own time, so clients at the sockets may sign with this machine's time or with the offset they learned
from `/time`. In virtual time both are the same clock.
Binance's rule applies to both: `timestamp < server + 1000` and `server - timestamp <= recvWindow`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from live.simulator.core.rejections import Rejection

MAX_AHEAD_MS = 1_000
DEFAULT_WINDOW_MS, MAX_WINDOW_MS = 5_000, 60_000


@dataclass(slots=True)
class RequestClock:
    """The clients' clock plus the jumps of faults, in milliseconds.

    source: the one clock of everything measured in the clients' time, in nanoseconds: the wall clock at the sockets,
    the venue's time in process.
    """

    source: Callable[[], int]
    jumped_ms: int = 0
    _min_offset_ms: int | None = None
    _max_offset_ms: int | None = None

    def now_ms(self) -> int:
        """The clock plus jumps, in milliseconds."""
        return self.source() // 1_000_000 + self.jumped_ms

    def record_reading(self, venue_ms: int) -> int:
        """Record that a client has read the time `venue_ms`, and return it."""
        offset = venue_ms - self.now_ms()
        self._min_offset_ms = offset if self._min_offset_ms is None else min(self._min_offset_ms, offset)
        self._max_offset_ms = offset if self._max_offset_ms is None else max(self._max_offset_ms, offset)
        return venue_ms

    def jump(self, milliseconds: int) -> None:
        """Let the clock jump; offsets from earlier readings become invalid."""
        self.jumped_ms += milliseconds
        self._min_offset_ms = self._max_offset_ms = None

    def check(self, timestamp_ms: int, window_ms: int) -> None:
        """Check a request's timestamp.

        Raises:
            Rejection: -1131 for an invalid window, -1021 for a timestamp outside it.
        """
        if not 0 < window_ms <= MAX_WINDOW_MS:
            raise Rejection(-1131, "recvWindow must be less than 60000")
        now, low, high = self.now_ms(), self._min_offset_ms, self._max_offset_ms
        if _within(timestamp_ms, now, now, window_ms):
            return
        if low is not None and high is not None and _within(timestamp_ms, now + low, now + high, window_ms):
            return
        if timestamp_ms >= now + MAX_AHEAD_MS:
            raise Rejection(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        raise Rejection(-1021, "Timestamp for this request is outside of the recvWindow.")


def _within(timestamp_ms: int, earliest_ms: int, latest_ms: int, window_ms: int) -> bool:
    return earliest_ms - window_ms <= timestamp_ms < latest_ms + MAX_AHEAD_MS
