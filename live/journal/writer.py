"""The writer of a journal: append-only, chained, and finished with its first failure."""

from typing import NoReturn, Protocol

import msgspec

from live.engine.actions import Action
from live.engine.events import BookChanged, Event, MarkChanged
from live.journal.encoding import body_of, kind_of, whole
from live.journal.errors import JournalError
from live.journal.settings import INTERVAL_NS, Fsync
from live.journal.sinks import Sink
from skills_lib.trades.journal.format import (
    FORMAT,
    GENESIS,
    HEADER,
    MARKET,
    MAX_LINE_BYTES,
    VERSION,
    Header,
    chained,
    content_of,
    line_of,
)
from skills_lib.trades.journal.market.packing import MarketBlock, UnpackableError


class Journal(Protocol):
    """Where a run is written. head: the hash of the last record."""

    @property
    def head(self) -> str: ...

    def event(self, event: Event) -> None:
        """Write an event."""

    def entry(self, entry: Event | Action, encoded: bytes) -> None:
        """Write what `whole` has encoded."""

    def flush(self, time_ns: int, leaving: bool = False) -> None:
        """Write what is collected."""


class NoJournal:
    """Writes nothing: for replays of which only the figures are wanted."""

    head = ""

    def event(self, event: Event) -> None:
        """Drop the event."""

    def entry(self, entry: Event | Action, encoded: bytes) -> None:
        """Drop it."""

    def flush(self, time_ns: int, leaving: bool = False) -> None:
        """Nothing to write."""


class JournalWriter:
    """Appends records to a sink.

    head: the hash of the last record. sequence: of the next record. Market updates are collected and written as one
    block before any other record, or when the block is full.
    """

    def __init__(self, sink: Sink, fsync: Fsync = Fsync.EACH_ORDER, head: str = GENESIS, sequence: int = 0) -> None:
        self.head = head
        self.sequence = sequence
        self._sink = sink
        self._fsync = fsync
        self._block = MarketBlock()
        self._synced_ns = 0
        self._failed: JournalError | None = None

    def begin(self, time_ns: int, run: str) -> None:
        """Write the header, which every journal begins with."""
        self._append(time_ns, HEADER, msgspec.json.encode(Header(FORMAT, VERSION, run)))

    def event(self, event: Event) -> None:
        """Write an event, or collect it where it is a market update.

        Raises:
            JournalError: it is not in the journal, now or because of an earlier failure.
        """
        if type(event) is BookChanged or type(event) is MarkChanged:
            self._collect(event)
        else:
            self.entry(event, whole(event))

    def entry(self, entry: Event | Action, encoded: bytes) -> None:
        """Write an event or action that `whole` has encoded; raises as `event`."""
        self._close_block()
        self._append(entry.time_ns, kind_of(entry), body_of(entry, encoded))

    def flush(self, time_ns: int, leaving: bool = False) -> None:
        """Write what is collected, and force it to the disk where the policy says so; raises as `event`.

        leaving: an order or a cancel leaves after this.
        """
        self._close_block()
        if leaving and self._fsync is Fsync.EACH_ORDER:
            self._sync(time_ns)

    def close(self) -> None:
        """Write what is collected, force it to the disk unless the policy is NEVER, and let go of the file."""
        try:
            if self._failed is None:
                self._close_block()
                if self._fsync is not Fsync.NEVER:
                    self._sync(self._synced_ns)
        finally:
            self._sink.close()

    def _collect(self, update: BookChanged | MarkChanged) -> None:
        if self._failed is not None:
            raise self._failed
        block = self._block
        try:
            if type(update) is BookChanged:
                block.add_book(update)
            else:
                block.add_mark(update)  # type: ignore[arg-type]
        except UnpackableError:
            self.entry(update, whole(update))
            return
        if block.full:
            self._close_block()

    def _close_block(self) -> None:
        if len(self._block):
            self._append(self._block.time_ns, MARKET, self._block.body())

    def _append(self, time_ns: int, kind: str, body: bytes) -> None:
        if self._failed is not None:
            raise self._failed
        content = content_of(self.sequence, time_ns, kind, body)
        if len(content) > MAX_LINE_BYTES // 2:
            self._fail(JournalError(f"A record of {len(content)} bytes is too long for a journal. Report this."))
        head = chained(self.head, content)
        try:
            self._sink.write(line_of(content, head))
        except JournalError as error:
            self._fail(error)
        self.head = head
        self.sequence += 1
        if self._fsync is Fsync.INTERVAL and time_ns - self._synced_ns >= INTERVAL_NS:
            self._sync(time_ns)

    def _sync(self, time_ns: int) -> None:
        if self._failed is not None:
            raise self._failed
        try:
            self._sink.sync()
        except JournalError as error:
            self._fail(error)
        self._synced_ns = time_ns

    def _fail(self, error: JournalError) -> NoReturn:
        self._failed = error
        raise error
