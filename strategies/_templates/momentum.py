"""Momentum: a return that is large relative to its volatility, with smaller positions at high volatility."""

import numpy as np

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.indicators import previous, rolling_std
from skills_lib.domain.parameters import Choice, Integer, Real
from skills_lib.domain.signals import Signals, crosses_above, crosses_below
from skills_lib.domain.time import DAY_NS


class Momentum(SignalStrategy):
    """Long when the return of `lookback` bars is large relative to its noise, out when it fades; short is the mirror.

    Strength is that return over the standard deviation that as many independent bars would have. The position is
    all of the equity while yearly volatility is below `volatility_target_pct`, and shrinks in proportion above it, as
    in Moskowitz, Ooi & Pedersen, "Time series momentum" (2012). The idea: investors react late to a move, and
    those who bet against it pay. Loses at sharp reversals, where it still holds the old side, and in ranging markets.
    """

    lookback = Integer(144, low=48, high=336, step=48)
    entry_strength = Real(1.0, low=0.5, high=3.0, step=0.5)
    exit_strength = Real(0.0, low=-0.5, high=0.5, step=0.5)
    volatility_target_pct = Real(60.0, low=20.0, high=100.0, step=20.0)
    direction = Choice("both", ("both", "long", "short"))
    constraints = ("exit_strength < entry_strength",)

    def signals(self, bars: Bars) -> Signals:
        deviation = rolling_std(bars.close / previous(bars.close) - 1, self.lookback)
        strength = self._strength(bars.close, deviation)
        return Signals(
            long_entry=crosses_above(strength, self.entry_strength),
            short_entry=crosses_below(strength, -self.entry_strength),
            long_exit=strength <= self.exit_strength,
            short_exit=strength >= -self.exit_strength,
            size=self._share(deviation, bars.interval_ns),
            indicators={f"Strength {self.lookback}": strength},
        ).only(self.direction)

    def _strength(self, close: FloatArray, deviation: FloatArray) -> FloatArray:
        """Return of `lookback` bars in standard deviations of as many bars; 0 where the deviation is 0: float64[n]."""
        rise = np.full(len(close), np.nan)
        rise[self.lookback :] = close[self.lookback :] / close[: -self.lookback] - 1
        noise = deviation * np.sqrt(self.lookback)
        strength = np.where(np.isnan(noise), np.nan, 0.0)
        np.divide(rise, noise, out=strength, where=noise > 0)
        return strength

    def _share(self, deviation: FloatArray, interval_ns: int) -> FloatArray:
        """Share of equity that brings yearly volatility to the target, at most 1, and 1 while undefined: float64[n]."""
        yearly_pct = 100 * deviation * np.sqrt(365 * DAY_NS / interval_ns)
        size = np.ones(len(deviation))
        np.divide(self.volatility_target_pct, yearly_pct, out=size, where=yearly_pct > self.volatility_target_pct)
        return size
