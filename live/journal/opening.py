"""Makes a journal's writer: for a new file, or for a file to be continued."""

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from shutil import copyfileobj
from typing import NamedTuple

from live.journal.errors import JournalError
from live.journal.settings import Fsync
from live.journal.sinks import FileSink, MemorySink, failed
from live.journal.writer import JournalWriter
from skills_lib.domain.errors import TwokeyError
from skills_lib.trades.journal.tail import whole_records

OpensFile = Callable[[Path], FileSink]


class Continued(NamedTuple):
    """A journal that is written again. removed: the file with the torn tail that was cut off, if there was one."""

    writer: JournalWriter
    run: str
    removed: Path | None


def new_journal(path: Path, time_ns: int, run: str, fsync: Fsync = Fsync.EACH_ORDER) -> JournalWriter:
    """The writer of a new file, with its header written.

    Raises:
        JournalError: the file exists, or cannot be written.
    """
    writer = JournalWriter(FileSink.create(path), fsync)
    try:
        writer.begin(time_ns, run)
        writer.flush(time_ns, leaving=True)
    except JournalError:
        writer.close()
        raise
    return writer


def memory_journal(time_ns: int, run: str) -> tuple[JournalWriter, MemorySink]:
    """The writer of a journal in memory, and its bytes."""
    sink = MemorySink()
    writer = JournalWriter(sink, Fsync.NEVER)
    writer.begin(time_ns, run)
    return writer, sink


def continued_journal(path: Path, fsync: Fsync = Fsync.EACH_ORDER, opened: OpensFile = FileSink.open) -> Continued:
    """The writer of an existing file, behind its last whole record.

    A torn tail, which an interrupted write leaves, is moved to a file beside it first.

    Raises:
        JournalError: another process writes it, or it cannot be written.
        InputError: not a journal.
        JournalDamagedError: damaged before its last record; it is left as it is.
    """
    sink = opened(path)
    try:
        whole = whole_records(path)
        removed = _set_aside(sink, whole.size) if whole.torn else None
    except TwokeyError:
        sink.close()
        raise
    return Continued(JournalWriter(sink, fsync, whole.last.hash, whole.last.sequence + 1), whole.run, removed)


def _set_aside(sink: FileSink, size: int) -> Path:
    """Copy what is behind `size` to a new file, force it to the disk, and only then cut it off."""
    for number in count(1):
        side = sink.path.with_name(f"{sink.path.name}.torn-{number}")
        if not side.exists():
            break
    try:
        with sink.path.open("rb") as source, side.open("xb") as copy:
            source.seek(size)
            copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
    except OSError as error:
        side.unlink(missing_ok=True)
        raise failed(side, "written", error) from None
    sink.truncate(size)
    return side
