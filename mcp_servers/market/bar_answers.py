"""Answer models of the market server for bars and symbols."""

from pydantic import BaseModel, Field

from mcp_servers.job_answer import JobAnswer
from skills_lib.answers.market import CacheLine
from skills_lib.domain.timeframes import Timeframe


class BarRow(BaseModel):
    """One bar; `open_time` is UTC, prices are in quote currency, volume in base units."""

    open_time: str
    open: float
    high: float
    low: float
    close: float
    volume: float


class BarsAnswer(BaseModel):
    """A page of bars, oldest first. `end`: open time of the last bar; `quality`: defects of the whole span, which are
    never repaired; `first`: position of the first row."""

    symbol: str
    timeframe: Timeframe
    source: str
    synthetic: bool
    total: int
    start: str | None
    end: str | None
    quality: dict[str, int]
    first: int
    rows: list[BarRow]
    next_cursor: str | None
    next_step: str


class SymbolLine(BaseModel):
    """One instrument of a venue."""

    symbol: str
    pair: str
    kind: str
    active: bool


class SymbolsAnswer(BaseModel):
    """Symbols that match, best first."""

    symbols: list[SymbolLine]
    exchange: str
    source: str | None
    truncated: bool
    next_step: str


class DataList(BaseModel):
    """A page of what the cache holds; `damaged`: files set aside, and why."""

    data: list[CacheLine]
    damaged: list[str]
    total: int
    next_cursor: str | None
    next_step: str


class Fetched(BaseModel):
    """The candles of a finished download, from the cache and the venue together."""

    symbol: str
    timeframe: str
    source: str
    bars: int
    start: str
    end: str
    quality: dict[str, int]


class FetchAnswer(JobAnswer):
    """State of a download."""

    fetched: Fetched | None = Field(description="once done")
