"""One daemon a session: a lock that the system releases when its process ends, however it ends."""

import fcntl
import os
from typing import Final

from live.control.folder import SessionFolder
from skills_lib.domain.errors import TwokeyError

_LONGEST: Final = 32


class AlreadyRunningError(TwokeyError):
    """Another process holds the lock of the session."""


class DaemonLock:
    """Holds the lock of a session until `release`, or the end of the process.

    Raises:
        AlreadyRunningError: another process holds it; its number is in the message.
    """

    def __init__(self, folder: SessionFolder) -> None:
        self._handle = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _number_in(self._handle)
            os.close(self._handle)
            raise AlreadyRunningError(
                f"A daemon of session '{folder.name}' runs already{holder}. Stop it first: twokey live stop"
            ) from None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the lock back. The file stays: removing it could let two processes hold locks on two files."""
        os.close(self._handle)


def is_running(folder: SessionFolder) -> bool:
    """True while a daemon of the session runs."""
    try:
        handle = os.open(folder.lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _number_in(handle: int) -> str:
    text = os.pread(handle, _LONGEST, 0)
    return f" (process {text.decode()})" if text.isdigit() else ""
