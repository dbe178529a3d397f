"""Events emitted by the exchange. Each carries all data its payload needs."""

from dataclasses import dataclass
from typing import Any

from live.enums import ExecutionType, ExpiryReason
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.orders import Fill, Order
from live.simulator.core.positions import Position
from live.simulator.core.rejections import Rejection


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order was accepted, filled, amended or finished. `order` is a copy."""

    account: str
    order: Order
    execution: ExecutionType
    time_ms: int
    fill: Fill | None = None
    expiry_reason: ExpiryReason = ExpiryReason.NONE


@dataclass(frozen=True, slots=True)
class Executed:
    """An order was filled: the first of a fill's three events, before the account's and the order's."""

    account: str
    order: Order
    fill: Fill
    time_ms: int


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """The wallet or positions changed. `reason` is field `m`; `change` is the balance change not from trades.

    bnb: the BNB balance and how much of its change is not from trades, where it changed.
    """

    account: str
    reason: str
    wallet: int
    cross_wallet: int
    change: int
    positions: tuple[tuple[Position, int, bool], ...]
    time_ms: int
    bnb: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AlgoChanged:
    """The status of a conditional order changed. `order` is a copy; a silent change is not sent to the account."""

    account: str
    order: AlgoOrder
    time_ms: int
    silent: bool = False


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    """Leverage of a symbol changed."""

    account: str
    symbol: str
    leverage: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class AssetModeChanged:
    """The account entered or left the Multi-Assets mode."""

    account: str
    multi_assets: bool
    time_ms: int


@dataclass(frozen=True, slots=True)
class MarginCalled:
    """The account is close to liquidation. positions: position, mark, unrealized, maintenance, isolated."""

    account: str
    cross_wallet: int
    positions: tuple[tuple[Position, int, int, int, bool], ...]
    time_ms: int


@dataclass(frozen=True, slots=True)
class Liquidated:
    """A position was liquidated; shown on the `forceOrder` stream."""

    account: str
    order: Order
    time_ms: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The response to the command of that number: a value or a rejection."""

    command: int
    value: Any
    rejection: Rejection | None = None


Event = (
    OrderChanged
    | Executed
    | AccountChanged
    | AlgoChanged
    | ConfigChanged
    | AssetModeChanged
    | MarginCalled
    | Liquidated
    | Answered
)
