"""Stores the complete answers of commands that store nothing else."""

import hashlib
from pathlib import Path
from typing import Any

from skills_lib.answers.model import complete_text

MAX_FILES = 200
"""Files that are kept in the folder; the oldest are removed."""


def store_answer(folder: Path, verb: str, fields: dict[str, Any]) -> Path:
    """Write a complete answer to `folder`, unless it is there, and return its file; equal answers are one file.

    Raises:
        OSError: it cannot be written.
    """
    text = complete_text(fields)
    path = folder / f"{verb}-{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:16]}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _replace(path, text)
        _remove_oldest(folder)
    return path


def _replace(path: Path, text: str) -> None:
    import os

    new = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        new.write_text(text, encoding="utf-8", errors="surrogatepass")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _remove_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    for old in files[:-MAX_FILES]:
        old.unlink(missing_ok=True)
