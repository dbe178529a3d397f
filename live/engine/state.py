"""The engine's state: everything that a decision rests on. Only `step` changes it, and only events make it change."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from live.engine.contract import Contract
from live.engine.events import BookChanged, Request
from live.engine.intents import Intent
from live.engine.limits import Limits
from live.engine.settings import StrategySettings
from live.enums import Side


@dataclass(slots=True)
class Query:
    """A question to the venue that is repeated, less and less often, while its answer is needed.

    outstanding: no answer yet. asked_ns: when it was last asked. due_ns: when it may be asked again.
    """

    outstanding: bool = False
    asked_ns: int = 0
    wait_ns: int = 0
    due_ns: int = 0


class OrderState(StrEnum):
    """UNKNOWN ends with evidence only: a report of the order, its trades, or its proven absence (ABSENT)."""

    SENT = "sent"
    UNKNOWN = "unknown"
    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    ABSENT = "absent"

    @property
    def ended(self) -> bool:
        """True where the venue has said that nothing more follows. A late fill may follow all the same."""
        return self in _ENDED


_ENDED = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.ABSENT})


@dataclass(slots=True)
class Order:
    """An order of this run. filled: sum of `trades`, trade id to quantity; reported: the venue's cumulative figure.

    believed: what of `reported` a figure of the venue that was believed has, while the trades of it are not known.
    not_open_ns: the latest query that did not show it open was sent at this time.
    """

    intent: Intent
    state: OrderState
    sent_ns: int
    order_id: int = 0
    filled: int = 0
    reported: int = 0
    believed: int = 0
    trades: dict[int, int] = field(default_factory=dict)
    cancel: Query = field(default_factory=Query)
    query: Query = field(default_factory=Query)
    not_open_ns: int = 0

    @property
    def unbooked(self) -> int:
        """What the venue says that it has filled, beyond the trades known of it and the figures that were believed."""
        return max(self.reported - self.filled - self.believed, 0)

    @property
    def settled(self) -> bool:
        """True if it has ended and every fill that the venue counts is known."""
        return self.state.ended and self.filled >= self.reported


class StopState(StrEnum):
    """State of a stop at the exchange. UNKNOWN: its answer proves nothing. ENDED: proven to rest no longer.

    REFUSED: no sending was taken, and it may be sent again.
    """

    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    RESTING = "resting"
    FIRED = "fired"
    ENDED = "ended"


@dataclass(slots=True)
class Stop:
    """The one stop of a position. sent_ns: first sent. order_id: of the order it became when it fired.

    resent: a sending had no clear answer, so that a later refusal does not prove that none rests. missing: how often a
    query did not show it although it had been confirmed.
    """

    intent: Intent
    state: StopState
    sent_ns: int
    fired_ns: int = 0
    order_id: int = 0
    resent: bool = False
    missing: int = 0
    send: Query = field(default_factory=Query)
    query: Query = field(default_factory=Query)
    cancel: Query = field(default_factory=Query)


@dataclass(slots=True)
class Position:
    """A symbol's position. quantity, cost: from fills, signed; the average price is cost divided by quantity.

    id: client id of the entry that opened it; it becomes `closed_id` when the position is flat and its stop has ended.
    opened_ns: when the engine learnt of it; `since_ns`: venue time of its first fill, 0 while it is flat or nothing is
    known of its fills. reported: as the venue last said it, as of `reported_ns`, entered at `reported_price` (0 if it
    does not say); `queried_ns`: the latest query's.
    filled_ns: venue time of the last fill. compare_from_ns: a query sent from then on shows what a cancelled entry has
    filled late. differs_ns: since when fills and reports disagree, 0 while they agree. exit_reason: why it is being
    closed; empty while it is not. foreign: opened by somebody else; only a kill closes it. believed: its quantity is
    the venue's figure, which no trade explains; `believed_ns`: as of when the last such figure was, in which every
    earlier fill is. dust: what is left is below the minimum order. stop_from: of an adopted position, the price
    that its stop is measured from; else 0, for its own.
    """

    symbol: str
    id: str = ""
    closed_id: str = ""
    quantity: int = 0
    cost: int = 0
    opened_ns: int = 0
    since_ns: int = 0
    flat_ns: int = 0
    compare_from_ns: int = 0
    filled_ns: int = 0
    target_price: int = 0
    reported: int = 0
    reported_ns: int = 0
    reported_price: int = 0
    queried_ns: int = 0
    differs_ns: int = 0
    exit_reason: str = ""
    exit_after_ns: int = 0
    exit_wait_ns: int = 0
    foreign: bool = False
    believed: bool = False
    believed_ns: int = 0
    dust: bool = False
    stop_from: int = 0
    stop: Stop | None = None

    @property
    def price(self) -> int:
        """Average entry price; 0 while flat."""
        return self.cost * 100_000_000 // self.quantity if self.quantity else 0

    @property
    def compared(self) -> bool:
        """True if the venue was asked since it was closed, and since an entry was cancelled that may fill late."""
        return self.queried_ns >= max(self.flat_ns, self.compare_from_ns)

    @property
    def idle(self) -> bool:
        """True if it is flat, nothing of it is left at the venue, and a query has said so since it was closed."""
        return not self.quantity and self.stop is None and not self.differs_ns and self.compared


@dataclass(slots=True)
class Unattributed:
    """An order that no order or stop of this run is known to be, since when. fills: trade id to quantity."""

    symbol: str
    side: Side
    since_ns: int
    fills: dict[int, int] = field(default_factory=dict)


class Signal(Protocol):
    """What says when to enter. One object for each symbol."""

    def update(self, book: BookChanged) -> Side | None:
        """The side to enter on this book, or None."""


@dataclass(slots=True)
class Market:
    """What is known of a symbol's market. mark: 0 before the first mark price. queries: repeated ones, by kind."""

    contract: Contract
    signal: Signal
    book: BookChanged | None = None
    mark: int = 0
    mark_ns: int = 0
    entries_from_ns: int = 0
    stops_in_a_row: int = 0
    trades_since_ns: int = 0
    trades_asked_ns: int = 0
    queries: dict[Request, Query] = field(default_factory=dict)

    def query(self, request: Request) -> Query:
        """The repeated query of a kind."""
        return self.queries.setdefault(request, Query())


