"""Diffs of a tape's tables on their way to the client, and who may say that nothing follows from one."""

from typing import NamedTuple, Protocol

from live.simulator.tape_segments import Segment


class BookRow(NamedTuple):
    """A diff: its row in the segment, its number among the segment's diffs, and the number of its symbol."""

    segment: Segment
    row: int
    number: int
    symbol: int

    @property
    def raw(self) -> bytes:
        """Its bytes."""
        return self.segment.raw(self.row)


class PassesBooks(Protocol):
    """Takes the books on which a client does nothing, together."""

    def begin(self, segment: Segment) -> bool:
        """Before books of a segment; False if none may be passed now."""

    def passes(self, book: BookRow, now_ns: int) -> bool:
        """Take a book that has come; False if the client must be given it."""

    def end(self) -> None:
        """After the last book that was passed."""
