"""The clock that requests are judged by: this machine's, and every reading of the venue's clock that was handed out.

A tape lives in its own time. A client that signs with its machine's time must be let in, and so must one that has
asked `/time` and signs with the offset it learned. Both are held to the venue's rule: `timestamp < server + 1000` and
`server - timestamp <= recvWindow`.
"""

import time
from dataclasses import dataclass

from live.simulator.core.rejections import Rejection

MAX_AHEAD_MS = 1_000
DEFAULT_WINDOW_MS, MAX_WINDOW_MS = 5_000, 60_000


@dataclass(slots=True)
class RequestClock:
    """Wall time plus whatever a fault has made it jump by, milliseconds."""

    jumped_ms: int = 0
    _min_offset_ms: int | None = None
    _max_offset_ms: int | None = None

    def now_ms(self) -> int:
        """This machine's time as the venue would tell it."""
        return time.time_ns() // 1_000_000 + self.jumped_ms

    def record_reading(self, venue_ms: int) -> int:
        """Remember that a client has been told `venue_ms`, and return it."""
        offset = venue_ms - self.now_ms()
        self._min_offset_ms = offset if self._min_offset_ms is None else min(self._min_offset_ms, offset)
        self._max_offset_ms = offset if self._max_offset_ms is None else max(self._max_offset_ms, offset)
        return venue_ms

    def jump(self, milliseconds: int) -> None:
        """The venue's clock jumps; offsets that were told are worth nothing any more."""
        self.jumped_ms += milliseconds
        self._min_offset_ms = self._max_offset_ms = None

    def check(self, timestamp_ms: int, window_ms: int) -> None:
        """Refuse a request from another time.

        Raises:
            Rejection: -1131 for a window that is too long, -1021 outside of it.
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
