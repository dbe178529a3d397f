"""What others do to accounts, orders and contracts: the exchange, someone else in the account, or a defect.

Sent by faults, not by clients. Each goes through the bookkeeping of a client's order, with the events Binance sends.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Trouble(StrEnum):
    """What goes wrong when a conditional order triggers."""

    REJECTED = "rejected"
    LATE = "late"
    HANGING = "hanging"


@dataclass(frozen=True, slots=True)
class Troubled:
    """The trouble of one conditional order; `after_ms` is the delay of a late one."""

    trouble: Trouble
    after_ms: int = 0


@dataclass(slots=True)
class Interventions:
    """Interventions in force. troubled and late: by id of the conditional order; late: when it triggers, in ms.

    funding_changed: symbols whose funding times are no longer those of the tape.
    """

    troubled: dict[int, Troubled] = field(default_factory=dict)
    late: dict[int, int] = field(default_factory=dict)
    conditional_orders_down: bool = False
    funding_changed: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class ClosePositions:
    """Someone closes the positions of a symbol at the market."""

    account: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Someone moves money into the account, or out of it if `amount` is negative; units of 1e-8."""

    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class Deleverage:
    """Auto-deleveraging closes a part of the positions of a symbol."""

    account: str
    symbol: str
    percent: int = 100


@dataclass(frozen=True, slots=True)
class LiquidatePart:
    """A part of the positions of a symbol is liquidated."""

    account: str
    symbol: str
    percent: int


@dataclass(frozen=True, slots=True)
class SettleSymbol:
    """A symbol is settled: its orders expire, its positions are closed at the mark price."""

    symbol: str


@dataclass(frozen=True, slots=True)
class FillCanceled:
    """A cancelled order fills nevertheless: `percent` of its remaining quantity, at its own price."""

    order_id: int
    percent: int = 100


@dataclass(frozen=True, slots=True)
class TroubleAlgo:
    """A waiting conditional order will misbehave at its trigger."""

    algo_id: int
    troubled: Troubled


@dataclass(frozen=True, slots=True)
class EndAlgo:
    """The exchange cancels a waiting conditional order; `silent` without an event."""

    algo_id: int
    silent: bool = False


@dataclass(frozen=True, slots=True)
class StopConditionalOrders:
    """The service of conditional orders stops triggering, or starts again."""

    stopped: bool


@dataclass(frozen=True, slots=True)
class RestrictToReducing:
    """The account may only reduce positions, or may open them again."""

    account: str
    restricted: bool


@dataclass(frozen=True, slots=True)
class PayFeesInBnb:
    """Fees are paid in BNB at this price in USDT, units of 1e-8; 0 pays them in USDT again. The first time, one BNB is
    transferred in if the account has none."""

    account: str
    price: int


@dataclass(frozen=True, slots=True)
class ChangeFundingInterval:
    """The next funding time of a symbol moves to the next multiple of the interval; 0 takes the tape's times again."""

    symbol: str
    interval_ms: int


Intervention = (
    ClosePositions
    | Transfer
    | Deleverage
    | LiquidatePart
    | SettleSymbol
    | FillCanceled
    | TroubleAlgo
    | EndAlgo
    | StopConditionalOrders
    | RestrictToReducing
    | PayFeesInBnb
    | ChangeFundingInterval
)
