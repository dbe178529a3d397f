"""Where a journal's bytes go: a locked file, or memory."""

import fcntl
import os
from pathlib import Path
from typing import Protocol, Self

from live.journal.errors import JournalBusyError, JournalError


class Sink(Protocol):
    """Takes bytes in order."""

    def write(self, data: bytes) -> None:
        """Hand all of `data` to the operating system, or raise JournalError having kept none of it, if it can."""

    def sync(self) -> None:
        """Force what was written to the disk, or raise JournalError."""

    def close(self) -> None:
        """Let go of the file."""


class MemorySink:
    """A journal in memory, for tests and for runs whose journal is not kept."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data

    def sync(self) -> None:
        """Nothing to force."""

    def close(self) -> None:
        """Nothing to let go of."""


class FileSink:
    """A file that this process alone appends to. size: bytes of whole records; a failed write is cut back to it."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self.path = path
        self.size = os.fstat(descriptor).st_size

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new file.

        Raises:
            JournalError: it exists, or cannot be made or locked.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise failed(path.parent, "made", error) from None
        sink = cls(_opened(path, os.O_CREAT | os.O_EXCL), path)
        _sync_folder(path)
        return sink

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing file, to be continued.

        Raises:
            JournalError: there is none, or it cannot be opened or locked.
        """
        return cls(_opened(path, 0), path)

    def write(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:] if written else data)
        except OSError as error:
            self._cut_back(written)
            raise failed(self.path, "written to", error) from None
        self.size += written

    def sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise failed(self.path, "forced to the disk", error) from None

    def truncate(self, size: int) -> None:
        """Cut the file to `size` bytes and force that to the disk."""
        try:
            os.ftruncate(self._descriptor, size)
            os.fsync(self._descriptor)
        except OSError as error:
            raise failed(self.path, "cut to its whole records", error) from None
        self.size = size

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _cut_back(self, written: int) -> None:
        if not written:
            return
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            return  # recovery does it when the file is opened again


def _opened(path: Path, flags: int) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)
    except FileExistsError:
        raise JournalError(f"{path} exists already; a journal is never written over. Name a new file.") from None
    except OSError as error:
        raise failed(path, "opened", error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise JournalBusyError(f"{path} is being written by another process. Stop that one first.") from None
    return descriptor


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise failed(path.parent, "forced to the disk", error) from None
    finally:
        os.close(descriptor)


def failed(path: Path, what: str, error: OSError) -> JournalError:
    """The error of a file operation."""
    reason = os.strerror(error.errno or 0)
    return JournalError(
        f"{path} cannot be {what}: {reason}. No order leaves; make room or repair the disk, then restart."
    )
