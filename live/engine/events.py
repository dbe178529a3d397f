"""What reaches the engine, in the order in which it arrived.

`time_ns` is when the event reached the engine; `event_ns` and `asked_ns` are the venue's time of what is said and the
time at which a query was sent. Prices, quantities and money in units of 1e-8. A journal holds these structures, so a
field is only added with a default and never reused.
"""

from enum import StrEnum
from typing import Final

import msgspec

from live.engine.contract import Contract
from live.engine.decided import Adopted, LimitsTightened
from live.engine.known import AccountKnown
from live.engine.limits import Limits
from live.engine.settings import BarSettings, ImbalanceSettings, StrategySettings
from live.enums import AlgoStatus, OrderStatus, Side
from live.money import SCALE


class Witness(StrEnum):
    """Where a report comes from: the user stream, the answer to the order itself, or a query."""

    STREAM = "stream"
    ANSWER = "answer"
    QUERY = "query"


class Request(StrEnum):
    """What was asked of the venue."""

    PLACE = "place"
    CANCEL = "cancel"
    PLACE_STOP = "place_stop"
    CANCEL_STOP = "cancel_stop"
    ORDER = "order"
    STOP = "stop"
    POSITION = "position"
    TRADES = "trades"
    OPEN_ORDERS = "open_orders"
    OPEN_STOPS = "open_stops"
    BALANCE = "balance"
    FUNDING = "funding"
    PRICE = "price"


class RequestOutcome(StrEnum):
    """What an answer proves of the request.

    ACCEPTED: it was carried out. REJECTED: it was not and will not be. NOT_ACCEPTED: it was not, and may be sent again
    later. RECONCILE: the venue says what only a comparison explains (-2011, -2013, -2022, -4116, -4118, -4130).
    UNKNOWN: nothing (time-out, broken connection, unreadable body, status 5xx). docs/outcomes.md has the table.
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_ACCEPTED = "not_accepted"
    RECONCILE = "reconcile"
    UNKNOWN = "unknown"


class Command(StrEnum):
    """What a person orders. PAUSE: no entries, exits go on. KILL: everything is closed, whoever opened it.

    STOP: no entries any more, and what this run itself holds is closed.
    """

    KILL = "kill"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class StreamKind(StrEnum):
    """Streams whose loss the engine must know."""

    MARKET = "market"
    USER = "user"


class Fill(msgspec.Struct, frozen=True):
    """One trade of an order. fee: positive if paid. realised: profit as the venue books it, before the fee."""

    trade_id: int
    price: int
    quantity: int
    fee: int
    fee_asset: str
    maker: bool
    realised: int


class CarriedOver(msgspec.Struct, frozen=True):
    """What the runs of an account so far leave to the next one, money in units of 1e-8.

    day: number of the UTC day since 1970 of which profit, trades, orders and fills are. drawdown: from the highest
    profit.
    """

    day: int
    profit: int
    trades: int
    orders: int
    fills: int
    drawdown: int


class Started(msgspec.Struct, frozen=True, tag="started", omit_defaults=True):
    """The first event of a run: all that the engine starts from. capital in money units; run: at most 12 characters.

    Either settings (the imbalance) or bars (a strategy on bars) is given. carried: what earlier runs leave to it.

    Raises:
        ValueError: it has no settings, or both.
    """

    time_ns: int
    run: str
    capital: int
    settings: ImbalanceSettings | None
    limits: Limits
    contracts: tuple[Contract, ...]
    carried: CarriedOver | None = None
    bars: BarSettings | None = None

    def __post_init__(self) -> None:
        if (self.settings is None) == (self.bars is None):
            raise ValueError("A run has the settings of the imbalance or those of a strategy on bars.")

    @property
    def strategy(self) -> StrategySettings:
        """The settings of the run's strategy."""
        chosen = self.bars or self.settings
        assert chosen is not None
        return chosen


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The last event of a run that has nothing left at the venue. carried: what it leaves to the next one."""

    time_ns: int
    reason: str
    carried: CarriedOver


class BookChanged(msgspec.Struct, frozen=True, gc=False, tag="book"):
    """The best levels after an update, best first, as price, quantity, price, … `usable`: it may be traded on."""

    time_ns: int
    symbol: str
    event_ns: int
    update_id: int
    usable: bool
    bids: tuple[int, ...]
    asks: tuple[int, ...]


class MarkChanged(msgspec.Struct, frozen=True, tag="mark"):
    """The mark price, which values positions."""

    time_ns: int
    symbol: str
    event_ns: int
    price: int


class BarDecided(msgspec.Struct, frozen=True, tag="bar_decided"):
    """What a strategy wants at the close of a bar (at `bar_close_ns`), whatever is held.

    entry: the side to hold from now on. exits: sides to close where there is no entry. stop_price, target_price: of
    the entry, 0 for none; share: of the notional that an entry may have. All three in units of 1e-8.
    """

    time_ns: int
    symbol: str
    bar_close_ns: int
    entry: Side | None = None
    exits: tuple[Side, ...] = ()
    stop_price: int = 0
    target_price: int = 0
    share: int = SCALE


STRATEGY_STOPPED: Final = "strategy_stopped"


class StrategyReported(msgspec.Struct, frozen=True, tag="strategy_reported"):
    """What whoever runs a strategy on bars has to say of its bars or its code. code: a fixed word.

    `STRATEGY_STOPPED` ends the run's entries: nothing decides any more.
    """

    time_ns: int
    symbol: str
    code: str
    text: str


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """What the answer to a request proves; also of a query that failed. code: Binance's error code, 0 without one."""

    time_ns: int
    request: Request
    symbol: str
    client_id: str
    outcome: RequestOutcome
    code: int = 0
    retry_after_ns: int = 0


