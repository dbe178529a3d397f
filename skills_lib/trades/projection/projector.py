"""Projects a journal into the store: from the stored offset on, in order, in batches of one transaction each.

Every record is applied at least once, and each row follows from the records and their order, so a batch that is applied
again changes nothing. Rows, offset and what must be remembered are written together. Round trips and days are derived
afterwards; until they are, the offset says what is left to derive, and the next run does it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from skills_lib.domain.errors import CorruptDataError
from skills_lib.trades.derived.deriving import derive
from skills_lib.trades.journal.format import Record
from skills_lib.trades.journal.reading import JournalDamagedError, header_of, read_journal
from skills_lib.trades.journal.resuming import JournalPlace, records_after
from skills_lib.trades.projection.bodies import OrderReportBody, body_of
from skills_lib.trades.projection.memory import RunMemory
from skills_lib.trades.projection.rows import RecordBatch
from skills_lib.trades.projection.source import JournalSource
from skills_lib.trades.projection.stored import StoredRows, offset_name, stored_offset
from skills_lib.trades.projection.venue_rows import beside_venue
from skills_lib.trades.reconcile.merging import EXCHANGE
from skills_lib.trades.store.model import TradeStore, Written
from skills_lib.trades.store.rows import JournalOffset

BATCH_ROWS: Final = 2_000
BATCH_RECORDS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Projected:
    """What became of a journal. records: applied now. written: rows, without the offset."""

    run: str
    records: int
    written: Written


def project(store: TradeStore, source: JournalSource, batch_rows: int = BATCH_ROWS) -> Projected:
    """Bring the store up to the end of a journal; a last line that is still being written is left for the next time.

    One projector at a time: see `locked` in `projecting`.

    Raises:
        InputError: no file, or not a journal.
        JournalDamagedError: the journal is not what was written, or not the one that was applied before.
        TwokeyError: of the store.
    """
    return _Projector(store, source, batch_rows).run()


class _Projector:
    def __init__(self, store: TradeStore, source: JournalSource, batch_rows: int) -> None:
        self._store, self._source, self._batch_rows = store, source, batch_rows
        self._run = run_of(source)
        self._offset = stored_offset(store, source, self._run) or self._nothing()
        self._memory = _memory_of(self._offset)
        self._written = Written()
        self._take_account(self._offset.account)

    def run(self) -> Projected:
        """Apply all records that are there, then derive."""
        begin = self._offset.sequence
        batch, count = self._new_batch(), 0
        for record, place in self._records():
            if not self._memory.placed and self._is_of_another_exchange(record):
                self._take_account(f"{self._source.account}~{self._run}")
                batch = self._new_batch()
            batch.take(record)
            count += 1
            self._offset = replace(
                self._offset,
                sequence=place.sequence,
                byte=place.byte,
                hash=place.hash,
                time_ms=max(self._offset.time_ms, record.time_ns // 1_000_000),
            )
            if len(batch.rows) >= self._batch_rows or count >= BATCH_RECORDS:
                self._write(batch)
                batch, count = self._new_batch(), 0
        if count:
            self._write(batch)
        self._derive()
        return Projected(self._run, self._offset.sequence - begin, self._written)

    def _take_account(self, account: str) -> None:
        """Write rows of this account from now on."""
        self._source = replace(self._source, account=account)
        self._offset = replace(self._offset, account=account)
        self._stored = StoredRows(self._store, self._source)

    def _is_of_another_exchange(self, record: Record) -> bool:
        """Whether the run's first order has the number of another run's: a local exchange that begins anew counts anew.

        Such a run has an account of its own in the store, so that neither replaces the other's rows.
        """
        body = body_of(record, self._source.path.name)
        if not isinstance(body, OrderReportBody) or not self._memory.owns(body.client_id):
            return False
        self._memory.placed = True
        known = self._stored.order(body.symbol, body.order_id)
        return known is not None and known.source != EXCHANGE and known.client_order_id != body.client_id

    def _records(self) -> Iterator[tuple[Record, JournalPlace]]:
        offset = self._offset
        return records_after(self._source.path, JournalPlace(offset.sequence, offset.byte, offset.hash))

    def _new_batch(self) -> RecordBatch:
        return RecordBatch(self._source, self._memory, self._stored)

    def _write(self, batch: RecordBatch) -> None:
        rows = beside_venue(self._store, self._source, list(batch.rows.values()))
        written = self._store.write([*rows, self._offset_row()])
        self._written = sum((one for name, one in written.items() if name != JournalOffset.TABLE), self._written)

    def _derive(self) -> None:
        """Round trips and days of what is new; the offset forgets it in the same transaction."""
        if not self._memory.touched:
            return
        derived = derive(self._store, self._source.venue, self._source.account, self._memory.touched)
        self._memory.touched = {}
        written = self._store.write([*derived, self._offset_row()])
        self._written = sum((one for name, one in written.items() if name != JournalOffset.TABLE), self._written)

    def _offset_row(self) -> JournalOffset:
        state = msgspec.json.encode(self._memory).decode()
        return replace(self._offset, strategy_id=self._memory.strategy, state_json=state)

    def _nothing(self) -> JournalOffset:
        return JournalOffset(
            run=offset_name(self._source, self._run),
            venue=self._source.venue,
            account=self._source.account,
            sequence=0,
            byte=0,
            hash="",
            file_name=self._source.path.name,
            time_ms=0,
        )


def run_of(source: JournalSource) -> str:
    """The run of a journal.

    Raises:
        InputError: no file, or not a journal.
    """
    header = header_of(next(iter(read_journal(source.path))))
    if header is None:
        raise JournalDamagedError(f"{source.path.name} has no header of a journal.")
    return header.run


def _memory_of(offset: JournalOffset) -> RunMemory:
    try:
        return msgspec.json.decode(offset.state_json, type=RunMemory)
    except msgspec.MsgspecError:
        raise CorruptDataError(
            f"The store's offset of {offset.run} cannot be read by this version. Fill a new store from the journals."
        ) from None
