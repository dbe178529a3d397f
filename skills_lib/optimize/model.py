"""What is asked of an optimisation and what comes back."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from skills_lib.backtest.model import BacktestSettings, EngineName
from skills_lib.domain.constraints import Value
from skills_lib.domain.models import FrozenModel
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.stability import PeakKind

Figures = dict[str, float | int | None]


class SweepKey(FrozenModel):
    """Everything that makes two sweeps the same. `values`: what each parameter is tried with."""

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
        """16 hex digits: the hash of the question."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]


class Plateau(FrozenModel):
    """How a point stands in its neighbourhood; None where the neighbourhood holds a worthless combination.

    `kind` is "plateau", "spike", or "unknown" where too few neighbours were tried.
    """

    kind: PeakKind
    value: float
    neighbourhood_median: float | None
    neighbours: int


class Point(FrozenModel):
    """One combination, its figures in-sample, and how it stands."""

    parameters: dict[str, Value]
    metrics: Figures
    plateau: Plateau


class ValueMedian(FrozenModel):
    """Median score of the eligible combinations that hold one value of a parameter; None where there are none."""

    value: Value
    median: float | None
    combinations: int


class Sensitivity(FrozenModel):
    """How much one parameter matters. `effect`: greatest less least of the medians, in units of the metric."""

    effect: float
    medians: list[ValueMedian]


class Heatmap(FrozenModel):
    """One picture; `y` is None where a single parameter varies."""

    x: str
    y: str | None
    png: Path


class OptimizationArtifacts(FrozenModel):
    """Files of a stored optimisation. `interactive` is None where fewer than two parameters vary."""

    folder: Path
    result: Path
    report: Path
    table: Path
    heatmaps: list[Heatmap]
    interactive: Path | None


class OptimizationResult(FrozenModel):
    """One stored optimisation. `combinations`: admissible ones in the space, None where too many to count.

    `best` is the raw maximum, the luckiest of all tried; `recommended` the centre of the best plateau.
    `evaluated`: how many were tried; `eligible`: how many of those have enough trades and a defined metric.
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
    warnings: list[str]
    artifacts: OptimizationArtifacts
    seconds: float
    data_sha256: str
    code_sha256: str
    created_at: str
