"""The engine's state: everything that a decision rests on. Only `step` changes it, and only events make it change."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from live.engine.contract import Contract
from live.engine.events import BookChanged
from live.engine.intents import Intent
from live.engine.limits import Limits
from live.engine.settings import ImbalanceSettings
from live.enums import Side


class OrderState(StrEnum):
    """UNKNOWN ends with evidence only: a report of the order, its trades, or its proven absence."""

    SENT = "sent"
    UNKNOWN = "unknown"
    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"

    @property
    def ended(self) -> bool:
        """True where the venue has said that nothing more follows. A late fill may follow all the same."""
        return self in (OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED)


@dataclass(slots=True)
class Order:
    """An order of this run. filled: sum of `trades`, trade id to quantity. cancelling_ns: when a cancel was sent."""

    intent: Intent
    state: OrderState
    sent_ns: int
    order_id: int = 0
    filled: int = 0
    trades: dict[int, int] = field(default_factory=dict)
    cancelling_ns: int = 0
    asked_ns: int = 0


class StopState(StrEnum):
    """State of a position's stop at the exchange."""

    NONE = "none"
    SENT = "sent"
    UNKNOWN = "unknown"
    RESTING = "resting"
    FIRED = "fired"
    CANCELLING = "cancelling"
    ENDED = "ended"


class PositionState(StrEnum):
    """DUST: what is left is below the minimum order; MISMATCH: the venue says otherwise, entries end."""

    FLAT = "flat"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    DUST = "dust"
    MISMATCH = "mismatch"


@dataclass(slots=True)
class Position:
    """A symbol's position: from fills (`quantity`, signed) and as the venue last said it (`reported`)."""

    symbol: str
    state: PositionState = PositionState.FLAT
    id: str = ""
    quantity: int = 0
    cost: int = 0
    opened_ns: int = 0
    flat_ns: int = 0
    reported: int = 0
    reported_ns: int = 0
    stop: StopState = StopState.NONE
    stop_sent_ns: int = 0
    stop_order_id: int = 0


class Signal(Protocol):
    """What says when to enter. One object for each symbol."""

    def update(self, book: BookChanged) -> Side | None:
        """The side to enter on this book, or None."""


@dataclass(slots=True)
class Market:
    """What is known of a symbol's market. mark: 0 before the first mark price."""

    contract: Contract
    signal: Signal
    book: BookChanged | None = None
    mark: int = 0
    mark_ns: int = 0
    cooldown_until_ns: int = 0
    stops_in_a_row: int = 0


@dataclass(slots=True)
class Account:
    """Money in units of 1e-8. profit and fees: of this run; realised profit is before fees."""

    capital: int
    wallet: int = 0
    available: int = -1
    realised: int = 0
    fees: int = 0
    funding: int = 0


@dataclass(slots=True)
class Day:
    """Counters of a UTC day, and the equity change at its start. order_times_ns: of the last second."""

    number: int = -1
    start_profit: int = 0
    trades: int = 0
    orders: int = 0
    fills: int = 0
    order_times_ns: deque[int] = field(default_factory=deque)


@dataclass(slots=True)
class Latch:
    """Why entries have ended for this run. Nothing in the engine releases it, midnight included."""

    reason: str
    since_ns: int
    flatten: bool


@dataclass(slots=True)
class EngineState:
    """All state of one run."""

    run: str
    settings: ImbalanceSettings
    limits: Limits
    account: Account
    markets: dict[str, Market]
    now_ns: int = 0
    sequence: int = 0
    orders: dict[str, Order] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    day: Day = field(default_factory=Day)
    peak_profit: int = 0
    latch: Latch | None = None
    paused: bool = False
    trades: set[tuple[str, int]] = field(default_factory=set)
    approached: set[str] = field(default_factory=set)
