"""Records the public streams: exact bytes with receive times, one tape per symbol."""

import asyncio
import signal
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import FeedSettings
from skills_lib.market.depth.feed.streams import IgnoreAll
from skills_lib.market.depth.tape.importing import tape_folder
from skills_lib.market.depth.tape.store import Manifest, TapeWriter
from skills_lib.progress import Progress, no_progress

_FLUSH_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded tape. `gaps`: how often its book went out of sync; each time a snapshot follows on the tape."""

    symbol: str
    folder: Path
    lines: int
    gaps: int


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """Target folder, duration and file rotation of a recording."""

    feed: FeedSettings
    tapes_dir: Path
    minutes: float
    part_minutes: float = 60.0


def record(settings: RecordSettings, progress: Progress = no_progress) -> list[Recorded]:
    """Record for `minutes` or until SIGTERM; a crash loses at most the last second.

    Raises:
        InputError: the venue does not list a symbol, or an extra is missing.
        SourceUnavailableError: the venue does not answer at the start.
        OSError: a write failed; earlier data is kept.
    """
    return asyncio.run(_record(settings, progress))


class _Recorder(IgnoreAll):
    """Writes raw messages of a feed to the tape of their symbol."""

    def __init__(self, writers: dict[str, TapeWriter]) -> None:
        self._writers = writers

    def on_raw(self, symbol: str, local_ts_ns: int, raw: bytes) -> None:
        self._writers[symbol].write(local_ts_ns, raw.replace(b"\n", b" ") if b"\n" in raw else raw)

    def flush(self) -> None:
        for writer in self._writers.values():
            writer.flush()


async def _record(settings: RecordSettings, progress: Progress) -> list[Recorded]:
    await _require_symbols(settings.feed)
    with ExitStack() as stack:
        writers = {symbol: stack.enter_context(_writer(settings, symbol)) for symbol in settings.feed.symbols}
        recorder = _Recorder(writers)
        async with Feed(settings.feed, recorder, open_book=LocalBook) as feed:
            await _record_until_done(settings, feed, recorder, progress)
            gaps = {symbol: feed.books[symbol].gaps for symbol in writers}
    return [
        Recorded(symbol, writer.folder, sum(part.lines for part in writer.manifest.parts), gaps[symbol])
        for symbol, writer in writers.items()
    ]


async def _require_symbols(settings: FeedSettings) -> None:
    feed = Feed(settings, open_book=LocalBook)
    try:
        await feed.require_symbols()
    finally:
        await feed.close()


async def _record_until_done(settings: RecordSettings, feed: Feed, recorder: _Recorder, progress: Progress) -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    with suppress(NotImplementedError, RuntimeError):  # unsupported on Windows and outside the main thread
        loop.add_signal_handler(signal.SIGTERM, stopped.set)
    total, began = int(settings.minutes * 60), time.monotonic()
    while not stopped.is_set() and (elapsed := time.monotonic() - began) < settings.minutes * 60:
        progress(int(elapsed), max(total, 1), _feed_status(feed))
        await feed.wait(min(_FLUSH_EVERY_S, settings.minutes * 60 - elapsed))
        recorder.flush()


def _feed_status(feed: Feed) -> str:
    messages = sum(status.messages for status in feed.status().symbols)
    return f"{messages:,} depth messages" if messages else (feed.last_error or "connecting")


def _writer(settings: RecordSettings, symbol: str) -> TapeWriter:
    venue = settings.feed.endpoints.venue
    folder = tape_folder(settings.tapes_dir, venue, symbol, time.time_ns())
    if folder.exists():
        raise InputError(f"{folder} already exists. Wait a second and record again.")
    origin = f"{settings.feed.endpoints.streams}, {', '.join(settings.feed.channels)}"
    return TapeWriter(folder, Manifest(symbol=symbol, venue=venue, origin=origin), settings.part_minutes)
