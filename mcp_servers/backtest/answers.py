"""Response models of the backtest server: flat and bounded, without nan or infinity, which JSON lacks."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field, WithJsonSchema

from skills_lib.backtest.model import RunVerdict
from skills_lib.domain.constraints import Value

Figure = float | int | None


class StrategyLine(BaseModel):
    """One strategy in a list."""

    name: str
    summary: str
    parameters: dict[str, Value]
    problem: str | None = Field(None, description="why the file cannot be used")


class StrategyList(BaseModel):
    """All strategies, up to the maximum of one response."""

    strategies: list[StrategyLine]
    total: int
    truncated: bool
    next_step: str


class ParameterDetails(BaseModel):
    """One parameter of a strategy."""

    name: str
    default: Value
    allowed: str
    values_in_sweep: int


class StrategyDetails(BaseModel):
    """One strategy in full."""

    name: str
    title: str
    description: str
    executor: str = Field(description="signals: vectorised; next: runs on backtesting.py only")
    parameters: list[ParameterDetails]
    constraints: list[str]
    next_step: str


class VerdictAnswer(RunVerdict):
    """The verdict as a section."""

    kind: Literal["verdict"] = "verdict"


class RunSummary(BaseModel):
    """A run without its trades and equity curve."""

    kind: Literal["summary"] = "summary"
    run_id: str
    verdict: RunVerdict
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool = Field(description="true: generated candles, no evidence about a market")
    sample: Literal["in-sample"]
    bars: int
    start: str
    end: str
    parameters: dict[str, Value]
    costs: dict[str, str | float | None]
    metrics: dict[str, Figure]
    perfect: dict[str, str] = Field(description="metrics null because nothing was lost")
    quality: dict[str, int] = Field(description="defects of the candles, not repaired")
    warnings: list[str]
    artifacts: dict[str, str]
    next_step: str


class RunAnswer(RunSummary):
    """A run as it is answered, with what luck reaches by now."""

    trial_meter: str = Field(description="report it with the best of several runs")


class MetricLine(BaseModel):
    """One figure with its definition."""

    name: str
    label: str
    value: Figure
    unit: str
    definition: str
    better: str | None = Field(description="higher or lower; null: neither, so not an objective")
    perfect: str | None = Field(description="what did not occur, where the value is null because nothing was lost")


class MetricsAnswer(BaseModel):
    """All figures of a run."""

    kind: Literal["metrics"] = "metrics"
    metrics: list[MetricLine]


class QualityAnswer(BaseModel):
    """Defects of the candles a run used; nothing was repaired."""

    kind: Literal["quality"] = "quality"
    defects: dict[str, int]


class ReportAnswer(BaseModel):
    """The written report, in Markdown."""

    kind: Literal["report"] = "report"
    markdown: str
    truncated: bool
    path: str


class Trade(BaseModel):
    """A closed trade. Times are UTC opens of bars; `size` is signed, in base units; money is quote currency."""

    entry_time: str
    exit_time: str
    side: str
    size: Figure
    entry_price: Figure
    exit_price: Figure
    pnl: Figure
    return_pct: Figure
    commission: Figure
    funding: Figure
    entry_bar: int
    exit_bar: int
    stop_price: Figure
    target_price: Figure
    exit_reason: str


class TradesAnswer(BaseModel):
    """A page of trades, oldest first."""

    kind: Literal["trades"] = "trades"
    total: int
    first: int = Field(description="position of the first row, from 0")
    rows: list[Trade]
    next_cursor: str | None = Field(description="null on the last page")


class EquityPoint(BaseModel):
    """Equity in quote currency at the close of the bar that opened at `open_time`."""

    open_time: str
    equity: Figure
    drawdown_pct: Figure


class EquityAnswer(BaseModel):
    """A page of the equity curve, oldest first."""

    kind: Literal["equity"] = "equity"
    total: int
    first: int = Field(description="position of the first row, from 0")
    rows: list[EquityPoint]
    next_cursor: str | None = Field(description="null on the last page")


class Section(StrEnum):
    """Sections of a run."""

    SUMMARY = "summary"
    METRICS = "metrics"
    VERDICT = "verdict"
    QUALITY = "quality"
    REPORT = "report"
    TRADES = "trades"
    EQUITY = "equity"


AnyContent = RunSummary | MetricsAnswer | VerdictAnswer | QualityAnswer | ReportAnswer | TradesAnswer | EquityAnswer


Content = Annotated[AnyContent, Field(discriminator="kind"), WithJsonSchema({"type": "object"})]
"""Published as any object: the fields depend on the section, and listing all would cost every client."""


class RunSection(BaseModel):
    """One section of a stored run."""

    run_id: str
    section: Section
    synthetic: bool
    content: Content
    next_step: str


class RunListLine(BaseModel):
    """One stored run of a list; figures are in-sample."""

    run_id: str
    created_at: str
    verdict: str
    synthetic: bool
    strategy: str
    symbol: str
    timeframe: str
    start: str
    end: str
    parameters: dict[str, Value]
    costs: str
    return_pct: Figure
    sharpe: Figure
    max_drawdown_pct: Figure
    trades: Figure


class RunList(BaseModel):
    """A page of stored runs, newest first."""

    runs: list[RunListLine]
    total: int
    next_cursor: str | None
    next_step: str


class RunLine(BaseModel):
    """One run of a comparison."""

    run_id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    start: str
    end: str
    parameters: dict[str, Value]
    verdict: str


class MetricRow(BaseModel):
    """One figure of every run, in the order of `runs`."""

    name: str
    label: str
    unit: str
    values: list[Figure]


class Comparison(BaseModel):
    """Runs side by side, with warnings where the comparison is unfair."""

    runs: list[RunLine]
    metrics: list[MetricRow]
    warnings: list[str]
    next_step: str


def finite(values: Mapping[str, object]) -> dict[str, str | float | None]:
    """`values` for JSON: None where a figure is nan or infinite."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value  # type: ignore[misc]
        for name, value in values.items()
    }
