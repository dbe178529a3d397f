"""What identifies a replay: the bytes of its tapes, the code that computes it, and what was asked."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPUTING = ("live", "skills_lib/domain", "skills_lib/market")
"""Packages whose code can change a figure; their packages named `report` only present figures."""
SIGNALS = ("live/engine/signals",)
"""The strategy itself: the ledger's trial stays the same if anything else of the program changes."""
_DEPENDENCIES = ("msgspec", "numpy")
_CHUNK = 1 << 20


def replay_id(tapes: Sequence[str], code: str, asked: Mapping[str, object]) -> str:
    """16 hex digits from the hashes of the tapes in order, the hash of the code, and what was asked as JSON."""
    return hashlib.sha256(json.dumps([list(tapes), code, asked], sort_keys=True).encode()).hexdigest()[:16]


@cache
def code_sha256(packages: Sequence[str] = COMPUTING, root: Path = ROOT) -> str:
    """Hash of all modules of some packages and of the numeric libraries' versions."""
    digest = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in _DEPENDENCIES).encode())
    for file in _modules(packages, root):
        digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def tape_sha256(path: Path) -> str:
    """Hash of a file's bytes; of a folder, of the names and bytes of its files.

    Raises:
        OSError: it cannot be read.
    """
    if path.is_file():
        return _file_sha256(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    parts = [f"{file.relative_to(path).as_posix()} {_file_sha256(file)}" for file in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _modules(packages: Sequence[str], root: Path) -> Iterator[Path]:
    for package in packages:
        for file in sorted((root / package).rglob("*.py")):
            if "report" not in file.relative_to(root).parts:
                yield file
