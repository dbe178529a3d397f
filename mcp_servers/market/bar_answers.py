"""What the market server answers."""

from pydantic import BaseModel, Field

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
    """A page of bars, oldest first, and what is known about the whole span."""

    symbol: str
    timeframe: Timeframe
    source: str
    synthetic: bool = Field(description="true: made by Twokey, says nothing about a market")
    total: int
    start: str | None
    end: str | None = Field(description="open time of the last bar")
    quality: dict[str, int] = Field(description="defects of the whole span; gaps are never filled")
    first: int = Field(description="position of the first row, from 0")
    rows: list[BarRow]
    next_cursor: str | None = Field(description="null on the last page")
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
    source: str | None = Field(description="where the list came from; null when nothing matched")
    truncated: bool
    next_step: str
