"""Reads a journal record by record in flat memory, and checks each."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from skills_lib.domain.errors import CorruptDataError, InputError
from skills_lib.trades.journal.format import (
    FORMAT,
    GENESIS,
    HEADER,
    MAX_LINE_BYTES,
    VERSION,
    Header,
    Record,
    chained,
    record_of,
    split_line,
)


class JournalDamagedError(CorruptDataError):
    """A journal does not hold what was written. The message is one line and repeats nothing of the file."""


def open_journal(path: Path) -> BinaryIO:
    """Open a journal for reading.

    Raises:
        InputError: there is no such file, or it cannot be read.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {os.strerror(error.errno or 0)}. Name a journal file.") from None


def read_journal(path: Path, *, unfinished: bool = False) -> Iterator[Record]:
    """All records, the first one (the header) included; each is checked before it is given out.

    unfinished: the file may be in use or end with an interrupted write; a last line that is cut off is left out.

    Raises:
        InputError: no file, or not a journal.
        JournalDamagedError: where the file is not what was written.
    """
    with open_journal(path) as file:
        yield from checked_records(file, path.name, unfinished=unfinished)


def checked_records(file: BinaryIO, name: str, *, unfinished: bool = False) -> Iterator[Record]:
    """As `read_journal`, from an open file."""
    previous, number = GENESIS, 0
    while line := file.readline(MAX_LINE_BYTES):
        if unfinished and number and not line.endswith(b"\n") and len(line) < MAX_LINE_BYTES:
            return
        record = checked_record(line, number, previous, name)
        yield record
        previous, number = record.hash, number + 1
    if not number:
        raise InputError(f"{name} is empty. Name a journal file.")


def checked_record(line: bytes, number: int, previous: str, name: str) -> Record:
    """The record of line `number`, from 0, behind one with the hash `previous`; raises as `read_journal`."""
    parts = split_line(line)
    record = record_of(*parts) if parts else None
    if not number and parts is None and FORMAT.encode() not in line:
        raise InputError(f"{name} is not a journal: its first line is not a journal's. Name a journal file.")
    if parts is None or record is None:
        raise JournalDamagedError(_unreadable(line, number, name))
    if record.sequence != number or record.hash != chained(previous, parts[0]):
        raise JournalDamagedError(_unchained(record, parts[0], number, name))
    if not number:
        _check_header(record, name)
    return record


def _check_header(record: Record, name: str) -> None:
    header = header_of(record)
    if record.kind != HEADER or header is None or header.format != FORMAT:
        raise InputError(f"{name} is not a journal: its first line is not a journal's. Name a journal file.")
    if header.version != VERSION:
        raise InputError(f"{name} has version {header.version}; version {VERSION} can be read. Use a newer Twokey.")


def header_of(record: Record) -> Header | None:
    """The body of a header, or None where it is not one."""
    try:
        return msgspec.json.decode(record.body_json, type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _unreadable(line: bytes, number: int, name: str) -> str:
    where = f"{name}: line {number + 1}"
    if line.endswith(b"\n"):
        return f"{where} is not a record: it was altered, or it comes from another file."
    if len(line) >= MAX_LINE_BYTES:
        return f"{where} is longer than {MAX_LINE_BYTES} bytes, and no record is: it comes from another file."
    return f"{where}, the last one, is cut off after {len(line)} bytes: writing was interrupted, or its end is missing."


def _unchained(record: Record, content: bytes, number: int, name: str) -> str:
    where = f"{name}: line {number + 1}"
    if record.hash == chained(GENESIS, content):
        return f"{where} is the first record of a journal: two journals were joined."
    if record.sequence > number:
        return f"{where} is record {record.sequence} where {number} is due: records were removed or reordered."
    if record.sequence < number:
        return f"{where} is record {record.sequence} where {number} is due: records were repeated or reordered."
    return f"{where}, record {number}, does not have the hash that follows from it: it or the line before was altered."
