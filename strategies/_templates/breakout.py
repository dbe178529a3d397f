"""Breakout from a channel after a quiet period."""

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain import ta
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import atr, previous
from skills_lib.domain.parameters import Choice, Integer, Real
from skills_lib.domain.signals import Signals, price_away


class Breakout(SignalStrategy):
    """Long when the close leaves the channel of `period` bars upwards after a quiet period, short downwards.

    Quiet means that the average true range over `exit_period` bars was at most `quiet` times the one over `period`,
    one bar before. Out when the close leaves the shorter `exit_period` channel on the other side, or at a stop
    `stop_atr` average true ranges from the entry's close; 0 means none. The idea: stop orders cluster outside a range
    that many watch, and traders forced out there pay. Loses when a breakout fails and price returns into the range,
    as most do.
    """

    period = Integer(48, low=24, high=168, step=24)
    exit_period = Integer(24, low=12, high=84, step=12)
    quiet = Real(1.0, low=0.6, high=1.4, step=0.2)
    stop_atr = Real(2.0, low=0.0, high=4.0, step=2.0)
    direction = Choice("both", ("both", "long", "short"))
    constraints = ("exit_period < period",)

    def signals(self, bars: Bars) -> Signals:
        high, low, close = bars.high, bars.low, bars.close
        top, bottom = previous(ta.max(high, self.period)), previous(ta.min(low, self.period))
        ceiling, floor = previous(ta.max(high, self.exit_period)), previous(ta.min(low, self.exit_period))
        usual, recent = atr(high, low, close, self.period), atr(high, low, close, self.exit_period)
        was_quiet = previous(recent) <= self.quiet * previous(usual)
        long_entry = was_quiet & (close > top)
        return Signals(
            long_entry=long_entry,
            short_entry=was_quiet & (close < bottom),
            long_exit=close < floor,
            short_exit=close > ceiling,
            stop_price=price_away(close, self.stop_atr * usual, ~long_entry) if self.stop_atr else None,
            indicators={f"High {self.period}": top, f"Low {self.period}": bottom},
        ).only(self.direction)
