"""Tapes to replay: decoded once and kept, or, where they are long, decoded for each run."""

from collections.abc import Iterator
from pathlib import Path

from live.simulator.scaled_messages import scaled_tape
from live.simulator.tape_source import Played, TapeSource
from skills_lib.domain.errors import InputError
from skills_lib.market.depth.model import DepthUpdate
from skills_lib.market.depth.tape.lines import read_lines

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
        self._kept: list[Played] | None = []
        first_ns = last_ns = 0
        found = set[str]()
        for line in self._decoded():
            first_ns, last_ns = first_ns or line.time_ns, line.time_ns
            if isinstance(line.message, DepthUpdate):
                found.add(line.symbol)
            if self._kept is not None:
                self._kept.append(line)
                self._kept = self._kept if len(self._kept) <= kept_lines else None
        if not found:
            raise InputError(f"{path.name} holds no books to replay. Inspect it with `twokey tape check {path}`.")
        self.span, self.symbols = (first_ns, last_ns), sorted(found)

    def lines(self) -> Iterator[Played]:
        """Its lines from the start, with their numbers read."""
        return self._decoded() if self._kept is None else iter(self._kept)

    def _decoded(self) -> Iterator[Played]:
        return scaled_tape(TapeSource().read(read_lines(self.path)))
