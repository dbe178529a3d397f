"""The oracle's plain inputs, made from bars, signals and settings."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

import numpy as np

from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.costs import BPS
from skills_lib.domain.signals import Signals
from tests.oracle.model import Account, Decisions, Levels, Market


class Tier(Protocol):
    """A bracket of a venue's table of maintenance margins."""

    @property
    def rate(self) -> float:
        """Share of notional that must remain."""
        ...

    @property
    def amount(self) -> float:
        """What is taken off, in quote currency."""
        ...


def market_of(bars: Bars) -> Market:
    """The bars, each price the float's exact value."""
    return Market(
        open_time_ns=[int(time) for time in bars.open_time_ns],
        open=_exact(bars.open),
        high=_exact(bars.high),
        low=_exact(bars.low),
        close=_exact(bars.close),
        interval_ns=int(bars.interval_ns),
    )


def decisions_of(signals: Signals) -> Decisions:
    """The signals; a scalar size becomes one for each bar."""
    n = len(signals)
    return Decisions(
        long_entry=signals.long_entry.tolist(),
        short_entry=signals.short_entry.tolist(),
        long_exit=signals.long_exit.tolist(),
        short_exit=signals.short_exit.tolist(),
        size=_exact(np.broadcast_to(signals.size, n)),
        stop=_levels(signals.stop_price, n),
        target=_levels(signals.target_price, n),
        indicators=[_levels(line, n) for line in signals.indicators.values()],
    )


def account_of(settings: BacktestSettings, tiers: Iterable[Tier]) -> Account:
    """The settings, which have a fractional unit."""
    costs = settings.costs
    return Account(
        cash=Decimal(settings.cash),
        unit=Decimal(settings.unit),
        commission=Decimal(costs.commission_bps * BPS),
        spread=Decimal(costs.round_trip_spread),
        funding_rate=Decimal(costs.funding_bps_per_8h * BPS),
        leverage=Decimal(settings.leverage),
        trade_on_close=settings.trade_on_close,
        tiers=[(Decimal(tier.rate), Decimal(tier.amount)) for tier in tiers],
    )


def _exact(column: FloatArray) -> list[Decimal]:
    return [Decimal(float(x)) for x in column]


def _levels(column: FloatArray | None, n: int) -> Levels:
    return [None] * n if column is None else [None if x.is_nan() else x for x in _exact(column)]
