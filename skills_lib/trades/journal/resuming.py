"""Reads a journal from a place behind records that were read before, and proves that it is the same journal."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from skills_lib.trades.journal.format import GENESIS, MAX_LINE_BYTES, Record, split_line
from skills_lib.trades.journal.reading import JournalDamagedError, checked_record, open_journal

_LINE_END = len(b',"hash":"') + 64 + len(b'"}\n')


class JournalPlace(NamedTuple):
    """Behind a record. sequence: of the next one. byte: where it begins. hash: of the one before, "" at the start."""

    sequence: int
    byte: int
    hash: str


START = JournalPlace(0, 0, "")


def records_after(path: Path, place: JournalPlace = START) -> Iterator[tuple[Record, JournalPlace]]:
    """The records behind a place, each with the place behind it; a last line that is cut off is left out.

    Raises:
        InputError: no file, or not a journal.
        JournalDamagedError: the file is not what was written, or another one than at the place.
    """
    with open_journal(path) as file:
        _go_to(file, place, path.name)
        previous, number, byte = place.hash or GENESIS, place.sequence, place.byte
        while line := file.readline(MAX_LINE_BYTES):
            if not line.endswith(b"\n") and len(line) < MAX_LINE_BYTES:
                return
            record = checked_record(line, number, previous, path.name)
            previous, number, byte = record.hash, number + 1, byte + len(line)
            yield record, JournalPlace(number, byte, previous)


def _go_to(file: BinaryIO, place: JournalPlace, name: str) -> None:
    """Seek to a place, before which must be the end of the record that was read last."""
    if not place.sequence:
        return
    file.seek(max(place.byte - _LINE_END, 0))
    end = file.read(min(_LINE_END, place.byte))
    if end != b',"hash":"%s"}\n' % place.hash.encode():
        raise JournalDamagedError(
            f"{name} is not the journal that was read before: record {place.sequence - 1} does not end where it did."
        )


def bytes_behind(path: Path, place: JournalPlace) -> tuple[int, int]:
    """How much is behind a place: whole lines and their bytes, unchecked."""
    with open_journal(path) as file:
        file.seek(place.byte)
        lines = size = 0
        while line := file.readline(MAX_LINE_BYTES):
            if split_line(line) is None:
                break
            lines, size = lines + 1, size + len(line)
        return lines, size
