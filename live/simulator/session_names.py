"""Names of sessions: each names one file in the workspace, on any system."""

import re
from dataclasses import dataclass
from pathlib import Path

from skills_lib.domain.errors import InputError

MAX_LENGTH = 64
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?", re.ASCII)
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
"""Names that Windows reserves for devices, with any extension."""


@dataclass(frozen=True, slots=True)
class SessionName:
    """A valid name.

    Raises:
        InputError: the text is no such name, a path among them.
    """

    text: str

    def __post_init__(self) -> None:
        name = self.text
        if len(name) > MAX_LENGTH or ".." in name or not _NAME.fullmatch(name) or _DEVICES.fullmatch(name):
            raise InputError(
                f"{name[:MAX_LENGTH]!r} cannot name a session. Use 1 to {MAX_LENGTH} of A-Z, a-z, 0-9, dot, hyphen and "
                "underscore, a letter or digit first, no dot last, no two dots together, no Windows device such as con."
            )

    def file(self, home: Path) -> Path:
        """The session's file in a workspace."""
        return home / "data" / "simulator" / f"{self.text}.sqlite"
