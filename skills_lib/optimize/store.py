"""Stored sweeps: one folder each, `<strategy>-<date>-<id>`, written whole or not at all."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.optimize.checkpoint import Checkpoint

R = TypeVar("R", bound=BaseModel)


class SweepStore(Generic[R]):
    """Results of one kind under `root`; unfinished work is kept beside them until it is finished."""

    def __init__(self, root: Path, model: type[R]) -> None:
        self.root, self._model = root, model

    def find(self, sweep_id: str) -> R | None:
        """The stored result with exactly this id."""
        return next((found for folder in self.root.glob(f"*-{sweep_id}") if (found := self._read(folder))), None)

    def get(self, sweep_id: str) -> R:
        """The result whose id is or begins with `sweep_id`.

        Raises:
            InputError: none, or more than one.
        """
        ids = sorted(folder.name.rpartition("-")[2] for folder in self._folders())
        matches = [name for name in ids if name.startswith(sweep_id)] if sweep_id else []
        if len(matches) > 1:
            raise InputError(f"'{sweep_id}' is ambiguous: {', '.join(matches[:5])}. Give more digits.")
        found = self.find(matches[0]) if matches else None
        if found is None:
            raise InputError(
                f"Nothing is stored as '{sweep_id}' in {self.root.name}.{did_you_mean(sweep_id, ids)} "
                f"There are {len(ids)} results."
            )
        return found

    def folder(self, strategy: str, sweep_id: str) -> Path:
        """Where a result made today goes."""
        return self.root / f"{strategy}-{datetime.now(UTC):%Y-%m-%d}-{sweep_id}"

    def checkpoint(self, sweep_id: str) -> Checkpoint:
        """Where finished parts of an unfinished sweep are kept."""
        return Checkpoint(self.root / f".unfinished-{sweep_id}")

    def save(self, target: Path, write: Callable[[Path], None]) -> None:
        """Call `write` with a scratch folder, then move that into place in one step.

        Raises:
            OSError: the disk refused; nothing is left behind.
        """
        with tempfile.TemporaryDirectory(dir=self.root, prefix=".writing-") as scratch:
            folder = Path(scratch) / target.name
            folder.mkdir()
            write(folder)
            if target.exists():  # left by another version of the program, which could not be read
                shutil.rmtree(target)
            folder.replace(target)

    def discard(self, checkpoint: Checkpoint) -> None:
        """Drop the parts of a sweep that is finished."""
        shutil.rmtree(checkpoint.folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        return [path.parent for path in self.root.glob("*/result.json") if not path.parent.name.startswith(".")]

    def _read(self, folder: Path) -> R | None:
        try:
            return self._model.model_validate_json((folder / "result.json").read_bytes())
        except (OSError, ValidationError):  # incomplete, or written by another version: made again
            return None
