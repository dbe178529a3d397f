"""What reaches the exchange: the market's events, the clock, and the clients' commands when they arrive there."""

from dataclasses import dataclass

from live.simulator.core.algo_orders import AlgoRequest
from live.simulator.core.enums import MarginType, PositionSide, Side
from live.simulator.core.orders import OrderRequest
from live.simulator.core.symbol_rules import SymbolRules


@dataclass(frozen=True, slots=True)
class DepthApplied:
    """The tape's book has taken an update. `bids` and `asks` are the prices it spoke about; all of them if `fresh`."""

    symbol: str
    time_ms: int
    bids: list[int]
    asks: list[int]
    in_sync: bool = True
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Traded:
    """A trade on the tape. `taker` is the side of the order that arrived."""

    symbol: str
    time_ms: int
    price: int
    quantity: int
    taker: Side


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark price on the tape. Rates in units of 1e-8."""

    symbol: str
    time_ms: int
    mark_price: int
    index_price: int
    funding_rate: int
    next_funding_ms: int


@dataclass(frozen=True, slots=True)
class Clock:
    """Nothing happened but time."""

    time_ms: int


@dataclass(frozen=True, slots=True)
class Submit:
    """Place an order."""

    request: OrderRequest


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel an order by its id, or by the client's id where that is 0."""

    account: str
    symbol: str
    order_id: int = 0
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Amend:
    """Change price and quantity of a limit order."""

    account: str
    symbol: str
    side: Side
    quantity: int
    price: int
    order_id: int = 0
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class CancelAll:
    """Cancel every regular order of a symbol; conditional orders stay."""

    account: str
    symbol: str


@dataclass(frozen=True, slots=True)
class SetCountdown:
    """Cancel a symbol's orders unless this is repeated within `countdown_ms`; 0 ends it."""

    account: str
    symbol: str
    countdown_ms: int


@dataclass(frozen=True, slots=True)
class PlaceAlgo:
    """Place a conditional order."""

    request: AlgoRequest


@dataclass(frozen=True, slots=True)
class CancelAlgo:
    """Cancel a conditional order by its id, or by the client's id where that is 0."""

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
    """Choose a symbol's leverage."""

    account: str
    symbol: str
    leverage: int


@dataclass(frozen=True, slots=True)
class SetMarginType:
    """Choose a symbol's margin type."""

    account: str
    symbol: str
    margin_type: MarginType


@dataclass(frozen=True, slots=True)
class SetDualSide:
    """Choose between one-way and hedge mode."""

    account: str
    dual_side: bool


@dataclass(frozen=True, slots=True)
class MoveIsolatedMargin:
    """Add money to an isolated position, or take it away where `amount` is negative."""

    account: str
    symbol: str
    position_side: PositionSide
    amount: int


@dataclass(frozen=True, slots=True)
class ForceLiquidation:
    """Liquidate a position whatever its margin: a fault, not a client's command."""

    account: str
    symbol: str


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """List a symbol with other filters: a fault, not a client's command."""

    rules: SymbolRules


@dataclass(frozen=True, slots=True)
class Command:
    """A command with the number its answer carries and the time it arrives at the matching engine."""

    number: int
    time_ms: int
    body: (
        Submit
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
        | MoveIsolatedMargin
        | ForceLiquidation
        | ChangeRules
    )


Input = DepthApplied | Traded | Marked | Clock | Command
