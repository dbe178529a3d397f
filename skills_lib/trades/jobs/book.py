"""Which jobs were done when: a file that outlives the process, so that missed runs are made up for, once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from skills_lib.domain.errors import TwokeyError
from skills_lib.trades.reports.files import write_whole


class JobsRunningError(TwokeyError):
    """Another process runs the jobs of this workspace."""


class JobBook:
    """The times for which jobs were last done, by name."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def last(self, name: str) -> datetime | None:
        """For which time a job was last done; None if never."""
        text = self._read().get(name)
        return datetime.fromisoformat(text) if text else None

    def done(self, name: str, due: datetime) -> None:
        """Remember that a job was done for a time."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._file, json.dumps(self._read() | {name: due.astimezone(UTC).isoformat()}, indent=1) + "\n")

    def _read(self) -> dict[str, str]:
        """What the file says; one that cannot be read says nothing, and then jobs are done once more."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): str(text) for name, text in found.items()} if isinstance(found, dict) else {}


@contextmanager
def only_instance(folder: Path) -> Iterator[None]:
    """Be the one process that runs the jobs of a workspace.

    Raises:
        JobsRunningError: another one does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise JobsRunningError(
            f"Another process runs the jobs of this workspace: it holds {folder / 'run.lock'}. End it first."
        ) from None
    try:
        yield
    finally:
        lock.release()
