"""Enumerations of the Binance API, with the values used on the wire."""

from enum import IntEnum, StrEnum


class Side(StrEnum):
    """Order side."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class PositionSide(StrEnum):
    """BOTH in one-way mode, LONG and SHORT in hedge mode."""

    BOTH = "BOTH"
    LONG = "LONG"
    SHORT = "SHORT"


class OrderType(StrEnum):
    """Types of regular and of conditional orders."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP = "STOP"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"
    LIQUIDATION = "LIQUIDATION"

    @property
    def conditional(self) -> bool:
        """True for types that wait for a trigger price."""
        return self not in (OrderType.LIMIT, OrderType.MARKET, OrderType.LIQUIDATION)

    @property
    def limited(self) -> bool:
        """True for types that carry a limit price."""
        return self in (OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT)


class TimeInForce(StrEnum):
    """How long an order stays in force."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"
    GTD = "GTD"


class OrderStatus(StrEnum):
    """Order status."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"

    @property
    def open(self) -> bool:
        """True while it can still fill."""
        return self in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


class ExecutionType(StrEnum):
    """Execution type: field `x` of ORDER_TRADE_UPDATE."""

    NEW = "NEW"
    TRADE = "TRADE"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    AMENDMENT = "AMENDMENT"
    CALCULATED = "CALCULATED"


class AlgoStatus(StrEnum):
    """Status of a conditional order: field `X` of ALGO_UPDATE."""

    NEW = "NEW"
    TRIGGERING = "TRIGGERING"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class WorkingType(StrEnum):
    """The price that triggers a conditional order."""

    CONTRACT_PRICE = "CONTRACT_PRICE"
    MARK_PRICE = "MARK_PRICE"


class ExpiryReason(IntEnum):
    """Why an order ended unfilled: field `er` of ORDER_TRADE_UPDATE (page "User Data Streams", Order Update).

    NOT_REDUCING: a reduce-only order of higher priority came, or the order would have reversed the position.
    """

    NONE = 0
    SELF_TRADE = 1
    IOC_UNFILLED = 2
    IOC_SELF_TRADE = 3
    NOT_REDUCING = 4
    LIQUIDATION = 5
    NO_POSITION = 6
    DELISTED = 7
    TRIGGERED = 8
    MARKET_UNFILLED = 9


class SelfTrade(StrEnum):
    """Self-trade prevention: which order expires when an account would trade with itself. NONE ended in 2024."""

    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"


class MarginType(StrEnum):
    """Whether a position is backed by the whole wallet or by its own margin."""

    CROSSED = "CROSSED"
    ISOLATED = "ISOLATED"


class PriceMatch(StrEnum):
    """A limit price taken from the book when the order arrives."""

    NONE = "NONE"
    OPPONENT = "OPPONENT"
    OPPONENT_5 = "OPPONENT_5"
    OPPONENT_10 = "OPPONENT_10"
    OPPONENT_20 = "OPPONENT_20"
    QUEUE = "QUEUE"
    QUEUE_5 = "QUEUE_5"
    QUEUE_10 = "QUEUE_10"
    QUEUE_20 = "QUEUE_20"

    @property
    def level(self) -> int:
        """The book level, counted from 1 at the best price."""
        return int(self.partition("_")[2] or 1)

    @property
    def of_the_opponent(self) -> bool:
        """True if the price is taken from the opposite side."""
        return self.startswith("OPPONENT")
