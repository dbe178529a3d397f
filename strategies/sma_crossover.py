"""Trend following: two simple moving averages."""

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import sma
from skills_lib.domain.parameters import Integer
from skills_lib.domain.signals import Signals, crosses, never


class SmaCrossover(SignalStrategy):
    """Long when the fast average crosses above the slow one, short when it crosses below.

    Always in the market after the first cross. Loses in ranging markets, where crosses are frequent and moves small.
    """

    fast = Integer(10, low=2, high=200, step=2)
    slow = Integer(30, low=5, high=400, step=5)
    constraints = ("fast < slow",)

    def signals(self, bars: Bars) -> Signals:
        fast, slow = sma(bars.close, self.fast), sma(bars.close, self.slow)
        above, below = crosses(fast, slow)
        none = never(len(bars))
        return Signals(
            long_entry=above,
            short_entry=below,
            long_exit=none,
            short_exit=none,
            indicators={f"SMA {self.fast}": fast, f"SMA {self.slow}": slow},
        )