class OrderReport(msgspec.Struct, frozen=True, tag="order_report"):
    """An order as the venue has it. filled: cumulative. fill: the trade that this report announces, if it does."""

    time_ns: int
    symbol: str
    client_id: str
    order_id: int
    side: Side
    status: OrderStatus
    quantity: int
    filled: int
    reduce_only: bool
    event_ns: int
    witness: Witness
    fill: Fill | None = None


class StopReport(msgspec.Struct, frozen=True, tag="stop_report"):
    """A conditional order as the venue has it. order_id: of the order it became when it fired, 0 before."""

    time_ns: int
    symbol: str
    client_id: str
    algo_id: int
    status: AlgoStatus
    event_ns: int
    witness: Witness
    order_id: int = 0


class AccountTrade(msgspec.Struct, frozen=True):
    """One row of the account's trade list."""

    order_id: int
    side: Side
    fill: Fill
    event_ns: int


class TradesReport(msgspec.Struct, frozen=True, tag="trades_report"):
    """The account's trades of a symbol since `from_ns`, as of `asked_ns`; not `whole`: there may be later ones."""

    time_ns: int
    symbol: str
    asked_ns: int
    from_ns: int
    trades: tuple[AccountTrade, ...]
    whole: bool = True


class PositionReport(msgspec.Struct, frozen=True, tag="position_report"):
    """The position as the venue has it, signed: of a query not before `asked_ns`, of the stream at `event_ns`."""

    time_ns: int
    symbol: str
    quantity: int
    entry_price: int
    event_ns: int
    asked_ns: int
    witness: Witness


class OpenOrdersReport(msgspec.Struct, frozen=True, tag="open_orders_report"):
    """All open orders of a symbol, conditional ones apart."""

    time_ns: int
    symbol: str
    asked_ns: int
    orders: tuple[OrderReport, ...]


class OpenStopsReport(msgspec.Struct, frozen=True, tag="open_stops_report"):
    """All open conditional orders of a symbol."""

    time_ns: int
    symbol: str
    asked_ns: int
    stops: tuple[StopReport, ...]


class BalanceReport(msgspec.Struct, frozen=True, tag="balance_report"):
    """Wallet balance and what is available of it, in the margin asset. available: -1 where the venue does not say."""

    time_ns: int
    asset: str
    wallet: int
    available: int
    event_ns: int
    witness: Witness


class FundingPaid(msgspec.Struct, frozen=True, tag="funding"):
    """Funding of a position; negative if paid. asset: empty in journals that were written before it was kept."""

    time_ns: int
    symbol: str
    amount: int
    event_ns: int
    asset: str = ""


class FundingReport(msgspec.Struct, frozen=True, tag="funding_report"):
    """All funding of the account since `from_ns`, as of `asked_ns`, from the income list.

    amount: of all assets together, which is only read in journals without `by_asset`.
    """

    time_ns: int
    asked_ns: int
    from_ns: int
    amount: int
    by_asset: tuple[tuple[str, int], ...] = ()


class PriceReport(msgspec.Struct, frozen=True, tag="price"):
    """The mark price of another asset in the margin asset, such as of BNBUSDT: it values fees and nothing else."""

    time_ns: int
    pair: str
    price: int
    event_ns: int


class AccountChanged(msgspec.Struct, frozen=True, tag="account_changed"):
    """Somebody changed leverage, margin or position mode, or moved money; entries end."""

    time_ns: int
    symbol: str
    what: str


class ContractChanged(msgspec.Struct, frozen=True, tag="contract"):
    """New filters, rates or status of a contract."""

    time_ns: int
    contract: Contract


class Connection(msgspec.Struct, frozen=True, tag="connection"):
    """A stream was lost, or is back."""

    time_ns: int
    stream: StreamKind
    up: bool


class Tick(msgspec.Struct, frozen=True, tag="tick"):
    """Time passed: the answer to `WakeAt`."""

    time_ns: int


class Commanded(msgspec.Struct, frozen=True, tag="commanded"):
    """A person's command."""

    time_ns: int
    command: Command
    reason: str


Event = (
    Started
    | Ended
    | BookChanged
    | MarkChanged
    | BarDecided
    | StrategyReported
    | Answered
    | OrderReport
    | StopReport
    | TradesReport
    | PositionReport
    | OpenOrdersReport
    | OpenStopsReport
    | BalanceReport
    | FundingPaid
    | FundingReport
    | PriceReport
    | AccountChanged
    | AccountKnown
    | Adopted
    | ContractChanged
    | LimitsTightened
    | Connection
    | Tick
    | Commanded
)
