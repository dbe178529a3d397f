"""Tapes to replay: decoded once and kept, or, where they are long, decoded for each run."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from live.simulator.tape_lines import SegmentedLines
from live.simulator.tape_segments import Segment, segments_of
from skills_lib.domain.errors import InputError
from skills_lib.market.depth.tape.lines import TapeDamage, read_blocks

KEPT_LINES = 400_000
"""A longer tape is not kept in memory."""


class ReplayTape:
    """A tape. span: exchange time of its first and last line in nanoseconds. symbols: those with books on it.

    Raises:
        InputError: it holds nothing to play, or is of another market.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path, kept_lines: int = KEPT_LINES) -> None:
        self.path = path
        self._kept: list[Segment] | None = []
        first_ns = last_ns = lines = 0
        found = set[str]()
        for segment in segments_of(self.blocks()):
            lines += len(segment)
            first_ns, last_ns = first_ns or int(segment.times_ns[0]), int(segment.times_ns[-1])
            found |= segment.named()
            self._kept = [*self._kept, segment] if self._kept is not None and lines <= kept_lines else None
        if not found:
            raise InputError(f"{path.name} holds no books to replay. Inspect it with `twokey tape check {path}`.")
        self.span, self.symbols = (first_ns, last_ns), sorted(found)

    def lines(self) -> SegmentedLines:
        """Its lines from the start, with their numbers read."""
        return SegmentedLines(self.segments())

    def segments(self) -> Iterable[Segment]:
        """Its lines as tables."""
        return segments_of(self.blocks()) if self._kept is None else self._kept

    def blocks(self) -> Iterator[bytes | TapeDamage]:
        """Its bytes, as blocks of whole lines."""
        return read_blocks(self.path)
