"""Which folder is the workspace. The working folder decides only where nothing else does (docs/decisions/0011).

In this order: TWOKEY_HOME; the folder whose `.venv` runs this Python, if it has a `twokey.toml`; the checkout that this
package lies in; the nearest folder with a `twokey.toml` at or above the working folder, if it belongs to this user.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skills_lib.domain.errors import InputError

MARKER = "twokey.toml"
"""The file of settings; it also marks a folder as a workspace."""
HOME_VARIABLE = "TWOKEY_HOME"
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]|%[A-Za-z_]+%")


@dataclass(frozen=True, slots=True)
class Location:
    """The workspace's folder, absolute, or None; how it was found; and marked folders that belong to other users."""

    folder: Path | None
    found_by: str
    refused: tuple[Path, ...] = ()

    def require(self) -> Path:
        """The folder.

        Raises:
            InputError: there is no workspace.
        """
        if self.folder is not None:
            return self.folder
        others = f" {self.refused[0]} belongs to another user and is not used." if self.refused else ""
        raise InputError(
            f"No workspace: neither {_working_folder()} nor a folder above it has a {MARKER}.{others} "
            f"Run `twokey init` in the folder that shall be one, or set {HOME_VARIABLE} to one."
        )


def locate(environment: Mapping[str, str] | None = None) -> Location:
    """Find the workspace.

    Raises:
        InputError: TWOKEY_HOME is not an absolute path or one that begins with `~`.
    """
    given = (os.environ if environment is None else environment).get(HOME_VARIABLE, "").strip()
    if given:
        return Location(as_path(given, HOME_VARIABLE, below=None), HOME_VARIABLE)
    if (owner := _owner_of_environment()) is not None:
        return Location(owner, "the .venv that runs this command")
    if (_PACKAGE_ROOT / "pyproject.toml").is_file():
        return Location(_PACKAGE_ROOT, "the checkout that this program lies in")
    return _above(_working_folder())


def as_path(text: str, name: str, below: Path | None) -> Path:
    """An absolute path: `~` is the user's home, and a relative path lies in `below`, or is refused where that is None.

    `name` is what the message calls the setting.

    Raises:
        InputError: a relative path without `below`, a variable, a control character, or the home of an unknown user.
    """
    if _VARIABLE.search(text):
        raise InputError(f"{name} names a variable, which is not replaced. Write ~ for your home, or the whole path.")
    if any(ord(letter) < ord(" ") for letter in text):
        raise InputError(f"{name} has a character that no path may have. Write the path on one line.")
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise InputError(f"{name} begins with ~ and no home is known for that user. Write the whole path.") from None
    if not path.is_absolute():
        if below is None:
            raise InputError(
                f"{name} is a relative path, which would be another folder wherever a command is started. "
                "Write an absolute path, or one that begins with ~."
            )
        path = below / path
    return Path(os.path.normpath(path))


def belongs_to_user(folder: Path) -> bool:
    """Whether the folder and its `twokey.toml` are the user's own; on Windows, where that is not known, True."""
    if not hasattr(os, "geteuid"):
        return True
    return {folder.stat().st_uid, (folder / MARKER).lstat().st_uid} == {os.geteuid()}


def _owner_of_environment() -> Path | None:
    """The marked folder whose `.venv` is the environment of this Python."""
    environment = Path(sys.prefix)
    folder = environment.parent
    if sys.prefix == sys.base_prefix or environment.name != ".venv" or not _is_marked(folder):
        return None
    return folder if belongs_to_user(folder) else None


def _above(start: Path) -> Location:
    refused: list[Path] = []
    for folder in (start, *start.parents):
        if _is_marked(folder):
            if belongs_to_user(folder):
                return Location(folder, f"the {MARKER} at or above the working folder", tuple(refused))
            refused.append(folder)
    return Location(None, "nothing", tuple(refused))


def _is_marked(folder: Path) -> bool:
    try:
        return (folder / MARKER).is_file()
    except OSError:  # a folder above that may not be searched
        return False


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise InputError(f"The working folder was removed. Change to another, or set {HOME_VARIABLE}.") from None
