"""The trial meter: how many configurations were tried on some candles, and how good the best is by luck alone."""

import math
from datetime import UTC, datetime
from typing import Protocol

from pydantic import computed_field

from skills_lib.domain.luck import expected_maximum_sharpe, sampling_variance
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.time import DAYS_PER_YEAR, SECOND_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.ledger.ledger import Ledger
from skills_lib.ledger.model import CandleIdentity

INDEPENDENT = "independent tries without an edge"
AS_CORRELATED = "tries without an edge, as correlated as the searched ones"


class Measured(Protocol):
    """A result of any search. `start`, `end`: open times of its first and last bar, UTC."""

    @property
    def symbol(self) -> str: ...
    @property
    def timeframe(self) -> str: ...
    @property
    def synthetic(self) -> bool: ...
    @property
    def start(self) -> str: ...
    @property
    def end(self) -> str: ...
    @property
    def data_sha256(self) -> str: ...


class TrialMeter(FrozenModel):
    """The trials on one market. `attempts`: distinct configurations on candles that share bars with these.

    `luck_sharpe`: annual Sharpe ratio that the best of so many tries without an edge is expected to show over `days`;
    0 for a single try, whose standard error is `single_error`. `assumption`: what it assumes of the tries.
    """

    symbol: str
    timeframe: str
    synthetic: bool
    attempts: int
    days: float
    luck_sharpe: float
    assumption: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def single_error(self) -> float:
        """Standard error of the annual Sharpe ratio of one try without an edge."""
        return math.sqrt(sampling_variance(self.days) * DAYS_PER_YEAR)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """The meter in one sentence, with its assumption."""
        market = f"{self.symbol} {self.timeframe}{' (synthetic)' if self.synthetic else ''}"
        span = f"over {self.days:,.0f} days"
        if self.attempts < 2:
            return (
                f"Attempt {self.attempts} on {market}; without an edge one try shows an annual Sharpe of "
                f"0 ± {self.single_error:.2f} (standard error {span})."
            )
        return (
            f"Attempt {self.attempts:,} on {market}, other timeframes counted too; luck alone now reaches an annual "
            f"Sharpe of {self.luck_sharpe:.2f} (expected best of {self.attempts:,} {self.assumption}, {span})."
        )


def trial_meter(ledger: Ledger, found: Measured) -> TrialMeter:
    """The meter of the candles of a result, by all trials that are in the ledger now."""
    candles = candles_of(found)
    attempts = ledger.count(candles).configurations
    return meter_of(candles, attempts, best_by_luck(attempts, candles.days))


def meter_of(
    candles: CandleIdentity, attempts: int, luck_sharpe: float, assumption: str = INDEPENDENT, days: float | None = None
) -> TrialMeter:
    """The meter of `candles` with a given annual Sharpe ratio by luck; `days`: by default their length."""
    return TrialMeter(
        symbol=candles.symbol,
        timeframe=candles.timeframe,
        synthetic=candles.synthetic,
        attempts=attempts,
        days=candles.days if days is None else days,
        luck_sharpe=luck_sharpe,
        assumption=assumption,
    )


def best_by_luck(attempts: int, days: float) -> float:
    """Annual Sharpe ratio that the best of independent attempts without an edge is expected to show over `days`.

    Neighbouring parameters give nearly the same trades, so that their best shows less.
    """
    return expected_maximum_sharpe(attempts, sampling_variance(days)) * math.sqrt(DAYS_PER_YEAR)


def candles_of(found: Measured) -> CandleIdentity:
    """The identity of the candles of a result."""
    end_ns = _nanoseconds(found.end) + Timeframe(found.timeframe).nanoseconds
    market = (found.symbol, found.timeframe, found.synthetic)
    return CandleIdentity(*market, _nanoseconds(found.start), end_ns, found.data_sha256)


def _nanoseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_NS
