"""What a replay gives to the figures: positions from entry to exit, and fills that rested in the book.

Money, prices and quantities in units of 1e-8 (`live/money.py`); times in nanoseconds of exchange time.
"""

from enum import StrEnum

import msgspec

from live.enums import Side


class ExitReason(StrEnum):
    """Why a position was closed. KILL: by a command, a limit or the end of the tape."""

    TARGET = "target"
    STOP = "stop"
    TIME = "time"
    KILL = "kill"


MARKOUT_HORIZONS_NS = (100_000_000, 1_000_000_000, 10_000_000_000, 60_000_000_000)
"""How long after a maker's fill the mid price is compared with the fill's price."""


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """One position from its first fill until it is flat. side: of the entry.

    entry_value, exit_value: price times quantity over all fills of a side. gross: exit minus entry value, signed by
    the side. fees: paid on both sides. funding: received, negative if paid.
    """

    symbol: str
    side: Side
    quantity: int
    entry_ns: int
    exit_ns: int
    entry_value: int
    exit_value: int
    fees: int
    funding: int
    reason: ExitReason

    @property
    def gross(self) -> int:
        """Profit before fees and funding."""
        moved = self.exit_value - self.entry_value
        return moved if self.side is Side.BUY else -moved

    @property
    def net(self) -> int:
        """Profit after fees and funding."""
        return self.gross - self.fees + self.funding


class MakerFill(msgspec.Struct, frozen=True):
    """A fill of an order that rested. mids: the mid price at the end of each horizon; 0 where the tape ended before."""

    side: Side
    time_ns: int
    price: int
    quantity: int
    mids: tuple[int, ...]
