"""Makes a workspace in a folder. What is there already is kept, never overwritten."""

import os
from dataclasses import dataclass
from pathlib import Path

from skills_lib.domain.errors import InputError
from skills_lib.installation.environment import is_linked, is_own, link_environment
from skills_lib.installation.workspace_files import workspace_files


@dataclass(frozen=True, slots=True)
class NewWorkspace:
    """What was done: paths below `folder`, as text."""

    folder: Path
    made: tuple[str, ...]
    kept: tuple[str, ...]


def make_workspace(folder: Path) -> NewWorkspace:
    """Write the files that are missing, and an environment if there is none.

    Raises:
        InputError: the folder is a file, or cannot be made.
        OSError: a file cannot be written; the command may be repeated.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{folder} is not a folder. Name one, or one that does not exist yet.") from None
    made: list[str] = []
    kept: list[str] = []
    for name, text in workspace_files().items():
        (made if _write_new(folder / name, text) else kept).append(str(name))
    (made if _make_environment(folder / ".venv") else kept).append(".venv")
    return NewWorkspace(folder, tuple(made), tuple(kept))


def _write_new(path: Path, text: str) -> bool:
    """Write a file unless something of its name is there, be it a broken link; whole or not at all."""
    if path.exists() or path.is_symlink():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(text, encoding="utf-8", newline="\n")
    if text.startswith("#!"):
        scratch.chmod(0o755)
    scratch.replace(path)
    return True


def _make_environment(folder: Path) -> bool:
    there = folder.exists() or folder.is_symlink()
    if os.name == "nt" or is_own(folder) or (there and not is_linked(folder)):
        return False
    link_environment(folder)
    return True
