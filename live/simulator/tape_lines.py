"""The lines of a tape in order, as an exchange plays them: one by one, or from tables that were decoded before."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from live.simulator.schedule import NEVER_NS
from live.simulator.tape_segments import Segment
from live.simulator.tape_source import Played


class TapeLines(Protocol):
    """next_ns: time of the next line, `NEVER_NS` at the end."""

    next_ns: int

    def peek(self) -> Played | None:
        """The next line; None at the end."""

    def advance(self) -> None:
        """Go on to the line after the next."""


class IteratedLines:
    """Lines as somebody gives them."""

    def __init__(self, lines: Iterator[Played]) -> None:
        self._lines = lines
        self._next: Played | None = None
        self.next_ns = NEVER_NS
        self.advance()

    def peek(self) -> Played | None:
        """As `TapeLines.peek`."""
        return self._next

    def advance(self) -> None:
        """As `TapeLines.advance`."""
        found = self._next = next(self._lines, None)
        self.next_ns = NEVER_NS if found is None else found.time_ns


class SegmentedLines:
    """Lines of segments. segment, place: where the next line is; None at the end."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        self._segments = iter(segments)
        self.segment: Segment | None = None
        self.place = 0
        self._times_ns: list[int] = []
        self._peeked: Played | None = None
        self.next_ns = NEVER_NS
        self._open_next()

    def peek(self) -> Played | None:
        """As `TapeLines.peek`."""
        if self._peeked is None and self.segment is not None:
            self._peeked = self.segment.played(self.place)
        return self._peeked

    def advance(self) -> None:
        """As `TapeLines.advance`."""
        self.advance_to(self.place + 1)

    def advance_to(self, place: int) -> None:
        """Go on to a line of the segment, or to the next segment where it ends there."""
        self.place, self._peeked = place, None
        if place < len(self._times_ns):
            self.next_ns = self._times_ns[place]
        else:
            self._open_next()

    def time_ns(self, place: int) -> int:
        """Time of a line of the segment; at its end, which says nothing of the next segment, that of its last line."""
        return self._times_ns[min(place, len(self._times_ns) - 1)]

    def _open_next(self) -> None:
        self.segment, self.place = next(self._segments, None), 0
        self._times_ns = [] if self.segment is None else self.segment.times
        self.next_ns = self._times_ns[0] if self._times_ns else NEVER_NS
