"""Where a daemon keeps what must outlive it: `live/sessions/<name>` in the workspace."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from skills_lib.domain.errors import InputError
from skills_lib.workspace.runtime import runtime_folder

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_LONGEST_SOCKET: Final = 100
"""The address of a Unix socket holds 107 bytes on Linux, 103 on macOS."""


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """The files of one account at one venue. Two daemons never share a folder (`lock.py`)."""

    root: Path

    @classmethod
    def of(cls, workspace: Path, name: str) -> "SessionFolder":
        """The folder of a session; it is not made.

        Raises:
            InputError: the name is none.
        """
        if not _NAME.fullmatch(name):
            raise InputError(f"'{name[:32]}' names no session. Use 1 to 32 of a-z, 0-9 and hyphen, no hyphen first.")
        return cls(workspace / "live" / "sessions" / name)

    def make(self) -> None:
        """Make the folder, for its owner only."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.journals.mkdir(exist_ok=True, mode=0o700)

    @property
    def name(self) -> str:
        """The session's name."""
        return self.root.name

    @property
    def journals(self) -> Path:
        """The folder of journals, one a run."""
        return self.root / "journals"

    @property
    def lock(self) -> Path:
        """Held by the daemon while it runs."""
        return self.root / "daemon.lock"

    @property
    def heartbeat(self) -> Path:
        """Rewritten every second; the watchdog reads it."""
        return self.root / "heartbeat"

    @property
    def kill_file(self) -> Path:
        """A file of this name, whatever is in it, kills."""
        return self.root / "KILL"

    @property
    def latch(self) -> Path:
        """Why and since when the session is killed."""
        return self.root / "killed.json"

    @property
    def status(self) -> Path:
        """The last status, for when nothing runs."""
        return self.root / "status.json"

    @property
    def drill(self) -> Path:
        """When the way of closing was last rehearsed, and how it went."""
        return self.root / "drill.json"

    @property
    def socket(self) -> Path:
        """The address of the control socket: in the folder, or by its hash where that is too long for a socket."""
        path = self.root / "control.sock"
        if _fits(path):
            return path
        name = f"twokey-{hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:16]}.sock"
        among = (folder / name for folder in (runtime_folder(), Path(tempfile.gettempdir())))
        return next((found for found in among if _fits(found)), Path("/tmp") / name)


def sessions(workspace: Path) -> list[SessionFolder]:
    """All sessions of a workspace, by name."""
    parent = workspace / "live" / "sessions"
    if not parent.is_dir():
        return []
    return [SessionFolder(path) for path in sorted(parent.iterdir()) if path.is_dir() and _NAME.fullmatch(path.name)]


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= _LONGEST_SOCKET
