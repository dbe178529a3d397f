"""Settings and results of a backtest."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, computed_field, field_validator

from skills_lib.backtest.figures import perfect
from skills_lib.backtest.margin import OTHER, TIERS, tiers_of
from skills_lib.domain.constraints import Value
from skills_lib.domain.costs import PRESETS, Costs
from skills_lib.domain.models import FrozenModel

if TYPE_CHECKING:
    from skills_lib.domain.bars import Bars

EngineName = Literal["reference", "kernel"]
EngineChoice = Literal["auto", "reference", "kernel"]
MAX_REFERENCE_BARS = 50_000
"""Bars up to which backtesting.py takes a few seconds; "auto" runs the kernel on more."""
Parameters = Mapping[str, Value]


class Span(NamedTuple):
    """Bars `start` to `stop`, exclusive; earlier bars only warm up indicators."""

    start: int
    stop: int


class BacktestSettings(BaseModel):
    """Execution and cost settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    cash: float = Field(100_000.0, gt=0, description="starting equity in quote currency")
    costs: Costs = PRESETS["default"]
    leverage: float = Field(1.0, ge=1, le=125)
    exclusive_orders: bool = Field(True, description="an entry closes an open position first")
    trade_on_close: bool = Field(False, description="fill at the signal's own close: optimistic")
    fractional_unit: float | None = Field(
        None, gt=0, description="smallest amount of the base asset; None: chosen from price and cash"
    )
    margin_tiers: str = Field(OTHER, description="table of maintenance margins, see skills_lib.backtest.margin")
    engine: EngineChoice = Field(
        "auto", description="backtesting.py, the compiled kernel with equal trades, or the kernel where bars are many"
    )

    @field_validator("margin_tiers")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in TIERS:
            raise ValueError(f"no table of maintenance margins '{name}'; there are {', '.join(TIERS)}")
        return name

    @property
    def unit(self) -> float:
        """The smallest amount, base units; settings are given one by `with_unit_for`."""
        assert self.fractional_unit is not None, "no unit chosen: call with_unit_for(bars)"
        return self.fractional_unit

    def with_unit_for(self, bars: "Bars") -> Self:
        """These settings with a unit: the given one, else one small enough for the cash and large enough to count.

        1e-8 as on exchanges, unless the cash would buy fewer than 10^7 of them at the first close, or more than 10^12.
        """
        if self.fractional_unit is not None:
            return self
        units = self.cash / float(bars.close[0]) * 1e8
        coarser = math.ceil(math.log10(units / 1e12)) if units > 1e12 else 0
        finer = math.ceil(math.log10(1e7 / units)) if 0 < units < 1e7 else 0
        return self.model_copy(update={"fractional_unit": float(f"1e{coarser - finer - 8}")})

    def engine_for(self, bars: int) -> EngineName:
        """The engine for a run on so many bars."""
        if self.engine != "auto":
            return self.engine
        return "kernel" if bars > MAX_REFERENCE_BARS else "reference"

    def for_symbol(self, symbol: str) -> Self:
        """These settings with the symbol's table of maintenance margins."""
        return self.model_copy(update={"margin_tiers": tiers_of(symbol)})


class RunVerdict(FrozenModel):
    """SOLID, MIXED or WEAK, with reasons."""

    label: Literal["SOLID", "MIXED", "WEAK"]
    reasons: list[str]


class Artifacts(FrozenModel):
    """Files of a stored run. `page` and `picture` are drawn from the others, `picture` after the answer."""

    result: Path
    report: Path
    page: Path
    picture: Path
    trades: Path
    equity: Path


class BacktestResult(FrozenModel):
    """One stored run. `metrics` maps the names in `figures.METRICS` to figures; None is undefined.

    `perfect`: which of the undefined ones are so because nothing was lost, and what did not occur (`figures.perfect`).

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
