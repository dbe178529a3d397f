"""Orders, fills, amendments and related records."""

from dataclasses import dataclass, field, replace

from live.enums import (
    MarginType,
    OrderStatus,
    OrderType,
    PositionSide,
    PriceMatch,
    SelfTrade,
    Side,
    TimeInForce,
    WorkingType,
)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """Parameters of `POST /order`. Price and quantity in units of 1e-8; 0 if absent.

    reduce_only_sent: True if the parameter was sent at all; hedge mode refuses `false` too.
    """

    account: str
    symbol: str
    side: Side
    kind: OrderType
    quantity: int
    price: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    reduce_only_sent: bool = False
    close_position: bool = False
    client_id: str = ""
    self_trade: SelfTrade = SelfTrade.EXPIRE_MAKER
    price_match: PriceMatch = PriceMatch.NONE
    good_till_ms: int = 0
    working_type: WorkingType = WorkingType.CONTRACT_PRICE
    price_protect: bool = False
    original_kind: OrderType | None = None
    stop_price: int = 0
    algo_id: int = 0

    @property
    def only_reduces(self) -> bool:
        """True if no fill may exceed the position: reduceOnly, closePosition, a sell of LONG or a buy of SHORT."""
        closes = {PositionSide.LONG: Side.SELL, PositionSide.SHORT: Side.BUY}
        return self.reduce_only or self.close_position or closes.get(self.position_side) is self.side


@dataclass(slots=True)
class QueuePlace:
    """Queue position of a resting order; quantities in units of 1e-8.

    ahead: the tape's quantity that must trade first. level: displayed quantity at the last update. traded: traded since
    then. since_ms: when the order joined the queue. turn: its place among the simulated orders, counted upwards.
    """

    ahead: int = 0
    level: int = 0
    traded: int = 0
    since_ms: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. Money in units of 1e-8 of the quote asset, the fee in units of 1e-8 of `fee_asset`."""

    trade_id: int
    price: int
    quantity: int
    fee: int
    realized: int
    maker: bool
    time_ms: int
    fee_asset: str = "USDT"


@dataclass(slots=True)
class Order:
    """An order. `cost` is the exact sum of price times quantity, in units of 1e-16.

    held: it waits for a fresh book before it is matched.
    """

    order_id: int
    request: OrderRequest
    price: int
    quantity: int
    client_id: str
    created_ms: int
    updated_ms: int
    status: OrderStatus = OrderStatus.NEW
    filled: int = 0
    cost: int = 0
    amendments: int = 0
    place: QueuePlace = field(default_factory=QueuePlace)
    held: bool = False

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def side(self) -> Side:
        return self.request.side

    @property
    def symbol(self) -> str:
        return self.request.symbol

    @property
    def account(self) -> str:
        return self.request.account

    @property
    def average_price(self) -> int:
        """Mean fill price in units of 1e-8; 0 before the first fill."""
        return self.cost // self.filled if self.filled else 0

    def snapshot(self) -> "Order":
        """An independent copy."""
        return replace(self, place=replace(self.place))


@dataclass(frozen=True, slots=True)
class Amendment:
    """One change by `PUT /order`: price and quantity before and after. `modify_id` is the client's; 0 if absent."""

    amendment_id: int
    order_id: int
    client_id: str
    symbol: str
    time_ms: int
    price_before: int
    price_after: int
    quantity_before: int
    quantity_after: int
    count: int
    modify_id: int = 0


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """One line of `userTrades`."""

    account: str
    order_id: int
    symbol: str
    side: Side
    position_side: PositionSide
    fill: Fill
    commission_asset: str


@dataclass(frozen=True, slots=True)
class Income:
    """One line of `income`; `amount` in units of 1e-8 of `asset`."""

    account: str
    symbol: str
    kind: str
    amount: int
    asset: str
    time_ms: int
    transaction_id: int
    trade_id: str = ""


@dataclass(frozen=True, slots=True)
class MarginMove:
    """One line of `positionMargin/history`: margin that the user added to (or, negative, took from) a position."""

    account: str
    symbol: str
    position_side: PositionSide
    amount: int
    asset: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class FundingRecord:
    """One line of `fundingRate`: a boundary of a symbol, with the rate (units of 1e-8) and mark price that applied."""

    symbol: str
    time_ms: int
    rate: int
    mark_price: int


@dataclass(slots=True)
class SymbolSettings:
    """Leverage and margin type of an account for a symbol."""

    leverage: int = 20
    margin_type: MarginType = MarginType.CROSSED
