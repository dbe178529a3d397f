"""Models of a validation: its key, its stages and its result. No figure uses the sealed bars unless they are opened."""

from pathlib import Path
from typing import Any, Literal

from skills_lib.backtest.figures import Figures
from skills_lib.backtest.model import BacktestSettings, EngineName
from skills_lib.domain.constraints import Value
from skills_lib.domain.models import FrozenModel
from skills_lib.ledger.meter import AS_CORRELATED, TrialMeter, best_by_luck, candles_of, meter_of
from skills_lib.optimize.stability import PeakKind
from skills_lib.validate.plan import Samples
from skills_lib.validate.stages.audit import DataAudit
from skills_lib.validate.stages.breadth import CrossMarketResult
from skills_lib.validate.stages.holdout import SharpeDecay
from skills_lib.validate.stages.lookahead import Truncation, WarmUp
from skills_lib.validate.stages.monte_carlo import ResampledDistribution
from skills_lib.validate.stages.overfit import Overfitting, Pbo
from skills_lib.validate.stages.price_noise import Noise
from skills_lib.validate.stages.random_entries import RandomEntries
from skills_lib.validate.stages.regimes import Regimes
from skills_lib.validate.stages.stress import CostStress
from skills_lib.validate.verdict import Thresholds, ValidationVerdict, VerdictFigures
from skills_lib.walk_forward.model import StitchedSpan, WalkForwardKey, WindowResult
from skills_lib.walk_forward.walk import Pick


class ValidationKey(WalkForwardKey):
    """Identifies a validation: those with equal keys are the same request. Lengths in nanoseconds.

    `other_markets`: names and digests of the other requested candles; "missing" if they were not found.
    """

    window_min_trades: int
    samples: Samples
    rules: Thresholds
    validation_seed: int
    other_markets: list[str]
    open_sealed: bool


class SampleSpan(FrozenModel):
    """Consecutive bars; `start` and `end` are the open times of the first and the last, UTC."""

    start: str
    end: str
    bars: int


class Lookahead(FrozenModel):
    """Whether signals use later bars than their own, and whether they depend on where history starts."""

    truncation: Truncation
    warm_up: WarmUp


class InSample(SampleSpan):
    """The first 70 %, on which the parameters were chosen: a description of the past, not a performance.

    `evaluated`: combinations tried here; `eligible`: those with enough trades; `highest`: figures of the raw
    maximum, inflated by luck, for comparison. `kind`: stability of the chosen point among its neighbours.
    """

    sample: Literal["in-sample"] = "in-sample"
    chosen_by: Literal["search", "given"]
    parameters: dict[str, Value]
    kind: PeakKind
    evaluated: int
    eligible: int
    metrics: Figures
    highest: Figures


class OutOfSample(SampleSpan):
    """The next 20 %, run once with the chosen parameters; `fall`: the drop in Sharpe ratio and its standard error."""

    sample: Literal["out-of-sample"] = "out-of-sample"
    metrics: Figures
    fall: SharpeDecay


class WalkedForward(FrozenModel):
    """Walk-forward over all unsealed bars, with the search repeated in each window.

    `mean_sharpe`: mean over all windows of the annual Sharpe of the test span; a window without a choice or
    trade counts as 0, one whose Sharpe is perfect (equal gains on every day) is left out. `positive_share`: share of
    windows whose test earned money after costs. `stitched`: every test bar once, equity carried over. `efficiency`:
    daily return in test / in train, both compounding, None if train did not earn money.
    """

    sample: Literal["out-of-sample"] = "out-of-sample"
    train_days: float
    test_days: float
    step_days: float
    embargo_days: float
    anchored: bool
    pick: Pick
    windows: list[WindowResult]
    mean_sharpe: float
    positive_share: float
    efficiency: float | None
    stitched: StitchedSpan


