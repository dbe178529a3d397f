"""Reads and atomically writes Parquet files with key-value metadata, through duckdb."""

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skills_lib.domain.errors import TwokeyError

Columns = dict[str, npt.NDArray[Any]]


class UnreadableParquetError(Exception):
    """The file is truncated, altered, or not one that `write` made."""


def read(path: Path) -> tuple[Columns, dict[str, str]]:
    """Columns and key-value metadata of a file that `write` made.

    Raises:
        UnreadableParquetError: the file is truncated, altered, or not Parquet.
    """
    import duckdb

    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            columns = connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()
            entries = connection.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
    except (duckdb.Error, MemoryError, RuntimeError, UnicodeDecodeError) as error:
        raise UnreadableParquetError(str(error).strip().splitlines()[0][:120].rstrip(". ")) from error
    if any(np.ma.isMaskedArray(column) for column in columns.values()):
        raise UnreadableParquetError("its columns contain nulls")
    try:
        return {name: np.asarray(column) for name, column in columns.items()}, {
            key.decode(): value.decode() for key, value in entries
        }
    except UnicodeDecodeError as error:
        raise UnreadableParquetError("its metadata is not text") from error


def write(path: Path, columns: Columns, metadata: Mapping[str, str]) -> None:
    """Replace `path` atomically; a reader sees the old file or the new one.

    Raises:
        TwokeyError: the file could not be written; `path` is unchanged.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with translate_disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_file(temporary, columns, metadata)
            _fsync(temporary)
            temporary.replace(path)
            _fsync(path.parent)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def translate_disk_errors(path: Path) -> Iterator[None]:
    """Convert I/O errors while writing `path` into a one-line TwokeyError.

    Raises:
        TwokeyError: an I/O error occurred.
    """
    import duckdb

    try:
        yield
    except (OSError, duckdb.Error) as error:
        reason = str(error).strip().splitlines()[0].replace(str(path.parent), "").rstrip(". ")
        raise TwokeyError(
            f"Cannot write {path.name}: {reason[:160]}. The existing file is unchanged. Free disk space and rerun."
        ) from error


def _write_file(temporary: Path, columns: Columns, metadata: Mapping[str, str]) -> None:
    import duckdb

    key_values = ", ".join(f"{_quoted(key)}: {_quoted(value)}" for key, value in metadata.items())
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("bars", columns)
        options = f"FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, KV_METADATA {{{key_values}}}"
        connection.execute(f"COPY (SELECT * FROM bars) TO {_quoted(str(temporary))} ({options})")


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
