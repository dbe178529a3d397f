"""Latches sessions whose account is closed without their daemon, so that it does not come back trading.

The latch and the file KILL are written first, and whatever fails in it keeps no closing from going on.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from live.control.folder import SessionFolder, sessions
from live.control.latch import set_latch
from skills_lib import log

REASON: Final = "emergency-stop"


class _Venue(msgspec.Struct):
    """What is read of `status.json`."""

    venue: str


def sessions_at(workspace: Path, venue: str) -> list[SessionFolder]:
    """Sessions whose last status is of a venue; and those without a status that can be read, which may be."""
    return [folder for folder in sessions(workspace) if _venue_of(folder) in ("", venue)]


def latch_sessions(folders: Iterable[SessionFolder], now_ns: int) -> tuple[str, ...]:
    """Latch sessions, and make a daemon that runs close as well; returns the names of those that are latched.

    now_ns: the system clock. A session without a folder gets one: a daemon that is started by this name stays latched.
    """
    return tuple(folder.name for folder in folders if _latch(folder, now_ns))


def _latch(folder: SessionFolder, now_ns: int) -> bool:
    try:
        folder.make()
        set_latch(folder, REASON, now_ns)
        folder.kill_file.touch()
    except OSError as error:
        log.info("a session is not latched", session=folder.name, error=f"{type(error).__name__}: {error}")
        return False
    return True


def _venue_of(folder: SessionFolder) -> str:
    try:
        return msgspec.json.decode(folder.status.read_bytes(), type=_Venue).venue
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return ""