@dataclass(slots=True)
class FeePrice:
    """Mark price of an asset in which fees are paid, 0 while unknown. listed: the venue has not refused to tell it."""

    asset: str
    price: int = 0
    as_of_ns: int = 0
    listed: bool = True
    wanted: bool = False
    named: bool = False
    query: Query = field(default_factory=Query)


@dataclass(slots=True)
class Account:
    """Money in units of 1e-8. realised (before fees), fees, funding: of this run, exact.

    other_fees: exact, by asset, in assets other than the margin asset; valued_fees: what they count for limits of loss.
    assumed_fees: by symbol and trade id, while the fee of a fill is not known.
    listed, streamed: funding by the income list, and by the stream (venue time, amount) where the list may not have it.
    """

    capital: int
    wallet: int = 0
    available: int = -1
    reported_ns: int = 0
    realised: int = 0
    fees: int = 0
    funding: int = 0
    listed: int = 0
    streamed: list[tuple[int, int]] = field(default_factory=list)
    other_fees: dict[str, int] = field(default_factory=dict)
    valued_fees: int = 0
    assumed_fees: dict[tuple[str, int], int] = field(default_factory=dict)


@dataclass(slots=True)
class Day:
    """Counters of a UTC day, and the profit of the run at its start. order_times_ns: of the last second."""

    number: int = -1
    start_profit: int = 0
    trades: int = 0
    orders: int = 0
    fills: int = 0
    order_times_ns: deque[int] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class Latch:
    """Why entries have ended for this run. Nothing in the engine releases it, midnight included."""

    reason: str
    since_ns: int
    flatten: bool


@dataclass(slots=True)
class EngineState:
    """All state of one run. quiet_until_ns: the venue wants no request before (429, 418). stopping: it will end.

    account_known: False while its settings were not read of late. order_ids: client ids by the venue's order id.
    trades: True where the fee is known. unattributed: by order id, what no order of this run explains yet. named_stops:
    of which an alert has said that they outlive their position. fee_prices: by pair, such as BNBUSDT.
    """

    run: str
    settings: StrategySettings
    limits: Limits
    account: Account
    markets: dict[str, Market]
    started_ns: int = 0
    now_ns: int = 0
    sequence: int = 0
    wake_ns: int = 0
    quiet_until_ns: int = 0
    funding_check_ns: int = 0
    funding_query: Query = field(default_factory=Query)
    orders: dict[str, Order] = field(default_factory=dict)
    working: dict[str, Order] = field(default_factory=dict)
    order_ids: dict[int, str] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    day: Day = field(default_factory=Day)
    peak_profit: int = 0
    latch: Latch | None = None
    paused: bool = False
    stopping: bool = False
    market_up: bool = True
    user_up: bool = True
    account_known: bool = True
    trades: dict[tuple[str, int], bool] = field(default_factory=dict)
    unattributed: dict[int, Unattributed] = field(default_factory=dict)
    approached: set[str] = field(default_factory=set)
    named_stops: set[str] = field(default_factory=set)
    fee_prices: dict[str, FeePrice] = field(default_factory=dict)

    def next_id(self) -> str:
        """A client id that this run has not used."""
        self.sequence += 1
        return f"{self.run}-{self.sequence}"
