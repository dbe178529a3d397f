"""Time of a run, and what is due at which time. Nanoseconds."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

MS = 1_000_000
NEVER_NS = 2**63


@dataclass(slots=True)
class VenueTime:
    """The exchange's time: that of the tape, advanced by whoever drives the venue. It never goes back."""

    ns: int = 0

    @property
    def ms(self) -> int:
        """The time in milliseconds."""
        return self.ns // MS

    def now_ns(self) -> int:
        """The time; also serves as the clock of a venue in virtual time."""
        return self.ns

    def advance(self, time_ns: int) -> None:
        """Move on to `time_ns`, unless it has passed."""
        if time_ns > self.ns:
            self.ns = time_ns


@dataclass(slots=True)
class Schedule:
    """Calls due at a time. Calls of equal time run in the order in which they were added.

    due_ns: when the next call is due; `NEVER_NS` if there is none.
    """

    due_ns: int = NEVER_NS
    _entries: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _added: int = 0

    def add(self, due_ns: int, call: Callable[[], None]) -> None:
        """Add a call."""
        self._added += 1
        heapq.heappush(self._entries, (due_ns, self._added, call))
        self.due_ns = self._entries[0][0]

    def run_next(self) -> None:
        """Remove the next call and run it."""
        call = heapq.heappop(self._entries)[2]
        self.due_ns = self._entries[0][0] if self._entries else NEVER_NS
        call()
