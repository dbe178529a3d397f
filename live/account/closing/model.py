"""What a closing is asked to do, and what it has done."""

from dataclasses import dataclass
from typing import Final

from live.account.reads import HeldPosition, Resting
from live.client.wire import S
from live.engine.constants import CLOCK_TOLERANCE_NS, RECV_WINDOW_NS

SETTLED_NS: Final = RECV_WINDOW_NS + CLOCK_TOLERANCE_NS
"""What another program has sent is refused when it arrives later than this (-1021)."""
GIVE_UP_NS: Final = 15 * 60 * S
"""A closing that is not done after this long ends and says so: whoever started it decides what to do next."""


@dataclass(frozen=True, slots=True)
class ClosingRequest:
    """symbols: close these alone; empty: whatever the account holds. named: symbols whose orders are cancelled in both
    books although no read shows any, for a list can miss an order that has landed.

    name: first part of the client ids of its orders, at most 12 characters. settled_ns: flat is not proven earlier than
    this after the last read that showed anything, and after the start. give_up_ns: how long it is tried.
    """

    name: str
    symbols: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    settled_ns: int = SETTLED_NS
    give_up_ns: int = GIVE_UP_NS


@dataclass(frozen=True, slots=True)
class Closed:
    """What a closing did. flat: proven by `verified_reads` (two) reads after its last action, each of positions by two
    endpoints and of the orders of both books.

    closed, cancelled: what was seen open or resting, and is no longer. left: what is still there, or could not be read.
    refused: what the exchange refused for good. flat_ns: from the start until the last order or cancellation that was
    needed was answered, 0 if none was; None if flat is not proven. took_ns: until the end, the proof included.
    """

    flat: bool
    verified_reads: int
    closed: tuple[HeldPosition, ...]
    cancelled: tuple[Resting, ...]
    left: tuple[str, ...]
    refused: tuple[str, ...]
    flat_ns: int | None
    took_ns: int
