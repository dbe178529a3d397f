"""Which session is meant, and what is known of it."""

from pathlib import Path

import msgspec

from live.control.client import NotRunningError, ask
from live.control.folder import SessionFolder, sessions
from live.control.latch import killed_status, latched
from live.control.protocol import ControlCommand, LiveStatus
from skills_lib.domain.errors import InputError

_MANY = 20


def the_session(root: Path, name: str | None) -> SessionFolder:
    """The session of a name, or the only one.

    Raises:
        InputError: the name is none, or none was given and there is not exactly one.
    """
    if name is not None:
        return SessionFolder.of(root, name)
    found = sessions(root)
    if len(found) != 1:
        names = ", ".join(folder.name for folder in found[:_MANY]) or "none"
        raise InputError(f"Name the session. Sessions: {names}.")
    return found[0]


def status_of_session(folder: SessionFolder) -> LiveStatus:
    """The status of a session: of its daemon, or the last one that was written, with the latch as it is now.

    Raises:
        InputError: there is none yet.
        ControlError: the daemon does not answer.
    """
    try:
        found = ask(folder, ControlCommand.STATUS).status
    except NotRunningError:
        found = _last_status(folder)
    if found is None:
        raise InputError(f"Session '{folder.name}' has no status yet. Start it in a terminal: twokey live run")
    return found


def _last_status(folder: SessionFolder) -> LiveStatus | None:
    """What the daemon wrote last, marked as not running; None if that is nothing, or cannot be read."""
    try:
        found = msgspec.json.decode(folder.status.read_bytes(), type=LiveStatus)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return msgspec.structs.replace(found, running=False, killed=killed_status(latched(folder)))
