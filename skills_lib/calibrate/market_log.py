"""Appends finished markets to a file, one line each, so that an interrupted calibration can resume."""

import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from skills_lib.calibrate.market_run import MarketTask
from skills_lib.calibrate.model import MarketResult
from skills_lib.domain.errors import TwokeyError


class MarketLog:
    """Records of finished markets in a folder locked by one process at a time.

    An incomplete last line, left by a kill, is dropped; all lines before it are retained.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.path = folder, folder / "markets.jsonl"
        self._lock = FileLock(folder / "lock")
        self.known: dict[MarketTask, MarketResult] = {}

    def __enter__(self) -> Self:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise TwokeyError(
                f"The same calibration is already running in {self.folder.name}. Wait for it, or stop it first."
            ) from None
        self.known = {task_of(found): found for found in self._read()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def append(self, found: list[MarketResult]) -> None:
        """Append finished markets; they have been handed to the operating system when this returns."""
        with self.path.open("ab") as file:
            file.write("".join(f"{result.model_dump_json()}\n" for result in found).encode())
        self.known |= {task_of(result): result for result in found}

    def discard(self) -> None:
        """Delete the records of a stored calibration."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> list[MarketResult]:
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        os.truncate(self.path, whole)
        return [MarketResult.model_validate_json(line) for line in content[:whole].splitlines()]


def task_of(found: MarketResult) -> MarketTask:
    """The task of a record."""
    return MarketTask(found.kind, found.number, found.sharpe)
