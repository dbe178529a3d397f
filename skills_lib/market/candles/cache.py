"""The candle cache: one Parquet file per exchange, symbol and timeframe, replaced whole or not at all."""

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
    """What one cache file holds."""

    exchange: str
    instrument: Instrument
    timeframe: Timeframe

    def __str__(self) -> str:
        return f"{self.instrument.symbol} {self.timeframe} of {self.exchange}"


@dataclass(frozen=True, slots=True)
class Cached:
    """A cache file's content. `known` are the spans that were asked for, whether or not bars exist in them."""

    bars: Bars
    known: tuple[TimeSpan, ...]
    fetched_at: datetime
    origin: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge changed: bars that are new, that got other values, and that were there already."""

    added: int
    replaced: int
    unchanged: int


class CandleCache:
    """Reads and merges cache files under `folder`; safe beside other processes that do the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._locks: dict[Path, BaseFileLock] = {}

    def path(self, key: CacheKey) -> Path:
        """Where `key` is kept."""
        return self.folder / key.exchange / f"{key.instrument.base}-{key.instrument.quote}-{key.timeframe}.parquet"

    def pages(self, key: CacheKey) -> PageLog:
        """Where a running download of `key` keeps what arrived."""
        return PageLog(self.path(key).with_suffix(".pages"), key.timeframe)

    def read(self, key: CacheKey) -> Cached | None:
        """The content of `key`, or None where there is none.

        Raises:
            CorruptDataError: the file failed its checks and now has another name.
        """
        path = self.path(key)
        if not path.exists():
            return None
        try:
            return _unpack(*parquet.read(path), key.timeframe)
        except parquet.UnreadableParquetError as error:
            aside = path.with_name(f"{path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
            path.replace(aside)
            raise CorruptDataError(
                f"The cache file {path.name} was damaged ({error}) and is set aside as {aside.name}. Fetch again."
            ) from error

    @contextmanager
    def locked(self, key: CacheKey, progress: Progress = no_progress) -> Iterator[None]:
        """Hold `key` against other processes; waits for one that is downloading it, and says so."""
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
        """Add pages to `key`; where a bar is known already the page's wins. All or nothing.

        Raises:
            CorruptDataError: the existing file is damaged; it is set aside and nothing is written.
            TwokeyError: the disk refused; the old file is untouched.
        """
        with self.locked(key):
            old = self.read(key)
            before = old.bars if old else no_bars(key.timeframe)
            known = [*(old.known if old else ()), *(span for span, _ in pages)]
            bars = union([before, *(bars for _, bars in pages)])
            now = datetime.now(UTC).replace(microsecond=0)
            self._write(key, Cached(bars, tuple(join(known)), now, origin))
        return _difference(before, bars, union([no_bars(key.timeframe), *(page for _, page in pages)]))

    def fold(self, key: CacheKey, origin: str) -> None:
        """Move pages left by a download into the cache.

        Raises:
            TwokeyError: as `merge`.
        """
        with self.locked(key):
            log = self.pages(key)
            if pages := log.read():
                self.merge(key, pages, origin)
            log.clear()

    def entries(self) -> list[CacheKey]:
        """Every key that is cached, in order."""
        keys = (_key_of(path) for path in sorted(self.folder.glob("*/*.parquet")))
        return [key for key in keys if key is not None]

    def _write(self, key: CacheKey, content: Cached) -> None:
        columns = {name: getattr(content.bars, name) for name in COLUMNS}
        about = {
            "fetched_at": content.fetched_at.isoformat(),
            "origin": content.origin,
            "known": json.dumps([[span.start_ns, span.end_ns] for span in content.known]),
        }
        parquet.write(self.path(key), columns, about | {"sha256": _digest(content.bars, about)})


def _key_of(path: Path) -> CacheKey | None:
    try:
        base, quote, timeframe = path.stem.split("-")
        return CacheKey(path.parent.name, Instrument(base, quote), Timeframe(timeframe))
    except ValueError:
        return None


def _unpack(columns: parquet.Columns, about: dict[str, str], timeframe: Timeframe) -> Cached:
    try:
        times, *fields = (columns[name] for name in COLUMNS)
        bars = bars_of(times, fields, timeframe.nanoseconds)
        told = about.pop("sha256")
        if told != _digest(bars, about):
            raise parquet.UnreadableParquetError("its content does not match its checksum")
        known = tuple(TimeSpan(start, end) for start, end in json.loads(about["known"]))
        return Cached(bars, known, datetime.fromisoformat(about["fetched_at"]), about["origin"])
    except (KeyError, ValueError) as error:
        raise parquet.UnreadableParquetError(f"it lacks {error}") from error


def _digest(bars: Bars, about: dict[str, str]) -> str:
    told = json.dumps(dict(sorted(about.items())))
    return hashlib.sha256(f"{bars.digest()} {told}".encode()).hexdigest()


def _difference(before: Bars, after: Bars, given: Bars) -> Merged:
    _, old, new = np.intersect1d(before.open_time_ns, given.open_time_ns, assume_unique=True, return_indices=True)
    differs = np.zeros(len(old), dtype=np.bool_)
    for name in COLUMNS[1:]:
        differs |= getattr(before, name)[old] != getattr(given, name)[new]
    replaced = int(differs.sum())
    return Merged(added=len(after) - len(before), replaced=replaced, unchanged=len(old) - replaced)
