"""The latch on disk: a killed session stays killed until a person resets it, whatever is restarted."""

from typing import Final

import msgspec

from live.control.durable_files import remove_durably, write_durably
from live.control.folder import SessionFolder

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
