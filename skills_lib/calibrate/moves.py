"""Represents bars as moves relative to the previous close, to reorder or mirror them and rebuild bars."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from skills_lib.domain.bars import Bars, FloatArray, IntArray

START_PRICE = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Open, high, low and close of `n` bars, each relative to the previous close minus 1: float64[n].

    `volume` in base units. A price of zero is a move of -1, which does not occur.
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.close)

    @classmethod
    def of(cls, bars: Bars) -> Self:
        """The moves of all bars except the first, which has no previous close."""
        before = bars.close[:-1]
        columns = {name: getattr(bars, name)[1:] / before - 1 for name in ("open", "high", "low", "close")}
        return cls(**columns, volume=bars.volume[1:])

    def taken(self, index: IntArray) -> Self:
        """The moves at the positions `index`, in that order."""
        names = ("open", "high", "low", "close", "volume")
        return replace(self, **{name: getattr(self, name)[index] for name in names})

    def without_drift(self) -> Self:
        """The same moves with a mean of exactly zero from close to close.

        The mean, at most 0.01 %, is subtracted from closes; highs and lows are widened where necessary.
        """
        close = self.close - self.close.mean()
        high = np.maximum(np.maximum(self.high, self.open), close)
        low = np.minimum(np.minimum(self.low, self.open), close)
        return replace(self, high=high, low=low, close=close)

    def mirrored(self, signs: FloatArray) -> Self:
        """Each bar unchanged (sign 1) or mirrored at the previous close (sign -1), which swaps high and low."""
        high, low = self.high * signs, self.low * signs
        return replace(
            self,
            open=self.open * signs,
            high=np.maximum(high, low),
            low=np.minimum(high, low),
            close=self.close * signs,
        )

    def bars(self, open_time_ns: IntArray, interval_ns: int) -> Bars:
        """The moves as bars, starting from a price of 100."""
        close = np.cumprod(1 + self.close, dtype=np.float64)
        close *= START_PRICE
        before = np.concatenate(([START_PRICE], close[:-1]))
        open_, high, low = (before * (1 + move) for move in (self.open, self.high, self.low))
        # rounding of the products must not put a high below its open or close
        high, low = np.maximum(np.maximum(high, open_), close), np.minimum(np.minimum(low, open_), close)
        return Bars(open_time_ns, open_, high, low, close, self.volume, interval_ns=interval_ns)
