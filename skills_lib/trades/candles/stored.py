"""Bars by range from the trade log."""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.domain.time import MS_NS
from skills_lib.market.candles.cache import CacheKey
from skills_lib.market.candles.series import bars_of, no_bars, union
from skills_lib.market.candles.spans import TimeSpan
from skills_lib.settings import Settings
from skills_lib.trades.store.choosing import open_store, store_address
from skills_lib.trades.store.model import Filter
from skills_lib.trades.store.rows import StoredCandle

_AT_ONCE = 20_000


def stored_bars(key: CacheKey, span: TimeSpan, settings: Settings) -> tuple[Bars, str]:
    """The bars of the workspace's store that open within `span`, and its address as it may be shown."""
    store = open_store(store_address(settings))
    try:
        where = Filter(
            venue=key.exchange,
            symbol=key.instrument.symbol,
            since_ms=-(-span.start_ns // MS_NS),
            until_ms=-(-span.end_ns // MS_NS),
            equal={"timeframe": key.timeframe.value},
        )
        parts = list(_parts(store.rows(StoredCandle, where), key.timeframe.nanoseconds))
    finally:
        store.close()
    return union([no_bars(key.timeframe), *parts]), store.address.shown


def _parts(rows: Iterator[StoredCandle], interval_ns: int) -> Iterator[Bars]:
    while part := list(islice(rows, _AT_ONCE)):
        times = np.array([row.open_ms for row in part], np.int64) * MS_NS
        columns = [[row.open, row.high, row.low, row.close, row.volume] for row in part]
        yield bars_of(times, np.ascontiguousarray(np.array(columns, np.float64).T), interval_ns)
