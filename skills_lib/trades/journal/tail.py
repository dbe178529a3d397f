"""How much of a journal is whole: what a writer needs to continue it after a crash."""

from pathlib import Path
from typing import BinaryIO, NamedTuple

from skills_lib.trades.journal.format import MAX_LINE_BYTES, Record, split_line
from skills_lib.trades.journal.reading import JournalDamagedError, checked_records, header_of, open_journal


class Whole(NamedTuple):
    """The whole records of a journal. size: their bytes; torn: bytes behind them, which are no record."""

    run: str
    last: Record
    size: int
    torn: int


def whole_records(path: Path) -> Whole:
    """Read a journal to its last whole record.

    Raises:
        InputError: no file, not a journal, or not even the first record is whole.
        JournalDamagedError: a record is damaged and others follow it, so this is no interrupted write.
    """
    with open_journal(path) as file:
        first: Record | None = None
        last: Record | None = None
        size = 0
        try:
            for last in checked_records(file, path.name):
                first = first or last
                size = file.tell()
        except JournalDamagedError:
            if first is None or _record_follows(file, size):
                raise
        assert first is not None
        assert last is not None
        header = header_of(first)
        assert header is not None
        return Whole(header.run, last, size, file.seek(0, 2) - size)


def _record_follows(file: BinaryIO, offset: int) -> bool:
    """True if a line behind `offset` ends as a record ends."""
    file.seek(offset)
    return any(split_line(line) for line in iter(lambda: file.readline(MAX_LINE_BYTES), b""))
