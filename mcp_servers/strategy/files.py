"""Reads and writes strategy files: by name alone, never through a link, and never over a file unless told to."""

import ast
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import strategies
from skills_lib.domain.errors import InputError
from skills_lib.domain.strategy_names import require_strategy_name
from skills_lib.settings import Settings

MAX_SOURCE_BYTES = 64 * 1024
KEPT = ".replaced"
"""Folder of replaced files, in `strategies`."""


@dataclass(frozen=True, slots=True)
class Written:
    """A strategy file that was written; `kept`: where the one that it replaced is."""

    path: Path
    kept: Path | None

    def undo(self) -> None:
        """Put back what was there before."""
        if self.kept is None:
            self.path.unlink(missing_ok=True)
        else:
            self.kept.replace(self.path)


def read_source(name: str) -> tuple[Path, str]:
    """The file of a strategy and its text.

    Raises:
        InputError: unknown strategy, or its file is a link out of the folders of strategies, or not text.
    """
    path = strategies.source_file(name)
    folders = {Path(strategies.__file__).resolve().parent, Settings().strategies_dir.resolve()}
    if path.resolve().parent not in folders:
        raise InputError(f"The file of {name} is a link to another folder, which is not read. Copy it instead.")
    try:
        return path, path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"The file of {name} is not text in UTF-8. Write it anew.") from None


def write_source(name: str, source: str, replace: bool) -> Written:
    """Write `strategies/NAME.py` of the workspace in one step; with `replace` an existing one is kept beside it.

    Raises:
        InputError: a name that is not allowed or taken, or source that is too long or no Python.
        OSError: writing failed; nothing has changed.
    """
    require_strategy_name(name)
    _refuse_bad_source(source)
    folder = Settings().strategies_dir
    target = folder / f"{name}.py"
    if not replace:
        _refuse_taken(name, target)
    folder.mkdir(parents=True, exist_ok=True)
    scratch = _scratch(folder, source)
    try:
        kept = _keep(target) if replace else None
        _move(scratch, target, replace)
    finally:
        scratch.unlink(missing_ok=True)
    return Written(target, kept)


def _refuse_bad_source(source: str) -> None:
    size = len(source.encode("utf-8", errors="replace"))
    if size > MAX_SOURCE_BYTES:
        raise InputError(f"The source has {size:,} bytes; at most {MAX_SOURCE_BYTES:,} are allowed. Shorten it.")
    try:
        ast.parse(source)
        source.encode("utf-8")
    except SyntaxError as error:
        raise InputError(f"The source is no Python: {error.msg} in line {error.lineno}. Nothing was written.") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"The source cannot be read: {type(error).__name__}. Nothing was written.") from None


def _refuse_taken(name: str, target: Path) -> None:
    if name in strategies.available() or target.exists() or target.is_symlink():
        raise InputError(
            f"Strategy '{name}' exists. Choose another name, or pass replace=true: the old file is then kept."
        )


def _scratch(folder: Path, source: str) -> Path:
    """The source in a file of `folder` that is no strategy: its name starts with an underscore."""
    handle, name = tempfile.mkstemp(prefix="_writing-", suffix=".py", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(source)
        file.flush()
        os.fsync(file.fileno())
    scratch = Path(name)
    scratch.chmod(0o644)
    return scratch


def _keep(target: Path) -> Path | None:
    """A second name for the file that is about to be replaced; None if there is none."""
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise InputError(f"{target.name} is a link or no file, which is not replaced. Move it away first.")
    if not target.exists():
        return None
    folder = target.parent / KEPT
    folder.mkdir(exist_ok=True)
    kept = folder / f"{target.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.py"
    os.link(target, kept)
    return kept


def _move(scratch: Path, target: Path, replace: bool) -> None:
    if replace:
        scratch.replace(target)
        return
    try:
        os.link(scratch, target)  # unlike a rename it fails if another process wrote the file meanwhile
    except FileExistsError:
        raise InputError(f"Strategy '{target.stem}' exists. Choose another name, or pass replace=true.") from None
