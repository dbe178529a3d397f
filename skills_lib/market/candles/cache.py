"""Stores candles in one Parquet file per exchange, symbol and timeframe; writes are atomic."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import CorruptDataError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import parquet
from skills_lib.market.candles.pages import Page, PageLog
from skills_lib.market.candles.series import COLUMNS, bars_of, no_bars, union
from skills_lib.market.candles.spans import TimeSpan, join
from skills_lib.progress import Progress, no_progress

if TYPE_CHECKING:
    from filelock import BaseFileLock

IMPORT = "import"


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Identifies one cache file."""

    exchange: str
    instrument: Instrument
    timeframe: Timeframe

    def __str__(self) -> str:
        return f"{self.instrument.symbol} {self.timeframe} of {self.exchange}"


@dataclass(frozen=True, slots=True)
class Cached:
    """Content of a cache file. `known` lists the spans already requested, whether or not they contain bars."""

    bars: Bars
    known: tuple[TimeSpan, ...]
    fetched_at: datetime
    origin: str


@dataclass(frozen=True, slots=True)
class Merged:
    """Counts of a merge: bars added, bars with new values, and bars already stored."""

    added: int
    replaced: int
    unchanged: int


class CandleCache:
    """Reads and merges cache files under `folder`; safe for concurrent processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._locks: dict[Path, BaseFileLock] = {}

    def path(self, key: CacheKey) -> Path:
        """The cache file of `key`."""
        return self.folder / key.exchange / f"{key.instrument.base}-{key.instrument.quote}-{key.timeframe}.parquet"

    def pages(self, key: CacheKey) -> PageLog:
        """The log that stores downloaded pages of `key` until they are merged."""
        return PageLog(self.path(key).with_suffix(".pages"), key.timeframe)

    def read(self, key: CacheKey) -> Cached | None:
        """The content of `key`, or None if it is not cached.

        Raises:
            CorruptDataError: the file failed its checks and was renamed.
        """
        path = self.path(key)
        if not path.exists():
            return None
        try:
            return _unpack(*parquet.read(path), key.timeframe)
        except parquet.UnreadableParquetError as error:
            quarantined = path.with_name(f"{path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
            path.replace(quarantined)
            raise CorruptDataError(
                f"The cache file {path.name} was damaged ({error}) and is set aside as {quarantined.name}. Fetch again."
            ) from error

    @contextmanager
    def lock(self, key: CacheKey, progress: Progress = no_progress) -> Iterator[None]:
        """Lock `key` against other processes; reports progress while another one is downloading it."""
        from filelock import FileLock, Timeout

        path = self.path(key).with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = self._locks.setdefault(path, FileLock(path))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress(0, 0, f"waiting: another process is downloading {key}")
            lock.acquire(poll_interval=0.05)
        try:
            yield
        finally:
            lock.release()

    def merge(self, key: CacheKey, pages: Sequence[Page], origin: str) -> Merged:
        """Add pages to `key`, atomically; a bar of a page replaces a cached one.

        Raises:
            CorruptDataError: the existing file is damaged; it is set aside and nothing is written.
            TwokeyError: the file could not be written; the old one is unchanged.
        """
        with self.lock(key):
            old = self.read(key)
            before = old.bars if old else no_bars(key.timeframe)
            known = [*(old.known if old else ()), *(span for span, _ in pages)]
            bars = union([before, *(bars for _, bars in pages)])
            now = datetime.now(UTC).replace(microsecond=0)
            self._write(key, Cached(bars, tuple(join(known)), now, origin))
        if not len(before):
            return Merged(added=len(bars), replaced=0, unchanged=0)
        return _count_changes(before, bars, union([no_bars(key.timeframe), *(page for _, page in pages)]))

    def merge_pages(self, key: CacheKey, origin: str) -> None:
        """Move downloaded pages into the cache.

        Raises:
            TwokeyError: as `merge`.
        """
        with self.lock(key):
            log = self.pages(key)
            if pages := log.read():
                self.merge(key, pages, origin)
            log.clear()

    def entries(self) -> list[CacheKey]:
        """Every cached key, sorted by path."""
        keys = (_key_of(path) for path in sorted(self.folder.glob("*/*.parquet")))
        return [key for key in keys if key is not None]

    def _write(self, key: CacheKey, content: Cached) -> None:
        columns = {name: getattr(content.bars, name) for name in COLUMNS}
        metadata = {
            "fetched_at": content.fetched_at.isoformat(),
            "origin": content.origin,
            "known": json.dumps([[span.start_ns, span.end_ns] for span in content.known]),
        }
        parquet.write(self.path(key), columns, metadata | {"sha256": _digest(content.bars, metadata)})


def _key_of(path: Path) -> CacheKey | None:
    try:
        base, quote, timeframe = path.stem.split("-")
        return CacheKey(path.parent.name, Instrument(base, quote), Timeframe(timeframe))
    except ValueError:
        return None


def _unpack(columns: parquet.Columns, metadata: dict[str, str], timeframe: Timeframe) -> Cached:
    try:
        times, *fields = (columns[name] for name in COLUMNS)
        bars = bars_of(times, fields, timeframe.nanoseconds)
        stored_digest = metadata.pop("sha256")
        if stored_digest != _digest(bars, metadata):
            raise parquet.UnreadableParquetError("its content does not match its checksum")
        known = tuple(TimeSpan(start, end) for start, end in json.loads(metadata["known"]))
        return Cached(bars, known, datetime.fromisoformat(metadata["fetched_at"]), metadata["origin"])
    except (KeyError, ValueError) as error:
        raise parquet.UnreadableParquetError(f"it lacks {error}") from error


def _digest(bars: Bars, metadata: dict[str, str]) -> str:
    metadata_json = json.dumps(dict(sorted(metadata.items())))
    return hashlib.sha256(f"{bars.digest()} {metadata_json}".encode()).hexdigest()


def _count_changes(before: Bars, after: Bars, incoming: Bars) -> Merged:
    _, old, new = np.intersect1d(before.open_time_ns, incoming.open_time_ns, assume_unique=True, return_indices=True)
    differs = np.zeros(len(old), dtype=np.bool_)
    for name in COLUMNS[1:]:
        differs |= getattr(before, name)[old] != getattr(incoming, name)[new]
    replaced = int(differs.sum())
    return Merged(added=len(after) - len(before), replaced=replaced, unchanged=len(old) - replaced)
