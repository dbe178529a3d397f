"""Parquet through duckdb: columns with a few words about them, written whole or not at all."""

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skills_lib.domain.errors import TwokeyError

Columns = dict[str, npt.NDArray[Any]]


class UnreadableParquetError(Exception):
    """The file is not the one that was written."""


def read(path: Path) -> tuple[Columns, dict[str, str]]:
    """Columns and key-value metadata of a file that `write` made.

    Raises:
        UnreadableParquetError: the file is cut, altered or something else.
    """
    import duckdb

    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            columns = connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()
            pairs = connection.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
    except (duckdb.Error, MemoryError, RuntimeError, UnicodeDecodeError) as error:
        raise UnreadableParquetError(str(error).strip().splitlines()[0][:120].rstrip(". ")) from error
    if any(np.ma.isMaskedArray(column) for column in columns.values()):
        raise UnreadableParquetError("it has holes in its columns")
    try:
        return {name: np.asarray(column) for name, column in columns.items()}, {
            key.decode(): value.decode() for key, value in pairs
        }
    except UnicodeDecodeError as error:
        raise UnreadableParquetError("its metadata is not text") from error


def write(path: Path, columns: Columns, about: Mapping[str, str]) -> None:
    """Replace `path` atomically; a reader sees the old file or the new one.

    Raises:
        TwokeyError: the disk refused; `path` is as it was.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with refused_by_disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _copy(part, columns, about)
            _flush(part)
            part.replace(path)
            _flush(path.parent)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def refused_by_disk(path: Path) -> Iterator[None]:
    """Turn what the disk says while `path` is written into one line.

    Raises:
        TwokeyError: the disk refused.
    """
    import duckdb

    try:
        yield
    except (OSError, duckdb.Error) as error:
        reason = str(error).strip().splitlines()[0].replace(str(path.parent), "").rstrip(". ")
        raise TwokeyError(
            f"The disk refused to store {path.name}: {reason[:160]}. What was there is untouched. "
            "Free space, then run the command again."
        ) from error


def _copy(part: Path, columns: Columns, about: Mapping[str, str]) -> None:
    import duckdb

    metadata = ", ".join(f"{_quoted(key)}: {_quoted(value)}" for key, value in about.items())
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("bars", pd.DataFrame(columns))
        options = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{metadata}}}"
        connection.execute(f"COPY (SELECT * FROM bars) TO {_quoted(str(part))} ({options})")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
