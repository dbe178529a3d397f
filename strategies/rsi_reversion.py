"""Mean reversion: the relative strength index."""

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import rsi
from skills_lib.domain.parameters import Choice, Integer
from skills_lib.domain.signals import Signals, crosses_above, crosses_below


class RsiReversion(SignalStrategy):
    """Long when the RSI falls below `oversold`, short when it rises above `overbought`, out at `exit_level`.

    There is no stop. Loses in trends, where the RSI stays at one extreme for weeks while price continues.
    """

    period = Integer(14, low=2, high=100, step=2)
    oversold = Integer(30, low=5, high=50, step=5)
    overbought = Integer(70, low=50, high=95, step=5)
    exit_level = Integer(50, low=10, high=90, step=5)
    direction = Choice("both", ("both", "long", "short"))
    constraints = ("oversold < exit_level", "exit_level < overbought")

    def signals(self, bars: Bars) -> Signals:
        strength = rsi(bars.close, self.period)
        return Signals(
            long_entry=crosses_below(strength, self.oversold),
            short_entry=crosses_above(strength, self.overbought),
            long_exit=strength >= self.exit_level,
            short_exit=strength <= self.exit_level,
            indicators={f"RSI {self.period}": strength},
        ).only(self.direction)
