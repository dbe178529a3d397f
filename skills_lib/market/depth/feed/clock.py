"""Estimates the offset between the exchange's and the local clock, as NTP does."""

from collections import deque

_MAX_SAMPLES = 16


class ClockOffset:
    """Clock offset from the fastest recent round trip; accurate to half that round trip."""

    def __init__(self) -> None:
        self._trips: deque[tuple[int, int]] = deque(maxlen=_MAX_SAMPLES)

    def add(self, sent_ns: int, received_ns: int, server_ts_ms: int) -> None:
        """Record one time request: local send and receive time, and the server's time.

        Server milliseconds are truncated, so half a millisecond is added.
        """
        offset_ns = server_ts_ms * 1_000_000 + 500_000 - (sent_ns + received_ns) // 2
        self._trips.append((received_ns - sent_ns, offset_ns))

    @property
    def offset_ns(self) -> int | None:
        """Exchange time minus local time; None before the first response."""
        return min(self._trips)[1] if self._trips else None

    @property
    def uncertainty_ns(self) -> int | None:
        """Maximum error of `offset_ns`; None before the first response."""
        return min(self._trips)[0] // 2 if self._trips else None

    def latency_ns(self, exch_ts_ns: int, local_ts_ns: int) -> int:
        """Latency of a message, corrected for the clock offset."""
        return local_ts_ns + (self.offset_ns or 0) - exch_ts_ns
