"""Types for requesting candles and for the loaded result."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from skills_lib.domain.bars import Bars
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.quality import QualityReport
from skills_lib.domain.timeframes import Timeframe


class Source(StrEnum):
    """Sources of bars. AUTO tries fresh cache, exchange, archive, stale cache and sample, in this order.

    STORE is the trade log.
    """

    AUTO = "auto"
    CACHE = "cache"
    EXCHANGE = "exchange"
    ARCHIVE = "archive"
    SAMPLE = "sample"
    YAHOO = "yahoo"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class CandleRequest:
    """Bars of one instrument whose open time is in [since, until), both UTC-aware; None leaves an end open."""

    instrument: Instrument
    timeframe: Timeframe
    since: datetime | None = None
    until: datetime | None = None
    source: Source = Source.AUTO
    exchange: str = "binance"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where bars came from; printed as `exchange (binance, fetched 2026-11-21 03:10 UTC)`."""

    source: str
    detail: str
    synthetic: bool = False

    def __str__(self) -> str:
        return f"{self.source} ({self.detail})"


@dataclass(frozen=True, slots=True)
class Candles:
    """Bars with their origin and quality report."""

    instrument: Instrument
    timeframe: Timeframe
    bars: Bars
    origin: Origin
    quality: QualityReport
