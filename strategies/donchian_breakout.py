"""Trend following: Donchian channels, as the Turtles traded them."""

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain import ta
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import atr, previous
from skills_lib.domain.parameters import Choice, Integer, Real
from skills_lib.domain.signals import Signals, price_away


class DonchianBreakout(SignalStrategy):
    """Long when the close breaks the highest high of `entry_period` bars, short when it breaks the lowest low.

    Out when the close breaks the opposite side of the shorter `exit_period` channel, or at a stop `stop_atr` average
    true ranges from the entry's close (0 means none). Both channels exclude the current bar. Loses in ranging
    markets, where most breakouts fail: many small losses for a few large gains.
    """

    entry_period = Integer(20, low=5, high=400, step=5)
    exit_period = Integer(10, low=2, high=200, step=2)
    atr_period = Integer(20, low=5, high=100, step=5)
    stop_atr = Real(2.0, low=0.0, high=10.0, step=0.5)
    direction = Choice("both", ("both", "long", "short"))
    constraints = ("exit_period <= entry_period",)

    def signals(self, bars: Bars) -> Signals:
        close = bars.close
        top, bottom = previous(ta.max(bars.high, self.entry_period)), previous(ta.min(bars.low, self.entry_period))
        exit_top = previous(ta.max(bars.high, self.exit_period))
        exit_bottom = previous(ta.min(bars.low, self.exit_period))
        long_entry, stop = close > top, None
        indicators = {f"High {self.entry_period}": top, f"Low {self.entry_period}": bottom}
        if self.stop_atr:
            true_range = atr(bars.high, bars.low, close, self.atr_period)
            stop = price_away(close, self.stop_atr * true_range, ~long_entry)
            indicators[f"ATR {self.atr_period}"] = true_range
        return Signals(
            long_entry=long_entry,
            short_entry=close < bottom,
            long_exit=close < exit_bottom,
            short_exit=close > exit_top,
            stop_price=stop,
            indicators=indicators,
        ).only(self.direction)
