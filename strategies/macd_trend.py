"""Trend following: MACD with a trend filter."""

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import ema, macd
from skills_lib.domain.parameters import Choice, Integer
from skills_lib.domain.signals import Signals, crosses_above, crosses_below


class MacdTrend(SignalStrategy):
    """Long when MACD crosses above its signal line while the close is above a slow average; short is the mirror.

    Out at the opposite cross. `trend` is the period of the slow exponential average; 0 switches that filter off.
    Loses in ranging markets, where MACD crosses its signal line back and forth, and it enters late after a sharp turn.
    """

    fast = Integer(12, low=2, high=100, step=2)
    slow = Integer(26, low=4, high=200, step=2)
    signal = Integer(9, low=2, high=50)
    trend = Integer(200, low=0, high=400, step=50)
    direction = Choice("both", ("both", "long", "short"))
    constraints = ("fast < slow",)

    def signals(self, bars: Bars) -> Signals:
        line, signal = macd(bars.close, self.fast, self.slow, self.signal)
        up, down = crosses_above(line, signal), crosses_below(line, signal)
        long_entry, short_entry, indicators = up, down, {"MACD": line, f"Signal {self.signal}": signal}
        if self.trend:
            average = ema(bars.close, self.trend)
            long_entry, short_entry = up & (bars.close > average), down & (bars.close < average)
            indicators[f"EMA {self.trend}"] = average
        return Signals(long_entry, short_entry, long_exit=down, short_exit=up, indicators=indicators).only(
            self.direction
        )
