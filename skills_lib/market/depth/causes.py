"""Why a book must not be used, and what makes it usable again."""

from enum import StrEnum
from typing import NamedTuple


class Cause(StrEnum):
    """Why a book must not be used."""

    NO_SNAPSHOT = "no snapshot"
    CHAIN_BREAK = "chain break"
    STALE_SNAPSHOT = "stale snapshot"
    MALFORMED = "malformed message"
    WRONG_SYMBOL = "wrong symbol"
    CROSSED = "crossed book"
    EMPTY_SIDE = "empty side"
    TICKER_DISAGREES = "ticker disagrees"
    PARTIAL_DISAGREES = "partial depth disagrees"
    TRADES_DISAGREE = "trades disagree"
    DISCONNECTED = "disconnected"
    SILENT = "silent"
    LATE = "late events"
    BACKLOG = "receive backlog"
    CLOCK_JUMP = "clock jump"
    NOT_TRADING = "not trading"


class Remedy(StrEnum):
    """What makes a book usable again. RESYNC: a snapshot. RESUBSCRIBE: a new connection, and a snapshot.

    WAIT: nothing can be done; the book is usable when the cause is gone.
    """

    RESYNC = "resync"
    RESUBSCRIBE = "resubscribe"
    WAIT = "wait"


_RESUBSCRIBED = {Cause.DISCONNECTED, Cause.SILENT, Cause.LATE, Cause.WRONG_SYMBOL}
_WAITED_FOR = {Cause.BACKLOG, Cause.CLOCK_JUMP, Cause.NOT_TRADING}


def remedy(cause: Cause) -> Remedy:
    """What makes a book usable again."""
    if cause in _WAITED_FOR:
        return Remedy.WAIT
    return Remedy.RESUBSCRIBE if cause in _RESUBSCRIBED else Remedy.RESYNC


class Unusable(NamedTuple):
    """Why a book must not be used; `detail` is one clause without a full stop."""

    cause: Cause
    detail: str
