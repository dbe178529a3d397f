"""Trend following: two exponential averages that must diverge by a minimum distance."""

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import atr, ema
from skills_lib.domain.parameters import Choice, Integer, Real
from skills_lib.domain.signals import Signals, crosses_above, crosses_below


class Trend(SignalStrategy):
    """Long when the fast average rises clearly above the slow one, short when it falls clearly below.

    Clearly means by `band_atr` average true ranges over `slow` bars; 0 takes every cross. Out when the averages meet
    again. The idea: prices absorb news over days, not at once, and those who sell too early or must hedge pay.
    Loses in ranging markets, where the averages cross many times, and gives back part of each move before it exits.
    """

    fast = Integer(24, low=6, high=48, step=6)
    slow = Integer(96, low=24, high=192, step=24)
    band_atr = Real(0.5, low=0.0, high=2.0, step=0.5)
    direction = Choice("both", ("both", "long", "short"))
    constraints = ("fast < slow",)

    def signals(self, bars: Bars) -> Signals:
        fast, slow = ema(bars.close, self.fast), ema(bars.close, self.slow)
        distance = fast - slow
        band = self.band_atr * atr(bars.high, bars.low, bars.close, self.slow)
        return Signals(
            long_entry=crosses_above(distance, band),
            short_entry=crosses_below(distance, -band),
            long_exit=distance <= 0,
            short_exit=distance >= 0,
            indicators={f"EMA {self.fast}": fast, f"EMA {self.slow}": slow},
        ).only(self.direction)
