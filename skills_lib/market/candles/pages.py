"""Logs downloaded pages on disk before they are merged into the cache, so that a crash does not lose them."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.parquet import translate_disk_errors
from skills_lib.market.candles.series import COLUMNS, bars_of
from skills_lib.market.candles.spans import TimeSpan

Page = tuple[TimeSpan, Bars]
"""A requested span and every bar in it."""

_HEADER = struct.Struct("<4sqqQI")
_MAGIC = b"PAGE"


class PageLog:
    """An append-only file of pages; a truncated record and everything after it is ignored."""

    def __init__(self, path: Path, timeframe: Timeframe) -> None:
        self._path = path
        self._timeframe = timeframe

    def append(self, page: Page) -> None:
        """Write one page and sync it to disk.

        Raises:
            TwokeyError: the page could not be written.
        """
        span, bars = page
        body = b"".join(np.ascontiguousarray(getattr(bars, name)).tobytes() for name in COLUMNS)
        header = _HEADER.pack(_MAGIC, span.start_ns, span.end_ns, len(bars), zlib.crc32(body))
        with translate_disk_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(header + body)
                file.flush()
                os.fsync(file.fileno())

    def read(self) -> list[Page]:
        """Every complete page, in the order they were appended."""
        data = self._path.read_bytes() if self._path.exists() else b""
        pages, offset = [], 0
        while (found := self._page(data, offset)) is not None:
            page, offset = found
            pages.append(page)
        return pages

    def clear(self) -> None:
        """Delete all pages."""
        self._path.unlink(missing_ok=True)

    def _page(self, data: bytes, offset: int) -> tuple[Page, int] | None:
        start = offset + _HEADER.size
        if len(data) < start:
            return None
        magic, start_ns, end_ns, count, checksum = _HEADER.unpack(data[offset:start])
        end = start + count * 8 * len(COLUMNS)
        body = data[start:end]
        if magic != _MAGIC or end > len(data) or zlib.crc32(body) != checksum:
            return None
        rows = np.frombuffer(body, np.float64).reshape(len(COLUMNS), count)
        bars = bars_of(rows[0].view(np.int64), rows[1:], self._timeframe.nanoseconds)
        return (TimeSpan(start_ns, end_ns), bars), end
