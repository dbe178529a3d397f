"""What one run of one variant on one tape gives, and who can make such runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from live.replay.figures.trades import TapeTrades
from live.replay.study.variants import Variant


class TapeRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run. updates: books that reached the engine; signals: those on which the signal named a side.

    usable_books: books on which it could have. entries: entry orders sent. refused: entries that risk refused, by
    reason. decisions_sha256: of all that the engine decided. journal_head: hash of the journal's last record, "" where
    none was written. open_at_end: a position or a stop could not be closed before the end.
    """

    trades: TapeTrades
    updates: int
    usable_books: int
    signals: int
    entries: int
    refused: dict[str, int]
    decisions_sha256: str
    journal_head: str = ""
    open_at_end: bool = False


class Replays(Protocol):
    """Makes runs on the tapes of a report; every worker process has its own.

    spans: first and last exchange time of each tape.
    """

    @property
    def spans(self) -> Sequence[tuple[int, int]]: ...

    def run(self, tape: int, variant: Variant, journal: Path | None = None) -> TapeRun:
        """Play tape number `tape` from its start; the journal is written to a file, or nowhere."""
        ...
