"""From a file to checked bars: what a backtest must never see is refused here, in one line."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skills_lib.domain.bars import Bars, BoolArray
from skills_lib.domain.errors import CorruptDataError, InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.quality import measure, valid_ohlc
from skills_lib.domain.time import SECOND_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.cache import CacheKey, CandleCache, Merged
from skills_lib.market.candles.layouts import Table, read_table
from skills_lib.market.candles.model import Candles, Origin
from skills_lib.market.candles.spans import TimeSpan, show

_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Imported:
    """An import that went through; `note` tells of a damaged cache file that was set aside for it."""

    candles: Candles
    merged: Merged
    note: str = ""


def load_file(path: Path, instrument: Instrument, timeframe: Timeframe) -> Candles:
    """Bars of a CSV or Parquet file, checked; the cache is not touched.

    Raises:
        InputError: the file cannot be read, or its bars are unsorted, duplicated, impossible or of another timeframe.
    """
    bars = checked(read_table(path, instrument), timeframe)
    return Candles(instrument, timeframe, bars, Origin("file", path.name), measure(bars))


def import_file(path: Path, key: CacheKey, cache: CandleCache) -> Imported:
    """Merge a file into the cache; where a bar is cached already the file's wins.

    Raises:
        InputError: as `load_file`; the cache is untouched.
        TwokeyError: the disk refused; the cache is untouched.
    """
    candles = load_file(path, key.instrument, key.timeframe)
    times = candles.bars.open_time_ns
    page = (TimeSpan(int(times[0]), int(times[-1]) + key.timeframe.nanoseconds), candles.bars)
    origin = f"import of {path.name}"
    try:
        return Imported(candles, cache.merge(key, [page], origin))
    except CorruptDataError as error:
        return Imported(candles, cache.merge(key, [page], origin), str(error).removesuffix(" Fetch again."))


def check_file(path: Path, instrument: Instrument, timeframe: Timeframe | None) -> Candles:
    """A file as it is, with its defects counted; without `timeframe` the most frequent step is taken for it.

    Raises:
        InputError: the file cannot be read as bars at all.
    """
    table = read_table(path, instrument)
    found = timeframe or _timeframe_of(table)
    bars = dataclasses.replace(table.bars, interval_ns=found.nanoseconds)
    return Candles(instrument, found, bars, Origin("file", path.name), measure(bars))


def checked(table: Table, timeframe: Timeframe) -> Bars:
    """The table's bars, with the interval of `timeframe`.

    Raises:
        InputError: the first defect found, with its place.
    """
    bars = table.bars
    _refuse_nan(table)
    _refuse_order(table)
    _refuse_step(table, timeframe)
    _refuse_prices(table)
    return dataclasses.replace(bars, interval_ns=timeframe.nanoseconds)


def _refuse_nan(table: Table) -> None:
    for name in _FIELDS:
        column = getattr(table.bars, name)
        if (place := _first(table, ~np.isfinite(column))) is not None:
            found = column[place]
            raise InputError(f"{_at(table, place)}: {name} is {found}. Fill in the true value or drop the row.")


def _refuse_order(table: Table) -> None:
    times = table.bars.open_time_ns
    steps = np.diff(times)
    if (place := _first(table, np.append(False, steps < 0))) is not None:
        raise InputError(
            f"{_at(table, place)}: {show(times[place])} comes after {show(times[place - 1])}. Sort the rows by time."
        )
    if (place := _first(table, np.append(False, steps == 0))) is not None:
        twice = int((steps == 0).sum())
        raise InputError(
            f"{_at(table, place)}: {show(times[place])} occurs again ({twice} duplicated rows). Keep one of each."
        )


def _refuse_step(table: Table, timeframe: Timeframe) -> None:
    step = table.bars.interval_ns
    if step and step != timeframe.nanoseconds:
        raise InputError(
            f"{table.name}: bars are {_length(step)} apart, but the timeframe is {timeframe}. "
            f"Name the file's own timeframe."
        )
    close = np.append(False, np.diff(table.bars.open_time_ns) < timeframe.nanoseconds)
    if (place := _first(table, close)) is not None:
        raise InputError(
            f"{_at(table, place)}: opens less than one {timeframe} bar after the row before. Remove one of them."
        )


def _refuse_prices(table: Table) -> None:
    bars = table.bars
    for name in _FIELDS:
        column = getattr(bars, name)
        too_low = column < 0 if name == "volume" else column <= 0
        if (place := _first(table, too_low)) is not None:
            allowed = "0 or more" if name == "volume" else "above 0"
            raise InputError(f"{_at(table, place)}: {name} is {column[place]}, but must be {allowed}. Repair the row.")
    if (place := _first(table, bars.high < bars.low)) is not None:
        raise InputError(f"{_at(table, place)}: high {bars.high[place]} is below low {bars.low[place]}. Repair it.")
    if (place := _first(table, ~valid_ohlc(bars))) is not None:
        row = ", ".join(f"{name} {getattr(bars, name)[place]}" for name in _FIELDS[:4])
        raise InputError(f"{_at(table, place)}: open or close lies outside low..high ({row}). Repair the row.")


def _first(table: Table, mask: BoolArray) -> int | None:
    return int(mask[: len(table.bars)].argmax()) if mask.any() else None


def _at(table: Table, place: int) -> str:
    return f"{table.name} {table.where(place)}"


def _timeframe_of(table: Table) -> Timeframe:
    for timeframe in Timeframe:
        if timeframe.nanoseconds == table.bars.interval_ns:
            return timeframe
    step = _length(table.bars.interval_ns) if table.bars.interval_ns else "an unknown time"
    raise InputError(f"{table.name}: bars are {step} apart, which is no timeframe. Name one, such as 1h.")


def _length(step_ns: int) -> str:
    seconds = step_ns // SECOND_NS
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds} s"
