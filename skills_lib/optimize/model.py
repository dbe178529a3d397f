"""Models of an optimisation: its key, its result and the result's parts."""

import hashlib
import json
import math
from pathlib import Path
from typing import Literal

from pydantic import computed_field

from skills_lib.backtest.figures import Figures, perfect
from skills_lib.backtest.model import BacktestSettings, EngineName
from skills_lib.domain.constraints import Value
from skills_lib.domain.models import FrozenModel
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.stability import PeakKind


def finite(value: float) -> float | None:
    """`value` for a model: None where it is undefined or perfect."""
    return value if math.isfinite(value) else None


class SweepKey(FrozenModel):
    """Identifies a sweep: sweeps with equal keys give the same result. `values`: tried values of each parameter."""

    strategy: str
    symbol: str
    timeframe: str
    source: str
    data_sha256: str
    code_sha256: str
    settings: BacktestSettings
    values: dict[str, list[Value]]
    constraints: list[str]
    plan: SearchPlan
    maximize: str
    min_trades: int
    engine: EngineName

    @property
    def id(self) -> str:
        """16 hex digits: the hash of this key."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]


class Plateau(FrozenModel):
    """A point's stability. `value`: its metric, None if perfect (see `Point.perfect`).

    `neighbourhood_median` is None if at least half of the neighbourhood is ineligible or more than half perfect.
    `kind` is "plateau", "spike", or "unknown" if too few neighbours were tried.
    """

    kind: PeakKind
    value: float | None
    neighbourhood_median: float | None
    neighbours: int


class Point(FrozenModel):
    """One combination, its in-sample figures and its stability. `perfect`: as in `metrics.perfect`."""

    parameters: dict[str, Value]
    metrics: Figures
    plateau: Plateau

    @computed_field  # type: ignore[prop-decorator]
    @property
    def perfect(self) -> dict[str, str]:
        return perfect(self.metrics)


class ValueMedian(FrozenModel):
    """Median metric of the eligible combinations with one value of a parameter; None if there are none or more than
    half are perfect."""

    value: Value
    median: float | None
    combinations: int


class Sensitivity(FrozenModel):
    """Effect of one parameter. `effect`: largest minus smallest of the medians, in units of the metric; None if only
    some are perfect."""

    effect: float | None
    medians: list[ValueMedian]


class Heatmap(FrozenModel):
    """One picture; `y` is None if a single parameter varies."""

    x: str
    y: str | None
    png: Path


class OptimizationArtifacts(FrozenModel):
    """Files of a stored optimisation. `heatmaps`: none where no parameter varies.

    `page` and the heatmaps are drawn from the others, the heatmaps after the answer is printed.
    """

    folder: Path
    result: Path
    report: Path
    page: Path
    table: Path
    heatmaps: list[Heatmap]


class OptimizationResult(FrozenModel):
    """One stored optimisation. `combinations`: admissible combinations in the space, None if too many to count.

    `maximize`: the metric; the least of it is sought where less is better (`METRICS`).
    `best`: the raw maximum, inflated by luck; `recommended`: the centre of the best plateau.
    `evaluated`: how many were tried; `eligible`: how many of those have enough trades and a defined or perfect metric.
    """

    id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    sample: Literal["in-sample"] = "in-sample"
    bars: int
    start: str
    end: str
    engine: EngineName
    method: str
    maximize: str
    min_trades: int
    seed: int
    trials: int | None
    combinations: int | None
    evaluated: int
    eligible: int
    best: Point
    recommended: Point
    sensitivity: dict[str, Sensitivity]
    settings: BacktestSettings
    space: dict[str, list[Value]]
    constraints: list[str]
    quality: dict[str, int]
    warnings: list[str]
    artifacts: OptimizationArtifacts
    seconds: float
    data_sha256: str
    code_sha256: str
    created_at: str
