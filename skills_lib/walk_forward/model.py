"""Models of a walk-forward: its key, its result and the result's parts."""

from pathlib import Path
from typing import Literal

from pydantic import computed_field

from skills_lib.backtest.figures import Figures, perfect
from skills_lib.backtest.model import BacktestSettings, EngineName
from skills_lib.domain.constraints import Value
from skills_lib.domain.models import FrozenModel
from skills_lib.optimize.model import SweepKey
from skills_lib.optimize.stability import PeakKind
from skills_lib.walk_forward.walk import Pick


class WalkForwardKey(SweepKey):
    """Identifies a walk-forward: those with equal keys give the same result. Lengths in nanoseconds."""

    train_ns: int
    test_ns: int
    step_ns: int
    embargo_ns: int
    anchored: bool
    pick: Pick


class WindowResult(FrozenModel):
    """One window; times are UTC, ends not included. `parameters` is None if no combination was eligible.

    `train` is in-sample, `test` out-of-sample, each on its whole span with the full starting cash. `train_perfect`,
    `test_perfect`: as in `metrics.perfect`.
    """

    train_start: str
    train_end: str
    test_start: str
    test_end: str
    parameters: dict[str, Value] | None
    plateau: PeakKind | None
    train: Figures | None
    test: Figures | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def train_perfect(self) -> dict[str, str]:
        return perfect(self.train or {})

    @computed_field  # type: ignore[prop-decorator]
    @property
    def test_perfect(self) -> dict[str, str]:
        return perfect(self.test or {})


class StitchedSpan(FrozenModel):
    """Consecutive windows of the stitched out-of-sample run; `start`, `end`: its first and last bars, UTC.

    `perfect`: as in `metrics.perfect`.
    """

    start: str
    end: str
    windows: int
    bars: int
    metrics: Figures

    @computed_field  # type: ignore[prop-decorator]
    @property
    def perfect(self) -> dict[str, str]:
        return perfect(self.metrics)


class StitchedHalves(FrozenModel):
    """The stitched run over the first and second half of the windows; None if there is only one window."""

    first: StitchedSpan | None
    second: StitchedSpan | None


class ParameterDrift(FrozenModel):
    """How one parameter changed between windows. `changed_share`: share of window changes that changed it;
    `mean_step`: mean change as a share of its range, None if its values have no order."""

    values: list[Value]
    changed_share: float
    mean_step: float | None


class WalkForwardArtifacts(FrozenModel):
    """Files of a stored walk-forward. `page` and `picture` are drawn from the others, the picture after the answer is
    printed."""

    folder: Path
    result: Path
    report: Path
    page: Path
    picture: Path
    windows: Path
    trades: Path
    equity: Path


class WalkForwardResult(FrozenModel):
    """One stored walk-forward.

    `efficiency`: daily return out of sample / in sample, both compounding; None if the latter is not above 0.
    """

    id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    sample: Literal["out-of-sample"] = "out-of-sample"
    bars: int
    start: str
    end: str
    engine: EngineName
    method: str
    maximize: str
    min_trades: int
    seed: int
    pick: Pick
    train_days: float
    test_days: float
    step_days: float
    embargo_days: float
    anchored: bool
    combinations: int | None
    evaluated: int
    windows: list[WindowResult]
    out_of_sample: StitchedSpan
    halves: StitchedHalves
    efficiency: float | None
    positive_share: float
    parameter_drift: dict[str, ParameterDrift]
    settings: BacktestSettings
    space: dict[str, list[Value]]
    constraints: list[str]
    quality: dict[str, int]
    warnings: list[str]
    artifacts: WalkForwardArtifacts
    seconds: float
    data_sha256: str
    code_sha256: str
    created_at: str
