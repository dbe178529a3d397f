"""A draw that may stop and go on: its finished parts, and the state of the market after them, in a hidden folder."""

import hashlib
import io
import pickle
import shutil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.market.depth.tape.drawing.wire import SyntheticLines
from skills_lib.market.depth.tape.store import Manifest, Part, find_damage, part_name, write_manifest

if TYPE_CHECKING:
    from filelock import BaseFileLock

_CHECKPOINT, _LOCK = "checkpoint", "lock"
_PACKAGE = __name__.rpartition(".")[0]


class PartialTape(NamedTuple):
    """Finished parts, and what draws the lines after them."""

    manifest: Manifest
    source: SyntheticLines


class UnfinishedDraw:
    """The hidden folder of a tape while it is drawn, locked by one process at a time.

    Left without an error, it becomes the folder of the tape. Left with one, it keeps the parts of the last checkpoint
    and a manifest that names the missing part, or, without a checkpoint, nothing.

    Raises:
        InputError: the tape exists.
        TwokeyError: another process is drawing it.
    """

    def __init__(self, folder: Path) -> None:
        self._whole, self.folder = folder, folder.with_name(f".{folder.name}.unfinished")
        self._lock: BaseFileLock | None = None

    def __enter__(self) -> Self:
        from filelock import FileLock, Timeout

        if self._whole.exists():
            raise InputError(f"{self._whole} already exists. Delete it first.")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self.folder / _LOCK)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise TwokeyError(f"{self._whole.name} is being drawn already. Wait for it, or stop it first.") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        kept = None if error is None else self.checkpoint()
        if kept:
            missing = Part(name=part_name(len(kept.manifest.parts) + 1))
            write_manifest(self.folder, kept.manifest.model_copy(update={"parts": [*kept.manifest.parts, missing]}))
        assert self._lock is not None, "left without having been entered"
        self._lock.release()
        if error is None:
            for name in (_CHECKPOINT, _LOCK):
                (self.folder / name).unlink(missing_ok=True)
            self.folder.replace(self._whole)
        elif not kept:
            shutil.rmtree(self.folder)

    def checkpoint(self) -> PartialTape | None:
        """The last checkpoint, if it and its parts are whole and of this code; everything else is deleted."""
        found = self._stored()
        kept = {_LOCK, *([_CHECKPOINT, *(part.name for part in found.manifest.parts)] if found else [])}
        for path in self.folder.iterdir():
            if path.name not in kept:
                path.unlink()
        return found

    def save(self, manifest: Manifest, source: SyntheticLines) -> None:
        """Make a checkpoint: all parts are finished, and `source` is at their end."""
        packed = pickle.dumps((manifest.model_dump_json(), source))
        new = self.folder / f"{_CHECKPOINT}.new"
        new.write_bytes(_digest(packed) + packed)
        new.replace(self.folder / _CHECKPOINT)

    def _stored(self) -> PartialTape | None:
        path = self.folder / _CHECKPOINT
        stored = path.read_bytes() if path.is_file() else b""
        size = hashlib.sha256().digest_size
        digest, packed = stored[:size], stored[size:]
        if not stored or digest != _digest(packed):
            return None
        manifest, source = unpacked(packed)
        found = PartialTape(Manifest.model_validate_json(manifest), source)
        write_manifest(self.folder, found.manifest)
        return None if find_damage(self.folder) else found


def unpacked(packed: bytes) -> Any:
    """What was pickled, of this package's classes only.

    Raises:
        pickle.UnpicklingError: a class or function of elsewhere.
    """
    return _OwnClasses(io.BytesIO(packed)).load()


class _OwnClasses(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        """A class of this package, or the generator of random numbers."""
        if module.startswith(f"{_PACKAGE}.") or (module, name) == ("random", "Random"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a synthetic market")


def _digest(packed: bytes) -> bytes:
    """Of the state and of the code that draws on from it."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join([*(file.read_bytes() for file in files), packed])).digest()
