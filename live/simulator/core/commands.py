"""Inputs of the exchange: market events, clock ticks, and client commands on arrival."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from live.enums import MarginType, PositionSide, PriceMatch, Side
from live.simulator.core.algo_orders import AlgoRequest
from live.simulator.core.interventions import Intervention
from live.simulator.core.orders import OrderRequest
from live.simulator.core.symbol_rules import SymbolRules


class DepthApplied(msgspec.Struct, frozen=True, gc=False):
    """The tape's book was updated. `bids` and `asks` are the changed prices; all prices after a snapshot (`fresh`).

    update_id, transacted_ms: the book's update and its matching time; 0 if the tape does not say.
    """

    symbol: str
    time_ms: int
    bids: Iterable[int]
    asks: Iterable[int]
    in_sync: bool = True
    fresh: bool = False
    update_id: int = 0
    transacted_ms: int = 0


class Quoted(msgspec.Struct, frozen=True, gc=False):
    """A bookTicker on the tape: best prices and quantities right after an update; a price of 0 is an empty side."""

    symbol: str
    time_ms: int
    update_id: int
    transacted_ms: int
    bid: int
    bid_quantity: int
    ask: int
    ask_quantity: int


class Traded(msgspec.Struct, frozen=True, gc=False):
    """A trade on the tape. `taker` is the side of the order that arrived; `traded_ms` the matching time."""

    symbol: str
    time_ms: int
    price: int
    quantity: int
    taker: Side
    traded_ms: int


class Marked(msgspec.Struct, frozen=True, gc=False):
    """A mark price on the tape. Rates in units of 1e-8."""

    symbol: str
    time_ms: int
    mark_price: int
    index_price: int
    funding_rate: int
    next_funding_ms: int


@dataclass(frozen=True, slots=True)
class Clock:
    """Time passed without any other input."""

    time_ms: int


@dataclass(frozen=True, slots=True)
class Submit:
    """Place an order."""

    request: OrderRequest


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel an order by its id, or by the client order id if that is 0."""

    account: str
    symbol: str
    order_id: int = 0
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Amend:
    """Change price and quantity of a limit order. `price_match` names the price if `price` is 0."""

    account: str
    symbol: str
    side: Side
    quantity: int
    price: int
    order_id: int = 0
    client_id: str = ""
    price_match: PriceMatch = PriceMatch.NONE
    modify_id: int = 0


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """Check an order's parameters and filters without placing it (`POST /order/test`)."""

    request: OrderRequest


@dataclass(frozen=True, slots=True)
class CancelAll:
    """Cancel every regular order of a symbol; conditional orders stay."""

    account: str
    symbol: str


@dataclass(frozen=True, slots=True)
class SetCountdown:
    """Cancel a symbol's orders unless repeated within `countdown_ms`; 0 disables the countdown."""

    account: str
    symbol: str
    countdown_ms: int


@dataclass(frozen=True, slots=True)
class PlaceAlgo:
    """Place a conditional order."""

    request: AlgoRequest


@dataclass(frozen=True, slots=True)
class CancelAlgo:
    """Cancel a conditional order by its id, or by the client's algo id if that is 0."""

    account: str
    algo_id: int = 0
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class CancelAllAlgos:
    """Cancel every conditional order of a symbol."""

    account: str
    symbol: str


@dataclass(frozen=True, slots=True)
class SetLeverage:
    """Set a symbol's leverage."""

    account: str
    symbol: str
    leverage: int


@dataclass(frozen=True, slots=True)
class SetMarginType:
    """Set a symbol's margin type."""

    account: str
    symbol: str
    margin_type: MarginType


@dataclass(frozen=True, slots=True)
class SetDualSide:
    """Set one-way or hedge mode."""

    account: str
    dual_side: bool


@dataclass(frozen=True, slots=True)
class SetMultiAssets:
    """Set the Single-Asset or the Multi-Assets mode."""

    account: str
    multi_assets: bool


@dataclass(frozen=True, slots=True)
class SetFeeBurn:
    """Pay fees in BNB where the account has any, or never."""

    account: str
    fee_burn: bool


@dataclass(frozen=True, slots=True)
class MoveIsolatedMargin:
    """Add margin to an isolated position, or remove it if `amount` is negative."""

    account: str
    symbol: str
    position_side: PositionSide
    amount: int


@dataclass(frozen=True, slots=True)
class ForceLiquidation:
    """Liquidate a position regardless of its margin; sent by a fault, not by a client."""

    account: str
    symbol: str


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """Replace a symbol's filters; sent by a fault, not by a client."""

    rules: SymbolRules


@dataclass(frozen=True, slots=True)
class Command:
    """A command with the number its answer carries and the time it arrives at the matching engine."""

    number: int
    time_ms: int
    body: (
        Submit
        | CheckOrder
        | Cancel
        | Amend
        | CancelAll
        | SetCountdown
        | PlaceAlgo
        | CancelAlgo
        | CancelAllAlgos
        | SetLeverage
        | SetMarginType
        | SetDualSide
        | SetMultiAssets
        | SetFeeBurn
        | MoveIsolatedMargin
        | ForceLiquidation
        | ChangeRules
        | Intervention
    )


Input = DepthApplied | Quoted | Traded | Marked | Clock | Command
