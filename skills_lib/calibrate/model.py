"""Models of a calibration: its key, its result and the result's parts."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import Field

from skills_lib.backtest.model import BacktestSettings
from skills_lib.calibrate.intervals import PassRate
from skills_lib.domain.constraints import Value
from skills_lib.domain.models import FrozenModel
from skills_lib.validate.plan import Samples
from skills_lib.validate.verdict import Label, Thresholds, VerdictFigures, judge_validation

MarketKind = Literal["garch", "bootstrap", "flipped", "planted"]


class CalibrationKey(FrozenModel):
    """Identifies a calibration: equal keys give equal results. `histories`: digests of the source bars."""

    strategy: str
    share: float
    markets: int
    planted_markets: int
    sharpes: list[float]
    seed: int
    histories: dict[str, str]
    code_sha256: str
    settings: BacktestSettings
    values: dict[str, list[Value]]
    samples: Samples
    rules: Thresholds

    @property
    def id(self) -> str:
        """16 hex digits: the hash of this key."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]


class MarketResult(FrozenModel):
    """One validated market, with all judged figures, so that other thresholds can be tested afterwards.

    `sharpe`: the planted one, None on a null market. `in_sample_sharpe`: of the raw maximum of the search, in-sample.
    `ideal_sharpe`: of the best fixed point on this market. `error`: why it could not be examined.
    """

    kind: MarketKind
    number: int
    sharpe: float | None
    label: Label
    rejected_by: list[str]
    judged: VerdictFigures
    in_sample_sharpe: float | None
    ideal_sharpe: float | None = None
    overfitting: dict[str, float | None] = Field(default_factory=dict)
    error: str | None = None

    @property
    def judged_rules(self) -> list[str]:
        """Names of all rules, in the order of the verdict's table."""
        return [rule.name for rule in judge_validation(self.judged).rules]


class Null(PassRate):
    """Markets without an edge: `rate` is that of false passes. `rejected_by`: how many each rule rejected."""

    cautions: int
    kinds: dict[str, PassRate]
    rejected_by: dict[str, int]


class PlantedShare(FrozenModel):
    """Markets with a planted edge: `power` is the share that passed."""

    sharpe: float
    markets: int
    passes: int
    power: float
    ci95: tuple[float, float]

    @classmethod
    def of(cls, sharpe: float, share: PassRate) -> "PlantedShare":
        """A `PassRate` at a planted `sharpe`."""
        return cls(sharpe=sharpe, markets=share.markets, passes=share.passes, power=share.rate, ci95=share.ci95)


class Power(PlantedShare):
    """`ideal_sharpe`: mean Sharpe of the best fixed point. `rejected_by`: how many markets each rule rejected."""

    cautions: int
    ideal_sharpe: float | None
    rejected_by: dict[str, int]


class NaiveRule(FrozenModel):
    """A naive rule on the same markets."""

    rule: str
    null: PassRate
    planted: list[PlantedShare]


class TradeOff(FrozenModel):
    """Pass rates with all thresholds at one strictness: 0 requires only a profit, 1 is the default."""

    strictness: float
    rules: Thresholds
    null: PassRate
    planted: list[PlantedShare]


class WithoutRule(FrozenModel):
    """Pass rates without one rule."""

    rule: str
    null: PassRate
    planted: list[PlantedShare]


class CalibrationArtifacts(FrozenModel):
    """Files of a stored calibration. `markets`: one MarketResult per line.

    `page` and `picture` are drawn from the result, the picture after the answer is printed.
    """

    folder: Path
    result: Path
    report: Path
    page: Path
    picture: Path
    markets: Path


class Calibration(FrozenModel):
    """One stored calibration.

    `share`: of equity per position. `errors`: markets that could not be examined, by reason. `source`: origin of the
    bars of bootstrapped and flipped markets.
    """

    id: str
    strategy: str
    share: float
    seed: int
    null: Null
    planted: list[Power]
    naive: dict[str, NaiveRule]
    trade_off: list[TradeOff]
    without: list[WithoutRule]
    histories: list[str]
    source: str
    synthetic: bool
    space: dict[str, list[Value]]
    samples: Samples
    rules: Thresholds
    settings: BacktestSettings
    errors: dict[str, int]
    warnings: list[str]
    artifacts: CalibrationArtifacts
    seconds: float
    code_sha256: str
    created_at: str