class OverfittingFigures(Overfitting):
    """`dsr` and `psr`: the chosen parameters over all unsealed days, deflated by all trials in the ledger.

    `pbo`, `spa_p`: the searched configurations over the same days; `cscv`: details of `pbo`.
    """

    pbo: float | None  # type: ignore[assignment]
    cscv: Pbo


class MonteCarlo(FrozenModel):
    """Resampled from the stitched out-of-sample run of the walk-forward; None if it has too few trades.

    `price_noise` re-runs the chosen parameters on the out-of-sample bars with noise added to their prices.
    """

    trades: ResampledDistribution | None
    days: ResampledDistribution | None
    order: ResampledDistribution | None
    random_entries: RandomEntries | None
    price_noise: Noise | None


class StitchedCosts(FrozenModel):
    """The stitched out-of-sample run at `multiple` times the costs, with the windows' choices unchanged."""

    multiple: float
    metrics: Figures


class CostFigures(FrozenModel):
    """`stitched`: the walk-forward's run at several costs, used by the verdict; `fixed`: the chosen parameters on
    the out-of-sample bars at several costs and with orders one bar late."""

    stitched: list[StitchedCosts]
    fixed: CostStress


class Sealed(SampleSpan):
    """The last 10 %. `opened`: whether these bars were ever opened; `openings`: how often.

    `reason`, `metrics` of the chosen parameters on these bars: set if this validation opened them. `tried_before`:
    configurations evaluated on some of these bars before the first opening; above 0 they were not unseen.
    """

    opened: bool
    openings: int = 0
    first_opened_at: str | None = None
    tried_before: int | None = None
    reason: str | None = None
    metrics: Figures | None = None


class Examination(FrozenModel):
    """All stages and the verdict for one strategy on one set of candles."""

    parameters: dict[str, Value]
    verdict: ValidationVerdict
    judged: VerdictFigures
    audit: DataAudit
    lookahead: Lookahead
    in_sample: InSample
    out_of_sample: OutOfSample
    walk_forward: WalkedForward
    monte_carlo: MonteCarlo
    overfitting: OverfittingFigures
    costs: CostFigures
    regimes: Regimes
    warnings: list[str]


class ValidationArtifacts(FrozenModel):
    """Files of a stored validation. `page` and `picture` are drawn from the others, the picture after the answer is
    printed."""

    folder: Path
    result: Path
    report: Path
    page: Path
    picture: Path
    curves: Path


class ValidationResult(Examination):
    """One stored validation.

    `timeframes`, `assets`: the chosen parameters on other candles, cut where the sealed bars begin; `missing`:
    requested candles that were not found, and why. `seconds`: total run time.
    """

    id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    bars: int
    start: str
    end: str
    engine: EngineName
    seed: int
    settings: BacktestSettings
    space: dict[str, list[Value]]
    constraints: list[str]
    maximize: str
    min_trades: int
    timeframes: list[CrossMarketResult]
    assets: list[CrossMarketResult]
    missing: list[str]
    sealed: Sealed
    artifacts: ValidationArtifacts
    seconds: float
    data_sha256: str
    code_sha256: str
    created_at: str

    def trial_meter(self) -> TrialMeter:
        """The trials behind this verdict and the Sharpe ratio by luck that its deflated Sharpe ratio uses."""
        found = self.overfitting
        by_luck = (found.trials, found.expected_maximum_sharpe, AS_CORRELATED)
        return meter_of(candles_of(self), *by_luck, days=found.days)

    def luck_in_sample(self) -> float:
        """Annual Sharpe ratio that the best of as many independent tries without an edge shows in-sample."""
        spanned = candles_of(self).days * self.in_sample.bars / self.bars
        return best_by_luck(self.in_sample.evaluated, spanned)


class StageAnswers(FrozenModel):
    """The stages selected by `--only`, named as in a whole validation, without a verdict.

    `start`, `end`, `data_sha256`: of the bars without the sealed ones.
    """

    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    start: str
    end: str
    data_sha256: str
    parameters: dict[str, Value]
    stages: dict[str, Any]
    warnings: list[str]
    seconds: float
