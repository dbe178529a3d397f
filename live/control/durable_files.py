"""Small files that survive a crash at any moment: whole before, or whole after."""

import os
import tempfile
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file, readable by its owner only; when this returns, content and name are on the disk.

    Raises:
        OSError: it could not be written; the file is as it was.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    force_names(path.parent)


def remove_durably(path: Path) -> None:
    """Remove a file if it is there; when this returns, it stays removed."""
    path.unlink(missing_ok=True)
    force_names(path.parent)


def force_names(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
