"""What a validation is, what identifies it, and the stored one; known before its strategy is imported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.source import StrategySource
from skills_lib.backtest.trials import OpenTrialCounter, TrialCounter
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.ledger.model import SealOpening
from skills_lib.market.candles.model import Candles
from skills_lib.optimize.request import sweep_key_fields
from skills_lib.optimize.store import SweepStore
from skills_lib.validate.model import ValidationKey, ValidationResult
from skills_lib.validate.other_markets import OtherMarket
from skills_lib.validate.plan import Plan, default_windows
from skills_lib.validate.stages.holdout import split


class HoldoutSeal(Protocol):
    """Records the openings of the sealed bars of these candles."""

    def openings(self) -> Sequence[SealOpening]:
        """All openings of any of these bars, oldest first."""
        ...

    def open(self, parameters: Mapping[str, Value], reason: str) -> SealOpening:
        """Record an opening durably, before anything is computed.

        Raises:
            OSError: it cannot be recorded, so the bars stay sealed.
        """
        ...


@dataclass(frozen=True, slots=True)
class ValidationRequest:
    """What to validate. `other_markets`: candles besides the main ones.

    `opening`: the reason for opening the sealed bars, else None.
    """

    plan: Plan
    settings: BacktestSettings
    other_markets: tuple[OtherMarket, ...] = ()
    opening: str | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """The trial counter, the holdout seal and the store of results."""

    open_counter: OpenTrialCounter
    seal: HoldoutSeal
    store: SweepStore[ValidationResult]


def sealed_from(candles: Candles) -> int:
    """Index of the first sealed bar.

    Raises:
        InputError: too few bars for three parts.
    """
    return split(len(candles.bars)).sealed.start


def unsealed(candles: Candles) -> Candles:
    """The candles without the sealed bars."""
    return replace(candles, bars=candles.bars[: sealed_from(candles)])


def refuse_breaks(candles: Candles) -> None:
    """Stop where the price does not continue: no test says anything about a profit across such a place.

    Raises:
        InputError: there is one.
    """
    if lines := candles.quality.break_lines():
        raise InputError(f"{candles.instrument.symbol} {candles.timeframe}: {lines[0]}")


def validation_key(source: StrategySource, candles: Candles, request: ValidationRequest) -> ValidationKey:
    """What identifies a validation."""
    plan = request.plan
    windows = plan.windows or default_windows(unsealed(candles).bars)
    return ValidationKey(
        **sweep_key_fields(source, candles, plan.search, request.settings, "validate"),
        train_ns=windows.train_ns,
        test_ns=windows.test_ns,
        step_ns=windows.step_ns,
        embargo_ns=windows.embargo_ns,
        anchored=windows.anchored,
        pick=plan.pick,
        window_min_trades=plan.window_min_trades,
        samples=plan.samples,
        rules=plan.rules,
        validation_seed=plan.seed,
        other_markets=[market.name for market in request.other_markets],
        open_sealed=request.opening is not None,
    )


def find_stored(key: ValidationKey, services: Services, counter: TrialCounter) -> ValidationResult | None:
    """The stored result, unless trials or openings were added on its candles since: they change it."""
    stored = services.store.find(key.id)
    if stored is None or counter.count().configurations > stored.overfitting.trials:
        return None
    return stored if stored.sealed.openings == len(services.seal.openings()) else None
