"""Strategies with look-ahead: one for each common way to introduce it."""

from typing import Any

import numpy as np
import pandas as pd
from backtesting import Strategy

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars, BoolArray, FloatArray
from skills_lib.domain.indicators import sma
from skills_lib.domain.signals import Signals, crosses_above, crosses_below, never
from skills_lib.domain.time import DAY_NS


def wishing(long: BoolArray, short: BoolArray, **others: Any) -> Signals:
    """Signals with entries only."""
    return Signals(np.asarray(long), np.asarray(short), never(len(long)), never(len(long)), **others)


def around(values: FloatArray, level: FloatArray | float) -> Signals:
    """Long when `values` cross below `level`, short above."""
    return wishing(crosses_below(values, level), crosses_above(values, level))


class PeeksOneBar(SignalStrategy):
    """Buys before rises; its next close is not defined on the last bar."""

    def signals(self, bars: Bars) -> Signals:
        following = np.append(bars.close[1:], np.nan)
        return wishing(following > bars.close, following < bars.close)


class PeeksOneBarAndRepeatsTheLast(SignalStrategy):
    """Uses the last close as the next one on the last bar, so that it does not act there."""

    def signals(self, bars: Bars) -> Signals:
        following = np.append(bars.close[1:], bars.close[-1])
        average = sma(bars.close, 20)
        up, down = crosses_above(bars.close, average), crosses_below(bars.close, average)
        return wishing(up & ~(following < bars.close), down & ~(following > bars.close))


class PeeksAroundTheEnd(SignalStrategy):
    """`np.roll`, which moves the first value to the last bar."""

    def signals(self, bars: Bars) -> Signals:
        return around(np.roll(bars.close, -1), sma(bars.close, 20))


class PeeksAtExitsOnly(SignalStrategy):
    """Honest entries; exits one bar before a drop."""

    def signals(self, bars: Bars) -> Signals:
        average = sma(bars.close, 20)
        falls = np.append(bars.close[1:] < bars.close[:-1], False)
        none = never(len(bars))
        return Signals(crosses_above(bars.close, average), none, falls, none)


class PeeksAtVolume(SignalStrategy):
    """Buys before bars with high volume."""

    def signals(self, bars: Bars) -> Signals:
        busy = np.append(bars.volume[1:] > 80, False)
        return wishing(busy, never(len(bars)))


class PeeksRarely(SignalStrategy):
    """Looks one bar ahead on one bar in 29."""

    def signals(self, bars: Bars) -> Signals:
        looks = np.arange(len(bars)) % 29 == 7
        return wishing(looks & (np.append(bars.close[1:], np.nan) > bars.close), never(len(bars)))


class AimsAtTheNextHigh(SignalStrategy):
    """Honest entries with a target that will be reached."""

    def signals(self, bars: Bars) -> Signals:
        up = crosses_above(bars.close, sma(bars.close, 20))
        return wishing(up, never(len(bars)), target_price=np.append(bars.high[1:], np.nan))


class NormalisesByTheWholeSample(SignalStrategy):
    """A z-score with the mean and deviation of all bars."""

    def signals(self, bars: Bars) -> Signals:
        changes = np.append(0.0, np.diff(np.log(bars.close)))
        return around((changes - changes.mean()) / changes.std(), 1.5)


class NormalisesPricesByTheWholeSample(SignalStrategy):
    """The same on prices, which rarely cross their level."""

    def signals(self, bars: Bars) -> Signals:
        return around((bars.close - bars.close.mean()) / bars.close.std(), 0.5)


class SizesByTheWholeSample(SignalStrategy):
    """Honest entries, one size for all of them, from the volatility of all bars."""

    def signals(self, bars: Bars) -> Signals:
        average = sma(bars.close, 20)
        moves = np.abs(np.diff(bars.close))
        size = float(np.clip(moves.mean() / moves.max(), 0.01, 0.99)) if len(moves) else 0.5
        return wishing(crosses_above(bars.close, average), never(len(bars)), size=size)


class CentresItsWindow(SignalStrategy):
    """A centred rolling mean."""

    def signals(self, bars: Bars) -> Signals:
        return around(bars.close, pd.Series(bars.close).rolling(21, center=True).mean().to_numpy())


class CentresItsWindowToTheEnd(SignalStrategy):
    """The same, with a shorter window at the end."""

    def signals(self, bars: Bars) -> Signals:
        return around(bars.close, pd.Series(bars.close).rolling(21, center=True, min_periods=1).mean().to_numpy())


