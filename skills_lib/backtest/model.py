"""Settings and results of a backtest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, computed_field

from skills_lib.backtest.metrics import perfect
from skills_lib.domain.constraints import Value
from skills_lib.domain.costs import PRESETS, Costs
from skills_lib.domain.models import FrozenModel

EngineName = Literal["reference", "kernel"]
Parameters = Mapping[str, Value]


class Span(NamedTuple):
    """Bars `start` to `stop`, exclusive; earlier bars only warm up indicators."""

    start: int
    stop: int


class BacktestSettings(BaseModel):
    """Execution and cost settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cash: float = Field(100_000.0, gt=0, description="starting equity in quote currency")
    costs: Costs = PRESETS["default"]
    leverage: float = Field(1.0, ge=1, le=125)
    exclusive_orders: bool = Field(True, description="an entry closes an open position first")
    trade_on_close: bool = Field(False, description="fill at the signal's own close: optimistic")
    fractional_unit: float = Field(1e-8, gt=0, le=1, description="smallest amount of the base asset")
    engine: EngineName = Field("reference", description="backtesting.py, or the compiled kernel with equal trades")


class RunVerdict(FrozenModel):
    """SOLID, MIXED or WEAK, with reasons."""

    label: Literal["SOLID", "MIXED", "WEAK"]
    reasons: list[str]


class Artifacts(FrozenModel):
    """Files of a stored run."""

    result: Path
    report: Path
    plot: Path
    picture: Path
    trades: Path
    equity: Path


class BacktestResult(FrozenModel):
    """One stored run. `metrics` maps the names in `metrics.METRICS` to figures; None is undefined.

    `perfect`: which of the undefined ones are so because nothing was lost, and what did not occur (`metrics.perfect`).

    The whole span is in-sample: whoever chose the parameters may have seen it.
    """

    run_id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    sample: Literal["in-sample"] = "in-sample"
    bars: int
    start: str
    end: str
    parameters: dict[str, Value]
    settings: BacktestSettings
    metrics: dict[str, float | int | None]
    verdict: RunVerdict
    quality: dict[str, int]
    data_sha256: str
    code_sha256: str
    created_at: str
    warnings: list[str]
    artifacts: Artifacts

    @computed_field  # type: ignore[prop-decorator]
    @property
    def perfect(self) -> dict[str, str]:
        return perfect(self.metrics)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def costs(self) -> Costs:
        """Costs charged in this run."""
        return self.settings.costs
