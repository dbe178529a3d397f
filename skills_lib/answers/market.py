"""Answers about candles, recorded order books and scans."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skills_lib.answers.model import Answer
from skills_lib.domain.models import FrozenModel

if TYPE_CHECKING:
    from skills_lib.market.candles import Candles
    from skills_lib.market.candles.cache import Cached, CacheKey
    from skills_lib.market.depth.tape.info import TapeInfo
    from skills_lib.market.depth.tape.report import TapeReport
    from skills_lib.market.scanner import Scan


class CandlesAnswer(Answer):
    """Candles and their defects; nothing was repaired. `start`, `end`: opens of the first and the last bar, UTC.

    `exchange`, `added`, `replaced`, `unchanged`: of an import into the cache. `symbol` is null for a file without one.
    """

    MATTERS: ClassVar = ("largest_gaps",)

    synthetic: bool
    symbol: str | None
    timeframe: str
    source: str
    start: str
    end: str
    bars: int
    gaps: int
    missing_bars: int
    duplicates: int
    unordered: int
    ohlc_violations: int
    zero_volume: int
    spikes: int
    breaks: int
    first_breaks: list[dict[str, Any]]
    largest_gaps: list[dict[str, Any]]
    exchange: str | None = None
    added: int | None = None
    replaced: int | None = None
    unchanged: int | None = None

    @classmethod
    def of(cls, found: "Candles", symbol: str | None = None, **imported: Any) -> Self:
        """The answer about candles, called `symbol`; `imported`: where they were stored, and the counts."""
        ends = found.bars.open_time_ns[[0, -1]].view("datetime64[ns]").astype("datetime64[s]")
        start, end = (f"{time}Z" for time in ends)
        return cls(
            symbol=symbol,
            timeframe=found.timeframe.value,
            source=str(found.origin),
            synthetic=found.origin.synthetic,
            start=start,
            end=end,
            **found.quality.model_dump(),
            **imported,
        )


class CacheLine(FrozenModel):
    """Cached candles of one instrument and timeframe. Times are UTC opens of the first and last bar."""

    exchange: str
    symbol: str
    timeframe: str
    bars: int
    start: str
    end: str
    stored_at: str
    origin: str

    @classmethod
    def of(cls, key: "CacheKey", cached: "Cached") -> Self:
        """The line of a cache file that holds bars."""
        start, end = (str(t) for t in cached.bars.open_time_ns[[0, -1]].view("datetime64[ns]").astype("datetime64[s]"))
        return cls(
            exchange=key.exchange,
            symbol=key.instrument.symbol,
            timeframe=key.timeframe.value,
            bars=len(cached.bars),
            start=f"{start}Z",
            end=f"{end}Z",
            stored_at=f"{cached.fetched_at:%Y-%m-%dT%H:%M:%SZ}",
            origin=cached.origin,
        )


class CachesAnswer(Answer):
    """What the cache holds."""

    folder: Path
    caches: list[CacheLine]


class TapeAnswer(Answer):
    """A check of a recorded order book. The book's figures are null if it is out of sync at the end.

    `folder`, `skipped`: of an import; lines of other symbols, or unreadable.
    """

    MATTERS: ClassVar = ("messages",)

    in_sync: bool
    chain_breaks: int
    crossed_books: int
    malformed: int
    lost_bytes: int
    repeated: int
    repeated_trades: int
    symbol: str
    venue: str
    lines: int
    problems: list[str]
    messages: dict[str, int]
    bbo_checked: int
    bbo_matched: int
    late_bbo_checked: int
    late_bbo_matched: int
    final_update_id: int | None
    levels: dict[str, int] | None
    top5: dict[str, Any] | None
    first_local_ts_ns: int | None
    last_local_ts_ns: int | None
    latency: dict[str, Any] | None
    folder: Path | None = None
    skipped: int | None = None

    @classmethod
    def of(cls, found: "TapeReport", folder: Path | None = None, skipped: int | None = None) -> Self:
        """The answer about a check, or about an import into `folder`."""
        return cls(**found.model_dump(), folder=folder, skipped=skipped)


class TapeInfoAnswer(Answer):
    """A summary of a tape; no book was built."""

    lines: int
    malformed: int
    seconds: float | None
    first_local_ts_ns: int | None
    last_local_ts_ns: int | None
    size_bytes: int
    origin: str | None
    latency: dict[str, Any] | None
    problems: list[str]
    symbols: dict[str, dict[str, int]]
    files: list[str]

    @classmethod
    def of(cls, found: "TapeInfo") -> Self:
        """The answer about a tape."""
        return cls(**found.model_dump())


class ExportAnswer(Answer):
    """An exported tape. `shifted_ns`: by how much receive times were moved.

    `clock_steps`: how often the recorder's clock was set back, and receive times were corrected."""

    out: Path
    rows: int
    shifted_ns: int
    clock_steps: int


class SyntheticTapeAnswer(Answer):
    """A drawn tape: synthetic, the same for the same symbol, hours and seed."""

    synthetic: bool
    symbol: str
    seed: int
    seconds: int
    lines: int
    size_bytes: int
    folder: Path


class RecordedTape(FrozenModel):
    """One recorded symbol."""

    symbol: str
    folder: Path
    lines: int
    gaps: int


class RecordAnswer(Answer):
    """Recorded tapes."""

    tapes: list[RecordedTape]


class ScanAnswer(Answer):
    """Ranked instruments, lowest fee burden first. `skipped`: instruments left out, with the reason.

    Depths in quote currency, spread, volatility and move in basis points.
    """

    MATTERS: ClassVar = ("rows",)

    rows: list[dict[str, Any]]
    skipped: dict[str, str]

    @classmethod
    def of(cls, found: "Scan") -> Self:
        """The answer about a scan."""
        return cls(**found.model_dump())
