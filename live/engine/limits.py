"""Limits that hold for an account of a given capital. They are constants; configuration tightens them."""

from enum import StrEnum

import msgspec


class Executor(StrEnum):
    """SCALP: the imbalance strategy. BARS: strategies on bars, without a longest hold."""

    SCALP = "scalp"
    BARS = "bars"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Effective limits, money in units of 1e-8.

    position: notional of one position. instrument: notional of one instrument, orders included. daily_loss, drawdown:
    of realised and unrealised profit, fees and funding. loss_at_stop: what one position may lose at its stop, costs
    included. collar_bps: how far an order's price may be from the mark price, in units of 1e-8. orders_per_fill: after
    the first `orders_per_fill` orders of a day, so many orders a fill at the most. hold_ms: 0 where there is no limit.
    """

    executor: Executor
    position: int
    instrument: int
    daily_loss: int
    drawdown: int
    hold_ms: int
    loss_at_stop: int
    open_positions: int
    orders_per_second: int
    trades_per_day: int
    collar_bps: int
    orders_per_fill: int
