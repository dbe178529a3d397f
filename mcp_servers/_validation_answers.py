"""What the validation server answers: flat, bounded, and without the nan and infinity that JSON does not have."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from skills_lib.domain.constraints import Value

Figure = float | int | None
Figures = dict[str, Figure]


class JobAnswer(BaseModel):
    """A job as it stands."""

    job_id: str
    state: str = Field(description="starting, running, done, failed, cancelled, or died (its process is gone)")
    done: int = Field(description="parts finished, of `total`; what is finished is kept")
    total: int
    message: str
    error: str = Field(description="one line, where it failed")
    started_at: str
    next_step: str


class PlateauAnswer(BaseModel):
    """How a point stands among its neighbours."""

    kind: str = Field(description="plateau, spike, or unknown where too few neighbours were tried")
    value: float
    neighbourhood_median: float | None
    neighbours: int


class PointAnswer(BaseModel):
    """One combination with its in-sample figures."""

    parameters: dict[str, Value]
    metrics: Figures
    plateau: PlateauAnswer


class OptimizationAnswer(BaseModel):
    """An optimisation without its table."""

    kind: Literal["optimization"] = "optimization"
    id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    sample: str
    start: str
    end: str
    engine: str
    method: str
    maximize: str
    min_trades: int
    combinations: int | None
    evaluated: int
    eligible: int
    recommended: PointAnswer
    best: PointAnswer = Field(description="the raw maximum: the luckiest of all tried, shown for comparison")
    sensitivity: Figures = Field(description="largest difference between medians of the metric along each parameter")
    warnings: list[str]
    seconds: float
    folder: str


class WindowAnswer(BaseModel):
    """One window. Times are UTC, ends not included; parameters are null where nothing was eligible."""

    train_start: str
    train_end: str
    test_start: str
    test_end: str
    parameters: dict[str, Value] | None
    train_metric: Figure
    test_metric: Figure
    test_return_pct: Figure


class DriftAnswer(BaseModel):
    """How one parameter wandered from window to window."""

    changed_share: float
    mean_step: float | None = Field(description="mean change in shares of its range")


class WalkForwardAnswer(BaseModel):
    """A walk-forward; `windows` holds the newest ones where there are too many."""

    kind: Literal["walk_forward"] = "walk_forward"
    id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    start: str
    end: str
    engine: str
    method: str
    maximize: str
    pick: str
    efficiency: float | None
    positive_share: float
    out_of_sample: Figures
    first_half: Figures | None
    second_half: Figures | None
    parameter_drift: dict[str, DriftAnswer]
    windows: list[WindowAnswer]
    windows_total: int
    warnings: list[str]
    seconds: float
    folder: str


class ReportText(BaseModel):
    """The written report, in Markdown."""

    kind: Literal["report"] = "report"
    markdown: str
    truncated: bool
    path: str


class Section(StrEnum):
    """What of a finished job to read."""

    SUMMARY = "summary"
    REPORT = "report"


class ReportAnswer(BaseModel):
    """One section of what a job found."""

    job_id: str
    content: OptimizationAnswer | WalkForwardAnswer | ReportText = Field(discriminator="kind")
    next_step: str
