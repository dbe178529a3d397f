"""Writes tapes: a folder of zstd files of exact lines, and a manifest with their hashes.

Lines are flushed at least once a second as a separate zstd frame: kill -9 loses at most the last second, and a
truncated file is readable up to its last complete frame.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.zstd import import_zstandard

MANIFEST = "manifest.json"
SUFFIX = ".ts_jsonl.zst"
SYNTHETIC = "synthetic"
"""How the origin of a tape begins that no venue sent."""
_FLUSH_NS = 900_000_000
_FLUSH_BYTES = 1 << 20
_LEVEL = 3
_NS_PER_MINUTE = 60_000_000_000


class Part(BaseModel):
    """One file. `sha256` is None until the file is closed."""

    name: str
    lines: int = 0
    size_bytes: int = 0
    first_local_ts_ns: int | None = None
    last_local_ts_ns: int | None = None
    sha256: str | None = None


class Manifest(BaseModel):
    """Content and origin of a tape folder."""

    model_config = ConfigDict(validate_assignment=True)

    symbol: str
    venue: Venue
    origin: str
    parts: list[Part] = []


class TapeWriter:
    """Appends lines of one symbol to a folder; a new file every `part_minutes` or `part_bytes`, whichever is first.

    Parts that the manifest names already are kept; the first new one is the next.

    Raises:
        InputError: the folder already holds a tape, or zstandard is not installed.
        OSError: a write failed; flushed data stays readable.
    """

    def __init__(self, folder: Path, manifest: Manifest, part_minutes: float = 60.0, part_bytes: int = 1 << 30) -> None:
        if (folder / MANIFEST).exists():
            raise InputError(f"{folder} already holds a tape. Delete it or choose another folder.")
        self.folder, self.manifest = folder, manifest
        self._packer = import_zstandard().ZstdCompressor(level=_LEVEL, write_checksum=True)
        self._part_ns, self._part_bytes = int(part_minutes * _NS_PER_MINUTE), part_bytes
        self._lines: list[bytes] = []
        self._pending_bytes = 0
        self._pending_since_ns: int | None = None
        self._file: IO[bytes] | None = None
        self._hash = hashlib.sha256()
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, local_ts_ns: int | None, raw: bytes) -> None:
        """Append one message, which must not contain a line break; without `local_ts_ns` no time is written."""
        self._lines.append(raw if local_ts_ns is None else b"%d %s" % (local_ts_ns, raw))
        self._pending_bytes += len(raw)
        part = self._part(local_ts_ns)
        part.lines += 1
        if local_ts_ns is not None:
            part.first_local_ts_ns = part.first_local_ts_ns or local_ts_ns
            part.last_local_ts_ns = local_ts_ns
            self._pending_since_ns = self._pending_since_ns or local_ts_ns
        if self._is_due(local_ts_ns):
            self.flush()

    def flush(self) -> None:
        """Write pending lines; call it every second, since a stream may pause.

        Raises:
            OSError: a write failed; the file is truncated to its last complete frame.
        """
        if not self._lines or self._file is None:
            return
        frame = self._packer.compress(b"\n".join(self._lines) + b"\n")
        part = self.manifest.parts[-1]
        try:
            _write_all(self._file, frame)
        except OSError:
            os.ftruncate(self._file.fileno(), part.size_bytes)
            part.lines -= len(self._lines)
            raise
        finally:
            self._lines, self._pending_bytes, self._pending_since_ns = [], 0, None
        self._hash.update(frame)
        part.size_bytes += len(frame)
        if part.size_bytes >= self._part_bytes:
            self._end_part()

    def close(self) -> None:
        """Write pending lines and the manifest with all hashes."""
        self.flush()
        self._end_part()

    def __enter__(self) -> Self:
        """The writer itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Close; after an OSError only the manifest is written."""
        if isinstance(error, OSError):
            self._lines = []
        self.close()

    def _is_due(self, local_ts_ns: int | None) -> bool:
        if self._pending_bytes >= _FLUSH_BYTES:
            return True
        since = self._pending_since_ns
        return local_ts_ns is not None and since is not None and local_ts_ns - since >= _FLUSH_NS

    def _part(self, local_ts_ns: int | None) -> Part:
        if self._file is not None:
            part = self.manifest.parts[-1]
            began = part.first_local_ts_ns
            if local_ts_ns is None or began is None or local_ts_ns - began < self._part_ns:
                return part
            line = self._lines.pop()
            self.close()
            self._lines = [line]
        return self._begin_part()

    def _begin_part(self) -> Part:
        part = Part(name=part_name(len(self.manifest.parts) + 1))
        self.manifest.parts.append(part)
        self._hash = hashlib.sha256()
        self._file = (self.folder / part.name).open("wb", buffering=0)
        write_manifest(self.folder, self.manifest)
        return part

    def _end_part(self) -> None:
        if self._file is None:
            return
        self._file.close()
        self._file = None
        self.manifest.parts[-1].sha256 = self._hash.hexdigest()
        write_manifest(self.folder, self.manifest)


def _write_all(file: IO[bytes], frame: bytes) -> None:
    """Write the whole frame; unbuffered writes may be partial."""
    remaining = memoryview(frame)
    while remaining:
        remaining = remaining[file.write(remaining) :]


def part_name(number: int) -> str:
    """Name of a file of a tape; the first is number 1."""
    return f"part-{number:04d}{SUFFIX}"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest atomically."""
    part = folder / f"{MANIFEST}.tmp"
    part.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    part.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder, or None.

    Raises:
        InputError: the file is not a valid manifest.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputError(f"{path} is not a valid tape manifest. Delete it to read the files without it.") from error


def find_damage(folder: Path) -> list[str]:
    """Differences between the manifest and the files, one line each."""
    manifest = read_manifest(folder)
    return [] if manifest is None else [line for part in manifest.parts for line in _find_part_damage(folder, part)]


def _find_part_damage(folder: Path, part: Part) -> Iterator[str]:
    path = folder / part.name
    if not path.is_file():
        yield f"{part.name} is missing."
    elif part.sha256 is None:
        yield f"{part.name} was never finished: its recorder was killed or is still running."
    elif _sha256(path) != part.sha256:
        yield f"{part.name} was altered: its hash differs from the manifest."


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder that is renamed to `folder` on success and removed on failure.

    Raises:
        InputError: the folder already exists.
    """
    import shutil

    if folder.exists():
        raise InputError(f"{folder} already exists. Delete it first.")
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
