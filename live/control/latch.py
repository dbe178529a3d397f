"""The latch on disk: a killed session stays killed until a person resets it, whatever is restarted."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from live.control.durable_files import remove_durably, write_durably
from live.control.folder import SessionFolder
from live.control.protocol import KilledStatus

_UNREADABLE: Final = "the file of the latch cannot be read"


class KillLatch(msgspec.Struct, frozen=True):
    """Why the session is killed, and since when (nanoseconds since 1970; 0 where that is not known)."""

    reason: str
    since_ns: int


def latched(folder: SessionFolder) -> KillLatch | None:
    """The latch of a session, or None. A file that cannot be read is a latch: it was written to stop something."""
    try:
        return msgspec.json.decode(folder.latch.read_bytes(), type=KillLatch)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return KillLatch(_UNREADABLE, 0)


def killed_status(latch: KillLatch | None) -> KilledStatus:
    """The latch as it is shown."""
    if latch is None:
        return KilledStatus(False)
    since = datetime.fromtimestamp(latch.since_ns / 1e9, UTC).isoformat(timespec="seconds") if latch.since_ns else ""
    return KilledStatus(True, since, latch.reason)


def set_latch(folder: SessionFolder, reason: str, time_ns: int) -> KillLatch:
    """Latch a session durably; an earlier latch stays as it is.

    Raises:
        OSError: the latch could not be written. Go on with closing all the same.
    """
    before = latched(folder)
    if before is not None:
        return before
    latch = KillLatch(reason, time_ns)
    write_durably(folder.latch, msgspec.json.encode(latch))
    return latch


def release(folder: SessionFolder) -> None:
    """Remove the latch and the file KILL. Only for a person at a terminal: see `twokey live reset`."""
    remove_durably(folder.kill_file)
    remove_durably(folder.latch)
