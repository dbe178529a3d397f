"""Appends finished combinations to a file, so that an interrupted sweep can resume."""

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from skills_lib.backtest.figures import METRICS
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.errors import TwokeyError

if TYPE_CHECKING:
    from filelock import BaseFileLock

_RECORD = np.dtype([("span", "<i8"), ("index", "<i8"), ("metrics", "<f8", (len(METRICS),))])


class Checkpoint:
    """Rows of metrics by span and flat index, in a folder locked by one process at a time.

    An incomplete last record, left by a kill, is dropped; all records before it are retained.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._path = folder / "rows.bin"
        self._lock: BaseFileLock | None = None
        self._known = np.empty(0, dtype=_RECORD)

    def __enter__(self) -> Self:
        from filelock import FileLock, Timeout

        self._lock = FileLock(self.folder / "lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise TwokeyError(
                f"The same sweep is already running in {self.folder.name}. Wait for it, or cancel it first."
            ) from None
        self._known = self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._lock is not None, "left without having been entered"
        self._lock.release()

    def __len__(self) -> int:
        return len(self._known)

    def known(self, span: int) -> tuple[IntArray, FloatArray]:
        """Indices and rows that an earlier process finished for the span numbered `span`."""
        records = self._known[self._known["span"] == span]
        return records["index"].astype(np.int64), records["metrics"].astype(np.float64)

    def tried(self) -> IntArray:
        """Indices that an earlier process finished on any span, ascending."""
        return np.unique(self._known["index"]).astype(np.int64)

    def append(self, span: int, indices: IntArray, rows: FloatArray) -> None:
        """Append finished rows; they have been handed to the operating system when this returns."""
        records = np.empty(len(indices), dtype=_RECORD)
        records["span"], records["index"], records["metrics"] = span, indices, rows
        with self._path.open("ab") as file:
            file.write(records.tobytes())

    def _read(self) -> np.ndarray[tuple[int], np.dtype[np.void]]:
        if not self._path.exists():
            return np.empty(0, dtype=_RECORD)
        whole = self._path.stat().st_size // _RECORD.itemsize
        os.truncate(self._path, whole * _RECORD.itemsize)
        return np.fromfile(self._path, dtype=_RECORD)
