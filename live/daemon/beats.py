"""The heartbeat of a daemon: a small file, rewritten every second, for a watchdog in another process."""

import os
from pathlib import Path
from typing import Final

import msgspec

EVERY_S: Final = 1.0


class Beat(msgspec.Struct, frozen=True):
    """sequence: one more each time. wall_ns: the system clock. process: the daemon's number; 0 after an orderly end."""

    sequence: int
    wall_ns: int
    process: int


def write_beat(path: Path, beat: Beat) -> None:
    """Replace the file in one step; it need not survive a power failure.

    Raises:
        OSError: it could not be written.
    """
    other = path.with_name(f".{path.name}.new")
    descriptor = os.open(other, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, msgspec.json.encode(beat))
    finally:
        os.close(descriptor)
    other.replace(path)


def read_beat(path: Path) -> Beat | None:
    """The last beat; None if there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Beat)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
