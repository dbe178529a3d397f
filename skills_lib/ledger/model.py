"""Models of the trial ledger: identities of candles and evaluations, and the summary it returns."""

import json
import secrets
from typing import TYPE_CHECKING, NamedTuple

from skills_lib.domain.models import FrozenModel
from skills_lib.domain.time import DAY_NS

if TYPE_CHECKING:
    from skills_lib.market.candles.model import Candles


class CandleIdentity(NamedTuple):
    """The identity of candles: [first_ns, end_ns) in UTC nanoseconds and the SHA-256 of the bars."""

    symbol: str
    timeframe: str
    synthetic: bool
    first_ns: int
    end_ns: int
    sha256: str

    @classmethod
    def of(cls, candles: "Candles") -> "CandleIdentity":
        """The identity of `candles`; cut them first to the bars that the evaluation can see."""
        bars = candles.bars
        return cls(
            symbol=candles.instrument.symbol,
            timeframe=candles.timeframe.value,
            synthetic=candles.origin.synthetic,
            first_ns=int(bars.open_time_ns[0]),
            end_ns=int(bars.open_time_ns[-1]) + bars.interval_ns,
            sha256=bars.digest(),
        )

    @property
    def days(self) -> float:
        return (self.end_ns - self.first_ns) / DAY_NS

    def shares_bars_with(self, other: "CandleIdentity") -> bool:
        """Whether the bars are the same, or overlap in time on the same instrument, on any timeframe and venue."""
        same = (self.symbol, self.synthetic) == (other.symbol, other.synthetic)
        overlap = self.first_ns < other.end_ns and other.first_ns < self.end_ns
        return self.sha256 == other.sha256 or (same and overlap)


class EvaluationContext(NamedTuple):
    """One evaluation: `origin` such as "twokey optimize (agent)", the strategy, and hashes of code and settings."""

    origin: str
    strategy: str
    code_sha256: str
    settings_sha256: str
    data: CandleIdentity

    def to_json(self, **more: object) -> str:
        """The body of an entry; a random nonce distinguishes it from a repeated identical request."""
        plain = self._asdict() | {"data": self.data._asdict(), "nonce": secrets.token_hex(8)} | more
        return json.dumps(plain, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_plain(cls, plain: dict[str, object]) -> "EvaluationContext":
        """The inverse of `to_json`, after parsing."""
        data = CandleIdentity(**plain["data"])  # type: ignore[arg-type]
        return cls(**{name: plain[name] for name in cls._fields if name != "data"}, data=data)  # type: ignore[arg-type]


class LedgerLine(FrozenModel):
    """The trials of one strategy on one instrument by one origin. Times are UTC."""

    symbol: str
    timeframe: str
    synthetic: bool
    strategy: str
    origin: str
    configurations: int
    reservations: int
    first_at: str
    last_at: str


class LedgerMarket(FrozenModel):
    """All trials on one instrument, over all strategies, timeframes and spans. `start`, `end`: UTC."""

    symbol: str
    synthetic: bool
    start: str
    end: str
    configurations: int
    evaluated: int
    strategies: int


class SealOpening(FrozenModel):
    """One opening of the sealed bars of a market. `number`: 1 for the first opening of any of these bars.

    `tried_before`: configurations already evaluated on some of these bars by then; above 0 the bars were not unseen.
    """

    strategy: str
    parameters: dict[str, bool | int | float | str]
    symbol: str
    timeframe: str
    synthetic: bool
    start: str
    end: str
    origin: str
    reason: str
    opened_at: str
    number: int
    tried_before: int


class LedgerSummary(FrozenModel):
    """The whole ledger: the user's file and this workspace's, counted as one."""

    configurations: int
    evaluated: int
    markets: list[LedgerMarket]
    lines: list[LedgerLine]
    seals: list[SealOpening]
    began_at: str | None
    files: dict[str, str]
    notices: list[str]
