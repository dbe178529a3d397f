"""What is asked of a daemon and what it answers: one JSON object a line, over a Unix socket. Money is decimal text."""

from enum import StrEnum

import msgspec


class ControlCommand(StrEnum):
    """What a daemon can be asked. It has no command that makes it enter: ADOPT protects and closes what is there."""

    STATUS = "status"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    KILL = "kill"
    ADOPT = "adopt"


class ControlRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command, and why it is given. symbol: of ADOPT, whose position."""

    command: ControlCommand
    reason: str = ""
    symbol: str = ""


class Cover(StrEnum):
    """Of a position: the live stops at the exchange add up to it, or do not, or that is not known."""

    COVERED = "covered"
    UNPROTECTED = "unprotected"
    UNKNOWN = "unknown"


class KilledStatus(msgspec.Struct, frozen=True):
    """Whether the session is killed. since: ISO time, empty where it is not."""

    latched: bool
    since: str = ""
    reason: str = ""


class PositionStatus(msgspec.Struct, frozen=True):
    """An open position. side: LONG or SHORT; entry, unrealised: in the quote asset."""

    symbol: str
    side: str
    quantity: str
    entry: str
    unrealised: str
    cover: Cover


class OrderStatusLine(msgspec.Struct, frozen=True):
    """An order that may still fill."""

    client_order_id: str
    symbol: str
    side: str
    quantity: str
    filled: str
    price: str
    state: str


class StopStatusLine(msgspec.Struct, frozen=True):
    """A stop at the exchange."""

    client_order_id: str
    symbol: str
    trigger_price: str
    state: str


class DayStatus(msgspec.Struct, frozen=True):
    """The UTC day so far: profit with fees, funding and open positions; entries."""

    pnl: str
    trades: int


class LimitStatus(msgspec.Struct, frozen=True):
    """A limit and how much of it is used; both in its unit."""

    value: str
    used: str


class JournalStatus(msgspec.Struct, frozen=True):
    """The journal of the run. sequence: of its last record."""

    file: str
    head: str
    sequence: int


class MarketDataStatus(msgspec.Struct, frozen=True):
    """Whether every book may be traded on, and how old the oldest is; -1 before the first."""

    usable: bool
    age_ms: int


class DrillStatus(msgspec.Struct, frozen=True):
    """When closing was last rehearsed: ISO time, `never`, or the time with `failed`."""

    last: str


class RefusedStatus(msgspec.Struct, frozen=True):
    """An action that got the same refusal three times in a row or more. ended: it is not tried again."""

    action: str
    code: int
    times: int
    ended: bool


class LiveStatus(msgspec.Struct, frozen=True):
    """A session. position: the first of `positions`, or None while flat. notes: what a person should know now.

    refused: actions that the exchange refuses. alerts: how often each was raised since the process began.
    """

    session: str
    running: bool
    venue: str
    armed: bool
    paused: bool
    killed: KilledStatus
    position: PositionStatus | None
    positions: tuple[PositionStatus, ...]
    orders: tuple[OrderStatusLine, ...]
    stops: tuple[StopStatusLine, ...]
    day: DayStatus
    limits: dict[str, LimitStatus]
    journal: JournalStatus
    market_data: MarketDataStatus
    drill: DrillStatus
    notes: tuple[str, ...] = ()
    run: str = ""
    refused: tuple[RefusedStatus, ...] = ()
    alerts: dict[str, int] = {}


class ClosedPosition(msgspec.Struct, frozen=True):
    """A position that a kill closes: ours or not."""

    symbol: str
    quantity: str
    ours: bool


class KillAnswer(msgspec.Struct, frozen=True):
    """What a kill or a stop came to. verified_reads: independent reads that showed the account flat; 2 are wanted.

    seconds: until the last order or cancellation that was needed; the proof takes some seconds more. Until now where
    the account is not proven flat.
    """

    flat: bool
    verified_reads: int
    cancelled: int
    seconds: float
    closed: tuple[ClosedPosition, ...] = ()
    notes: tuple[str, ...] = ()


class AdoptAnswer(msgspec.Struct, frozen=True):
    """What was adopted, or will be at the next start (`pending`). quantity: signed. stop: id of its only stop."""

    symbol: str
    quantity: str
    stop: str = ""
    pending: bool = False


class ControlReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer: one of the fields is set. error: one line."""

    status: LiveStatus | None = None
    kill: KillAnswer | None = None
    adopted: AdoptAnswer | None = None
    done: str = ""
    error: str = ""
