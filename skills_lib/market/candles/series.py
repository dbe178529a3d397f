"""Slices and joins bars by open time."""

from collections.abc import Iterable, Sequence

import numpy as np

from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.spans import TimeSpan

COLUMNS = ("open_time_ns", "open", "high", "low", "close", "volume")


def no_bars(timeframe: Timeframe) -> Bars:
    """Zero bars of `timeframe`."""
    empty = np.empty(0, np.float64)
    return Bars(np.empty(0, np.int64), empty, empty, empty, empty, empty, timeframe.nanoseconds)


def bars_of(times_ns: IntArray, fields: Iterable[FloatArray], timeframe_ns: int) -> Bars:
    """Bars from open times and the columns open, high, low, close and volume."""
    open_, high, low, close, volume = fields
    return Bars(times_ns, open_, high, low, close, volume, interval_ns=timeframe_ns)


def fields_of(bars: Bars) -> tuple[FloatArray, ...]:
    """The columns open, high, low, close and volume."""
    return bars.open, bars.high, bars.low, bars.close, bars.volume


def take(bars: Bars, index: IntArray) -> Bars:
    """The bars at the positions `index`."""
    return bars_of(bars.open_time_ns[index], (field[index] for field in fields_of(bars)), bars.interval_ns)


def cut(bars: Bars, span: TimeSpan) -> Bars:
    """The bars of an ordered series that open within `span`."""
    start, end = np.searchsorted(bars.open_time_ns, [span.start_ns, span.end_ns])
    return bars[int(start) : int(end)]


def union(parts: Sequence[Bars]) -> Bars:
    """All bars ordered by open time without duplicates; later parts replace earlier ones."""
    times = np.concatenate([part.open_time_ns for part in parts])
    fields = [np.concatenate(columns) for columns in zip(*map(fields_of, parts), strict=True)]
    if (np.diff(times) > 0).all():
        return bars_of(times, fields, parts[0].interval_ns)
    order = np.argsort(times, kind="stable")
    last = np.append(times[order][1:] != times[order][:-1], True) if len(times) else np.empty(0, np.bool_)
    unique = order[last]
    return bars_of(times[unique], (field[unique] for field in fields), parts[0].interval_ns)
