"""Mean reversion: Bollinger bands."""

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import rolling_std, sma
from skills_lib.domain.parameters import Choice, Integer, Real
from skills_lib.domain.signals import Signals, crosses_above, crosses_below, price_away


class MeanReversion(SignalStrategy):
    """Long when the close falls below the lower Bollinger band, out at the middle; short is the mirror.

    The stop lies `stop_std` standard deviations beyond the entry's close; 0 means none. Loses in trends, where price
    moves along a band: it buys all the way down and sells all the way up, and without a stop one trend costs many
    small gains.
    """

    period = Integer(20, low=5, high=200, step=5)
    band_std = Real(2.0, low=0.5, high=4.0, step=0.5)
    stop_std = Real(0.0, low=0.0, high=10.0, step=1.0)
    direction = Choice("both", ("both", "long", "short"))

    def signals(self, bars: Bars) -> Signals:
        close = bars.close
        middle, spread = sma(close, self.period), rolling_std(close, self.period)
        lower, upper = middle - self.band_std * spread, middle + self.band_std * spread
        long_entry = crosses_below(close, lower)
        return Signals(
            long_entry=long_entry,
            short_entry=crosses_above(close, upper),
            long_exit=close >= middle,
            short_exit=close <= middle,
            stop_price=price_away(close, self.stop_std * spread, ~long_entry) if self.stop_std else None,
            indicators={"Lower band": lower, f"SMA {self.period}": middle, "Upper band": upper},
        ).only(self.direction)
