"""Mean reversion: trades against a price far from its average, with a stop."""

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import rolling_std, sma
from skills_lib.domain.parameters import Choice, Integer, Real
from skills_lib.domain.signals import Signals, crosses_above, crosses_below, price_away


class Reversion(SignalStrategy):
    """Long when the close falls far below its average, out on the way back; short is the mirror.

    Far is `entry_std` standard deviations over `period` bars, back is within `exit_std` of them. The stop lies
    `stop_std` deviations beyond the entry's close; 0 means none. The idea: forced or hurried orders (a liquidation,
    a large order) move price too far and pay those who wait. Loses in trends, where the average moves to the price
    instead of the price to the average, and to costs, because each gain is small.
    """

    period = Integer(48, low=24, high=168, step=24)
    entry_std = Real(2.0, low=1.0, high=3.0, step=0.5)
    exit_std = Real(0.0, low=0.0, high=1.0, step=0.5)
    stop_std = Real(4.0, low=0.0, high=6.0, step=2.0)
    direction = Choice("both", ("both", "long", "short"))
    constraints = ("exit_std < entry_std",)

    def signals(self, bars: Bars) -> Signals:
        close = bars.close
        middle, deviation = sma(close, self.period), rolling_std(close, self.period)
        lower, upper = middle - self.entry_std * deviation, middle + self.entry_std * deviation
        long_entry = crosses_below(close, lower)
        return Signals(
            long_entry=long_entry,
            short_entry=crosses_above(close, upper),
            long_exit=close >= middle - self.exit_std * deviation,
            short_exit=close <= middle + self.exit_std * deviation,
            stop_price=price_away(close, self.stop_std * deviation, ~long_entry) if self.stop_std else None,
            indicators={"Lower": lower, f"SMA {self.period}": middle, "Upper": upper},
        ).only(self.direction)
