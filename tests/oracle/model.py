"""What the oracle is given and what it returns: plain decimals, nothing of ours."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

ZERO, ONE = Decimal(0), Decimal(1)
Reason = Literal["order", "stop", "target", "liquidation", "last bar", "no equity"]
Prices = Sequence[Decimal]
Levels = Sequence[Decimal | None]


@dataclass(frozen=True, slots=True)
class Market:
    """Bars, oldest first; prices per base unit."""

    open_time_ns: Sequence[int]
    open: Prices
    high: Prices
    low: Prices
    close: Prices
    interval_ns: int


@dataclass(frozen=True, slots=True)
class Decisions:
    """Signals at each close; `indicators` are None where they are not defined."""

    long_entry: Sequence[bool]
    short_entry: Sequence[bool]
    long_exit: Sequence[bool]
    short_exit: Sequence[bool]
    size: Prices
    stop: Levels
    target: Levels
    indicators: Sequence[Levels] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """Cash, costs as fractions of notional, and the venue: `tiers` of maintenance margin are (rate, amount)."""

    cash: Decimal
    commission: Decimal = ZERO
    spread: Decimal = ZERO
    funding_rate: Decimal = ZERO
    leverage: Decimal = ONE
    unit: Decimal = ONE
    trade_on_close: bool = False
    tiers: Sequence[tuple[Decimal, Decimal]] = ((Decimal("0.004"), ZERO),)
    liquidation_fee: Decimal = Decimal("0.0125")


@dataclass(frozen=True, slots=True)
class Trade:
    """A closed position; `size` is signed, prices are as booked, `pnl` is net of commission and funding."""

    entry_bar: int
    exit_bar: int
    size: Decimal
    entry_price: Decimal
    exit_price: Decimal
    stop: Decimal | None
    target: Decimal | None
    commission: Decimal
    funding: Decimal
    pnl: Decimal
    reason: Reason


@dataclass(slots=True)
class Outcome:
    """What happened; `both_reached` counts bars that reached a loss and a target, `knife_edges` are (bar, what)."""

    trades: list[Trade] = field(default_factory=list)
    equity: list[Decimal] = field(default_factory=list)
    cancelled: int = 0
    both_reached: int = 0
    knife_edges: list[tuple[int, str]] = field(default_factory=list)
