"""Stores sweeps, each in a folder `<strategy>-<date>-<id>` that is written atomically."""

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
    """Results of one kind under `root`, with the checkpoints of unfinished ones."""

    def __init__(self, root: Path, model: type[R]) -> None:
        self.root, self._model = root, model

    def find(self, sweep_id: str) -> R | None:
        """The stored result with exactly this id."""
        folder = self.folder_of(sweep_id)
        return self._read(folder) if folder else None

    def folder_of(self, sweep_id: str) -> Path | None:
        """The folder of the stored result with exactly this id."""
        return next((folder for folder in self.root.glob(f"*-{sweep_id}") if self._read(folder)), None)

    def get(self, sweep_id: str) -> R:
        """The result whose id starts with `sweep_id`.

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
                f"No result '{sweep_id}' in {self.root.name}.{did_you_mean(sweep_id, ids)} "
                f"There are {len(ids)} results."
            )
        return found

    def folder(self, strategy: str, sweep_id: str) -> Path:
        """The folder of a result created today."""
        return self.root / f"{strategy}-{datetime.now(UTC):%Y-%m-%d}-{sweep_id}"

    def checkpoint(self, sweep_id: str) -> Checkpoint:
        """The checkpoint of an unfinished sweep."""
        return Checkpoint(self.root / f".unfinished-{sweep_id}")

    def save(self, target: Path, write: Callable[[Path], None]) -> None:
        """Call `write` with a scratch folder, then move that into place in one step.

        Raises:
            OSError: writing failed; nothing is left behind.
        """
        with tempfile.TemporaryDirectory(dir=self.root, prefix=".writing-") as scratch:
            folder = Path(scratch) / target.name
            folder.mkdir()
            write(folder)
            if target.exists():  # written by another version, unreadable to this one
                shutil.rmtree(target)
            folder.replace(target)

    def discard(self, checkpoint: Checkpoint) -> None:
        """Delete the checkpoint of a finished sweep."""
        shutil.rmtree(checkpoint.folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        return [path.parent for path in self.root.glob("*/result.json") if not path.parent.name.startswith(".")]

    def _read(self, folder: Path) -> R | None:
        try:
            return self._model.model_validate_json((folder / "result.json").read_bytes())
        except (OSError, ValidationError):  # incomplete, or written by another version: recompute
            return None