class KnowsFutureExtremes(SignalStrategy):
    """Buys the lowest close of all that follow, by extremes accumulated from the end."""

    def signals(self, bars: Bars) -> Signals:
        lowest = np.minimum.accumulate(bars.close[::-1])[::-1]
        highest = np.maximum.accumulate(bars.close[::-1])[::-1]
        return wishing(bars.close <= lowest, bars.close >= highest)


class KnowsTheDaysLastClose(SignalStrategy):
    """Resampled to days, each bar sees its own day's last close."""

    def signals(self, bars: Bars) -> Signals:
        closing = pd.Series(bars.close).groupby(bars.open_time_ns // DAY_NS).transform("last").to_numpy()
        return around(closing, sma(bars.close, 20))


class PeeksOnTheVeryLastBars(SignalStrategy):
    """Honest except on the last three bars, which use the last close."""

    def signals(self, bars: Bars) -> Signals:
        average = sma(bars.close, 20)
        up = crosses_above(bars.close, average)
        up[-3:] = bars.close[-1] > bars.close[-3:]
        return wishing(up, crosses_below(bars.close, average))


class FillsItsGapsBackwards(SignalStrategy):
    """The undefined first averages filled with the first defined one."""

    def signals(self, bars: Bars) -> Signals:
        return around(bars.close, pd.Series(bars.close).rolling(48).mean().shift(-12).bfill().ffill().to_numpy())


class RedrawsItsIndicator(SignalStrategy):
    """Honest signals with an indicator that changes afterwards."""

    def signals(self, bars: Bars) -> Signals:
        average = sma(bars.close, 20)
        centred = pd.Series(bars.close).rolling(11, center=True, min_periods=1).mean().to_numpy()
        return wishing(crosses_above(bars.close, average), never(len(bars)), indicators={"Centred": centred})


SIGNAL_CHEATS = (
    PeeksOneBar,
    PeeksOneBarAndRepeatsTheLast,
    PeeksAroundTheEnd,
    PeeksAtExitsOnly,
    PeeksAtVolume,
    PeeksRarely,
    AimsAtTheNextHigh,
    NormalisesByTheWholeSample,
    NormalisesPricesByTheWholeSample,
    SizesByTheWholeSample,
    CentresItsWindow,
    CentresItsWindowToTheEnd,
    KnowsFutureExtremes,
    KnowsTheDaysLastClose,
    PeeksOnTheVeryLastBars,
    FillsItsGapsBackwards,
    RedrawsItsIndicator,
)


class PlainPeek(Strategy):  # type: ignore[misc]
    """A plain strategy whose indicator is the next close."""

    def init(self) -> None:
        self.following = self.I(lambda close: np.append(close[1:], close[-1]), self.data.Close)
        self.average = self.I(sma, np.asarray(self.data.Close), 10)

    def next(self) -> None:
        above = self.data.Close[-1] > self.average[-1]
        if not self.position and above and self.following[-1] > self.data.Close[-1]:
            self.buy(size=0.5)
        elif self.position and not above:
            self.position.close()


class PlainExitPeek(PlainPeek):
    """Exits just before a drop."""

    def next(self) -> None:
        if not self.position and self.data.Close[-1] > self.average[-1]:
            self.buy(size=0.5)
        elif self.position and self.following[-1] < self.data.Close[-1]:
            self.position.close()


class PlainZScore(PlainPeek):
    """Normalised by the whole sample."""

    def init(self) -> None:
        super().init()
        self.score = self.I(lambda close: (close - close.mean()) / close.std(), self.data.Close)

    def next(self) -> None:
        if not self.position and self.score[-1] < self.score[-2] and self.score[-1] < 0.5:
            self.buy(size=0.5)
        elif self.position and self.score[-1] > 0:
            self.position.close()


class PlainHonest(PlainPeek):
    """The same without look-ahead, with a stop, a target and a limit entry."""

    def next(self) -> None:
        close = float(self.data.Close[-1])
        above = close > self.average[-1]
        if not self.position and above:
            self.buy(size=0.5, sl=close * 0.97, tp=close * 1.02)
        elif not self.position and not self.orders:
            self.sell(size=0.3, limit=close * 1.004, sl=close * 1.05)
        elif self.position and not above:
            self.position.close()


PLAIN_CHEATS = (PlainPeek, PlainExitPeek, PlainZScore)
