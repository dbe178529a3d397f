"""Bars and settings as the kernel reads them, made once for any number of combinations."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.funding import funding_schedule
from skills_lib.backtest.margin import tier_array
from skills_lib.backtest.metrics import last_bars_of_days
from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import BPS
from skills_lib.domain.errors import InputError

if TYPE_CHECKING:
    from skills_lib.backtest.kernel.arrays import BrokerParameters, MarketArrays


@dataclass(frozen=True)
class KernelInputs:
    """Bars and settings of one market; the settings have a unit."""

    bars: Bars
    settings: BacktestSettings

    @cached_property
    def market(self) -> "MarketArrays":
        """Arrays for the compiled loops. Read-only all of them: numba compiles anew for each mixture."""
        from skills_lib.backtest.kernel.arrays import MarketArrays
        from skills_lib.backtest.kernel.segments import block_extremes

        bars = self.bars
        prices = {name: _read_only(getattr(bars, name)) for name in ("open", "high", "low", "close")}
        low, high = block_extremes(prices["close"])
        funding = funding_schedule(bars, self.settings.costs.funding_bps_per_8h)
        return MarketArrays(
            **prices,
            block_low=_read_only(low),
            block_high=_read_only(high),
            block_lows=_read_only(block_extremes(prices["low"])[0]),
            block_highs=_read_only(block_extremes(prices["high"])[1]),
            open_time_ns=_read_only(bars.open_time_ns, np.int64),
            day_last=_read_only(last_bars_of_days(bars.open_time_ns, bars.interval_ns), np.int64),
            tiers=_read_only(tier_array(self.settings.margin_tiers)),
            paid=_read_only(funding.paid),
            payment_bar=_read_only(funding.bar, np.int64),
            by_open=_read_only(funding.by_open, np.int64),
            by_close=_read_only(funding.by_close, np.int64),
            paid_by_end=_read_only(funding.paid_by_end),
            interval_ns=max(int(bars.interval_ns), 1),
        )

    @cached_property
    def broker(self) -> "BrokerParameters":
        """The settings that decide trades."""
        from skills_lib.backtest.kernel.arrays import BrokerParameters

        settings = self.settings
        return BrokerParameters(
            cash=settings.cash,
            commission=settings.costs.commission_bps * BPS,
            spread=settings.costs.round_trip_spread,
            leverage=settings.leverage,
            unit=settings.unit,
            on_close=settings.trade_on_close,
        )

    def under(self, settings: BacktestSettings) -> "KernelInputs":
        """The same bars under other settings; costs and tiers must be the same."""
        other = KernelInputs(self.bars, settings.with_unit_for(self.bars))
        other.__dict__["market"] = self.market
        return other


def prepare_inputs(bars: Bars, settings: BacktestSettings) -> KernelInputs:
    """Check `bars` for the kernel.

    Raises:
        InputError: fewer than two bars, out of order, or with a price that is not above 0 and finite.
    """
    if len(bars) < 2:
        raise InputError(f"{len(bars)} bars are too few to trade on. Ask for a longer span.")
    if (bars.open_time_ns[1:] < bars.open_time_ns[:-1]).any():
        raise InputError("The bars are not in order of time. Sort them.")
    prices = (bars.open, bars.high, bars.low, bars.close)
    if not all(column.min() > 0 and column.max() < np.inf for column in prices):  # nan is neither
        raise InputError("The bars hold prices that are not above 0. Use the reference engine or repair the data.")
    return KernelInputs(bars, settings.with_unit_for(bars))


def _read_only(values: npt.ArrayLike, kind: type = np.float64) -> Any:
    array: npt.NDArray[Any] = np.ascontiguousarray(values, dtype=kind).view()
    array.flags.writeable = False
    return array
