"""The heartbeat of a daemon: a small file, rewritten every second, for a watchdog in another process."""

import os
from pathlib import Path
from typing import Final

import msgspec

EVERY_S: Final = 1


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


def has_ended(content: bytes) -> bool:
    """True for the last beat of a daemon that ended in order: it has no process. What cannot be read is no end."""
    try:
        return msgspec.json.decode(content, type=Beat).process == 0
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
