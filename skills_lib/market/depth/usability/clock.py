"""Estimates the offset between the exchange's and the local clock, as NTP does."""

from collections import deque

_MAX_SAMPLES = 16
_MIN_JUMP_NS = 500_000_000


class ClockOffset:
    """Clock offset from the fastest recent round trip; accurate to half that round trip.

    offset_ns: exchange time minus local time. uncertainty_ns: its maximum error. Both None before the first response.
    """

    def __init__(self) -> None:
        self._trips: deque[tuple[int, int]] = deque(maxlen=_MAX_SAMPLES)
        self.offset_ns: int | None = None
        self.uncertainty_ns: int | None = None
        self._wall_ahead_ns: int | None = None
        self.jumped = False
        self.jumps = 0

    def watch(self, wall_ns: int, monotonic_ns: int) -> bool:
        """Compare this machine's two clocks; returns whether the wall clock was set, or the machine slept.

        Every sample is then worthless: `jumped` until the next.
        """
        ahead_ns, before_ns = wall_ns - monotonic_ns, self._wall_ahead_ns
        self._wall_ahead_ns = ahead_ns
        if before_ns is None or abs(ahead_ns - before_ns) < _MIN_JUMP_NS:
            return False
        self._trips.clear()
        self.offset_ns = self.uncertainty_ns = None
        self.jumps += 1
        self.jumped = True
        return True

    def add(self, sent_ns: int, received_ns: int, server_ts_ms: int) -> None:
        """Record one time request: local send and receive time, and the server's time.

        Server milliseconds are truncated, so half a millisecond is added.
        """
        offset_ns = server_ts_ms * 1_000_000 + 500_000 - (sent_ns + received_ns) // 2
        self.jumped = False
        self._trips.append((received_ns - sent_ns, offset_ns))
        trip_ns, self.offset_ns = min(self._trips)
        self.uncertainty_ns = trip_ns // 2

    def latency_ns(self, exch_ts_ns: int, local_ts_ns: int) -> int:
        """Latency of a message, corrected for the clock offset."""
        return local_ts_ns + (self.offset_ns or 0) - exch_ts_ns
