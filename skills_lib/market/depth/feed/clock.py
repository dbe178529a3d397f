"""By how much the exchange's clock is ahead of this machine's, asked as NTP asks."""

from collections import deque

_MAX_SAMPLES = 16


class ClockOffset:
    """The offset of the quickest of the last round trips; the truth is within half of that trip."""

    def __init__(self) -> None:
        self._trips: deque[tuple[int, int]] = deque(maxlen=_MAX_SAMPLES)

    def add(self, sent_ns: int, received_ns: int, server_ts_ms: int) -> None:
        """Note one question for the time: both of our times and the answer.

        The server's milliseconds are cut off, not rounded, so half a millisecond is added.
        """
        offset_ns = server_ts_ms * 1_000_000 + 500_000 - (sent_ns + received_ns) // 2
        self._trips.append((received_ns - sent_ns, offset_ns))

    @property
    def offset_ns(self) -> int | None:
        """Exchange time minus local time; None before the first answer."""
        return min(self._trips)[1] if self._trips else None

    @property
    def uncertainty_ns(self) -> int | None:
        """How far `offset_ns` may be off; None before the first answer."""
        return min(self._trips)[0] // 2 if self._trips else None

    def latency_ns(self, exch_ts_ns: int, local_ts_ns: int) -> int:
        """How long a message was under way, by the exchange's clock."""
        return local_ts_ns + (self.offset_ns or 0) - exch_ts_ns
