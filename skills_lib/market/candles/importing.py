"""Imports candle files: validates their bars and merges them into the cache."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skills_lib import log
from skills_lib.domain.bars import Bars, BoolArray
from skills_lib.domain.errors import CorruptDataError, InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.quality import measure, valid_ohlc
from skills_lib.domain.time import SECOND_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.cache import CacheKey, CandleCache, Merged
from skills_lib.market.candles.layouts import CandleTable, read_table
from skills_lib.market.candles.model import Candles, Origin
from skills_lib.market.candles.spans import TimeSpan, show

_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class ImportedCandles:
    """A completed import; `note` reports a damaged cache file that was set aside, else it is empty."""

    candles: Candles
    merged: Merged
    note: str = ""


def load_file(path: Path, instrument: Instrument, timeframe: Timeframe) -> Candles:
    """Validated bars of a CSV or Parquet file; the cache is not used.

    Raises:
        InputError: the file cannot be read, or its bars are unsorted, duplicated, invalid or of another timeframe.
    """
    bars = validate_table(read_table(path, instrument), timeframe)
    log.info("candles", series=f"{instrument.pair} {timeframe}", source=f"file ({path})", bars=len(bars))
    return Candles(instrument, timeframe, bars, Origin("file", path.name), measure(bars))


def import_file(path: Path, key: CacheKey, cache: CandleCache) -> ImportedCandles:
    """Merge a file into the cache; its bars replace cached ones.

    Raises:
        InputError: as `load_file`; the cache is unchanged.
        TwokeyError: the cache could not be written and is unchanged.
    """
    candles = load_file(path, key.instrument, key.timeframe)
    times = candles.bars.open_time_ns
    page = (TimeSpan(int(times[0]), int(times[-1]) + key.timeframe.nanoseconds), candles.bars)
    origin = f"import of {path.name}"
    try:
        return ImportedCandles(candles, cache.merge(key, [page], origin))
    except CorruptDataError as error:
        return ImportedCandles(candles, cache.merge(key, [page], origin), str(error).removesuffix(" Fetch again."))


def check_file(path: Path, instrument: Instrument, timeframe: Timeframe | None) -> Candles:
    """Bars of a file without validation, with a quality report; `timeframe` defaults to the most frequent step.

    Raises:
        InputError: the file cannot be read as bars.
    """
    table = read_table(path, instrument)
    found = timeframe or _timeframe_of(table)
    bars = dataclasses.replace(table.bars, interval_ns=found.nanoseconds)
    return Candles(instrument, found, bars, Origin("file", path.name), measure(bars))


def validate_table(table: CandleTable, timeframe: Timeframe) -> Bars:
    """The table's bars, with the interval of `timeframe`.

    Raises:
        InputError: the first defect, with its row or line.
    """
    bars = table.bars
    _require_finite(table)
    _require_sorted(table)
    _require_step(table, timeframe)
    _require_valid_prices(table)
    return dataclasses.replace(bars, interval_ns=timeframe.nanoseconds)


def _require_finite(table: CandleTable) -> None:
    for name in _FIELDS:
        column = getattr(table.bars, name)
        if (row_index := _first_row(table, ~np.isfinite(column))) is not None:
            found = column[row_index]
            raise InputError(f"{_locate(table, row_index)}: {name} is {found}. Fill in the value or remove the row.")


def _require_sorted(table: CandleTable) -> None:
    times = table.bars.open_time_ns
    steps = np.diff(times)
    if (row_index := _first_row(table, np.append(False, steps < 0))) is not None:
        raise InputError(
            f"{_locate(table, row_index)}: {show(times[row_index])} comes after {show(times[row_index - 1])}. "
            "Sort the rows by time."
        )
    if (row_index := _first_row(table, np.append(False, steps == 0))) is not None:
        duplicates = int((steps == 0).sum())
        raise InputError(
            f"{_locate(table, row_index)}: duplicate open time {show(times[row_index])} "
            f"(duplicates in all: {duplicates}). Keep one row per time."
        )


def _require_step(table: CandleTable, timeframe: Timeframe) -> None:
    step = table.bars.interval_ns
    if step and step != timeframe.nanoseconds:
        raise InputError(
            f"{table.name}: bars are {_format_step(step)} apart, but the timeframe is {timeframe}. "
            f"Pass the file's own timeframe."
        )
    too_close = np.append(False, np.diff(table.bars.open_time_ns) < timeframe.nanoseconds)
    if (row_index := _first_row(table, too_close)) is not None:
        raise InputError(
            f"{_locate(table, row_index)}: opens less than one {timeframe} bar after the previous row. "
            "Remove one of them."
        )


def _require_valid_prices(table: CandleTable) -> None:
    bars = table.bars
    for name in _FIELDS:
        column = getattr(bars, name)
        invalid = column < 0 if name == "volume" else column <= 0
        if (row_index := _first_row(table, invalid)) is not None:
            allowed = "0 or more" if name == "volume" else "above 0"
            raise InputError(
                f"{_locate(table, row_index)}: {name} is {column[row_index]}, but must be {allowed}. Repair the row."
            )
    if (row_index := _first_row(table, bars.high < bars.low)) is not None:
        raise InputError(
            f"{_locate(table, row_index)}: high {bars.high[row_index]} is below low {bars.low[row_index]}. "
            "Repair the row."
        )
    if (row_index := _first_row(table, ~valid_ohlc(bars))) is not None:
        row = ", ".join(f"{name} {getattr(bars, name)[row_index]}" for name in _FIELDS[:4])
        raise InputError(f"{_locate(table, row_index)}: open or close lies outside low..high ({row}). Repair the row.")


def _first_row(table: CandleTable, mask: BoolArray) -> int | None:
    return int(mask[: len(table.bars)].argmax()) if mask.any() else None


def _locate(table: CandleTable, row_index: int) -> str:
    return f"{table.name} {table.where(row_index)}"


def _timeframe_of(table: CandleTable) -> Timeframe:
    for timeframe in Timeframe:
        if timeframe.nanoseconds == table.bars.interval_ns:
            return timeframe
    step = _format_step(table.bars.interval_ns) if table.bars.interval_ns else "an unknown interval"
    raise InputError(f"{table.name}: bars are {step} apart, which is not a supported timeframe. Pass one, such as 1h.")


def _format_step(step_ns: int) -> str:
    seconds = step_ns // SECOND_NS
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds} s"
