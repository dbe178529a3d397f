"""Response models of the validation server: flat and bounded, without nan or infinity, which JSON lacks."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, WithJsonSchema

from skills_lib.domain.constraints import Value

Figure = float | int | None
Figures = dict[str, Figure]


class PlateauAnswer(BaseModel):
    """Stability of a point among its neighbours."""

    kind: str = Field(description="plateau, spike or unknown")
    value: float | None
    neighbourhood_median: float | None
    neighbours: int


class PointAnswer(BaseModel):
    """One combination with its in-sample figures; `perfect`: those that are null because nothing was lost, and why."""

    parameters: dict[str, Value]
    metrics: Figures
    perfect: dict[str, str]
    plateau: PlateauAnswer


class OptimizationAnswer(BaseModel):
    """An optimisation without the table of combinations.

    `sensitivity`: largest difference between medians of the metric along each parameter.
    """

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
    best: PointAnswer = Field(description="the luckiest of all tried")
    sensitivity: Figures
    warnings: list[str]
    trial_meter: str
    seconds: float
    folder: str


class WindowAnswer(BaseModel):
    """One window. Times are UTC, ends not included; parameters are null if no combination was eligible."""

    train_start: str
    train_end: str
    test_start: str
    test_end: str
    parameters: dict[str, Value] | None
    train_metric: Figure
    test_metric: Figure
    test_return_pct: Figure


class DriftAnswer(BaseModel):
    """How one parameter changed between windows; `mean_step`: mean change as a share of its range."""

    changed_share: float
    mean_step: float | None


class WalkForwardAnswer(BaseModel):
    """A walk-forward; `windows` has the newest only if there are too many."""

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
    trial_meter: str
    seconds: float
    folder: str


class RuleAnswer(BaseModel):
    """One rule of a verdict; `value` is null if unavailable, `margin` below 0 if the rule is missed."""

    name: str
    comparison: str
    threshold: float | bool
    value: float | bool | None
    unit: str
    margin: float | None
    passed: bool
    level: str


class VerdictAnswer(BaseModel):
    """PASS, CAUTION or FAIL, with the rules."""

    label: str
    rules: list[RuleAnswer]
    would_change: list[str]
    not_covered: list[str]


class ValidationAnswer(BaseModel):
    """A validation without its tables: in-sample figures describe the bars that chose the parameters.

    `walk_forward`: the stitched out-of-sample run.
    """

    kind: Literal["validation"] = "validation"
    id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    start: str
    end: str
    verdict: VerdictAnswer
    parameters: dict[str, Value]
    in_sample: Figures
    out_of_sample: Figures
    fall: str
    walk_forward: Figures
    mean_window_sharpe: float
    positive_window_share: float
    trials: int = Field(description="configurations ever tried on these candles")
    deflated_sharpe: float | None
    probability_of_overfitting: float | None
    sealed_opened: bool
    warnings: list[str]
    trial_meter: str
    seconds: float
    folder: str


class StageAnswer(BaseModel):
    """One stage of a validation, as in result.json, without curves and histograms."""

    kind: Literal["stage"] = "stage"
    stage: str
    synthetic: bool
    figures: dict[str, Any]


class ReportText(BaseModel):
    """The written report, in Markdown."""

    kind: Literal["report"] = "report"
    markdown: str
    truncated: bool
    path: str


class Section(StrEnum):
    """Sections of the result of a job."""

    SUMMARY = "summary"
    REPORT = "report"
    DATA = "data"
    LOOKAHEAD = "lookahead"
    IN_SAMPLE = "in_sample"
    OUT_OF_SAMPLE = "out_of_sample"
    WALK_FORWARD = "walk_forward"
    OTHER_MARKETS = "elsewhere"
    MONTE_CARLO = "monte_carlo"
    OVERFITTING = "overfitting"
    COSTS = "costs"
    REGIMES = "regimes"
    SEALED = "sealed"


AnyContent = OptimizationAnswer | WalkForwardAnswer | ValidationAnswer | StageAnswer | ReportText
Content = Annotated[AnyContent, Field(discriminator="kind"), WithJsonSchema({"type": "object"})]
"""Published as any object: the fields depend on the section, and listing all would cost every client."""


class ReportAnswer(BaseModel):
    """One section of the result of a job."""

    job_id: str
    content: Content
    next_step: str
