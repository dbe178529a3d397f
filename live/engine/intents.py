"""Orders that the engine wants to send, before and after risk has judged them."""

from enum import StrEnum
from typing import Any, Final, NoReturn, final
from weakref import WeakSet

import msgspec

from live.enums import OrderType, Side, TimeInForce


class Purpose(StrEnum):
    """What an order is for. STOP: the stop that rests at the exchange."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """An order that the engine wants to send. Prices and quantities in units of 1e-8; 0: none.

    client_id: from run and sequence, never used for another order. position: client id of the entry that opened the
    position. A STOP closes the whole position (`closePosition`) and has no quantity. stop_price, target_price: of an
    entry, where its position is to be closed; without them the settings' distances from the fills hold.
    """

    client_id: str
    position: str
    symbol: str
    purpose: Purpose
    side: Side
    type: OrderType
    quantity: int
    price: int = 0
    trigger_price: int = 0
    time_in_force: TimeInForce | None = None
    reduce_only: bool = False
    reason: str
    stop_price: int = 0
    target_price: int = 0


class LimitUse(msgspec.Struct, frozen=True):
    """How much of a limit an intent would use, both in the limit's unit."""

    limit: str
    used: int
    allowed: int


class Refused(msgspec.Struct, frozen=True):
    """Risk refuses an intent. reason: a fixed word such as `daily_loss`; text: what was found and what is allowed."""

    intent: Intent
    reason: str
    text: str
    uses: tuple[LimitUse, ...] = ()


_KEY: Final = object()


@final
class Approved:
    """An intent that risk has approved. Only `live/engine/risk` makes one; the venue's port takes nothing else."""

    __slots__ = ("__weakref__", "approved_ns", "intent", "uses")

    intent: Intent
    uses: tuple[LimitUse, ...]
    approved_ns: int

    def __init__(self, key: object, intent: Intent, uses: tuple[LimitUse, ...], approved_ns: int) -> None:
        if key is not _KEY:
            raise TypeError("Only live.engine.risk approves an intent.")
        for name, value in (("intent", intent), ("uses", uses), ("approved_ns", approved_ns)):
            object.__setattr__(self, name, value)
        _MADE.add(self)

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Approved has no subclasses.")

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError("An approved intent does not change.")

    def __reduce__(self) -> NoReturn:
        raise TypeError("An approved intent is not copied or stored; the journal holds its intent.")


_MADE: Final[WeakSet[Approved]] = WeakSet()


def is_genuine(approved: object) -> bool:
    """True for what the constructor made: `object.__new__` makes an `Approved` that never went through it."""
    return type(approved) is Approved and approved in _MADE


Judged = Approved | Refused
