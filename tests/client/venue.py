"""An exchange on loopback with candles of every symbol and timeframe up to now, from random walks."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.domain.time import MINUTE_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.testing import random_walk
from tests.market.candles.local_venue import MS, LocalVenue, kline_rows

BARS = 6_000


def recent_bars(symbol: str, timeframe: Timeframe) -> Bars:
    """Bars that end with the last closed one; the same prices for each symbol every time."""
    step = timeframe.nanoseconds
    end = time.time_ns() // step * step
    walk = random_walk(BARS, sum(symbol.encode()), step // MINUTE_NS, 0.006, start=30_000.0)
    return replace(walk, open_time_ns=end - step * np.arange(BARS, 0, -1, dtype=np.int64))


@dataclass
class EveryMarket(LocalVenue):
    """A `LocalVenue` whose bars depend on the symbol and timeframe that are requested."""

    bars: Bars = field(default_factory=lambda: random_walk(2, seed=0))

    def klines(self, query: dict[str, list[str]]) -> list[list[Any]]:
        """Binance's answer: the next bars from startTime on, at most `limit`."""
        bars = recent_bars(query["symbol"][0], Timeframe.parse(query["interval"][0]))
        first = int(bars.open_time_ns.searchsorted(int(query["startTime"][0]) * MS))
        return kline_rows(bars[first : first + int(query["limit"][0])])
