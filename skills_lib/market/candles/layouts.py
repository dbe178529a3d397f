"""Reads candle tables in common CSV and Parquet layouts."""

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.market.candles.files import PARQUET_MAGIC, CsvText, find_table, read_bytes
from skills_lib.market.candles.plain import read_plain
from skills_lib.market.candles.series import bars_of, take
from skills_lib.market.candles.timestamps import UnreadableTimeError, times_to_ns

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyRelation

_TIMES = ("open_time_ns", "open_time", "unix", "timestamp", "datetime", "date", "time", "index", "", "unnamed:_0")
_PRICES = ("open", "high", "low", "close")
Columns = tuple[IntArray, dict[str, FloatArray]]
"""Open times in UTC nanoseconds, and prices and volume by name."""
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|DOUBLE|FLOAT|DECIMAL")
_REQUIRED_COLUMNS = "a time (open_time, timestamp, unix, datetime or date), open, high, low, close and volume"


@dataclass(frozen=True, slots=True)
class CandleTable:
    """Unvalidated bars of a file. `where(i)` is the row or line of bar `i`, for error messages."""

    name: str
    bars: Bars
    where: Callable[[int], str]


def read_table(path: Path, instrument: Instrument) -> CandleTable:
    """Read CSV (plain, .gz, .zip) or Parquet. A file sorted newest first is reversed.

    Raises:
        InputError: the file is missing or not a table, lacks columns, or has a cell that is not a number or time.
    """
    content = read_bytes(path)
    if content.startswith(PARQUET_MAGIC):
        return _table(path.name, lambda i: f"row {i + 1}", lambda: _of_frame(_parquet_frame(path, instrument)))
    return read_csv(content, path.name, instrument)


def read_csv(content: bytes, name: str, instrument: Instrument) -> CandleTable:
    """Read an unpacked CSV; `name` is used in error messages.

    Raises:
        InputError: as `read_table`.
    """
    text = find_table(content, name)
    chosen = _choose(text.columns, instrument, name)

    def read() -> Columns:
        columns = read_plain(text, chosen) or _of_frame(_csv_frame(text, chosen, name))
        _require_row_length(text, len(columns[0]), name)
        return columns

    return _table(name, lambda i: f"line {text.first_line + i}", read)


def _of_frame(frame: "pd.DataFrame") -> Columns:
    times = times_to_ns(frame["open_time"]) if len(frame) else np.empty(0, np.int64)
    return times, {name: np.ascontiguousarray(frame[name], dtype=np.float64) for name in (*_PRICES, "volume")}


def _table(name: str, where: Callable[[int], str], read: Callable[[], Columns]) -> CandleTable:
    try:
        times, columns = read()
    except UnreadableTimeError as error:
        place = name if error.row is None else f"{name} {where(error.row)}"
        raise InputError(
            f"{place}: the open time is {error.found}. Write ISO 8601 in one time zone, or epoch numbers."
        ) from None
    if not len(times):
        raise InputError(f"{name} has a header but no bars. Use a file with bars.")
    table = CandleTable(name, bars_of(times, (columns[column] for column in (*_PRICES, "volume")), _step(times)), where)
    return _reversed(table) if _newest_first(times) else table


def _reversed(table: CandleTable) -> CandleTable:
    last = len(table.bars) - 1
    return CandleTable(table.name, take(table.bars, np.arange(last, -1, -1)), lambda i: table.where(last - i))


def _newest_first(times: IntArray) -> bool:
    return len(times) > 1 and bool((np.diff(times) <= 0).all()) and times[0] > times[-1]


def _step(times: IntArray) -> int:
    steps = np.abs(np.diff(times))
    if len(steps) and steps[0] > 0 and np.count_nonzero(steps == steps[0]) > len(steps) / 2:
        return int(steps[0])
    steps, counts = np.unique(steps[steps > 0], return_counts=True)
    return int(steps[counts.argmax()]) if len(steps) else 0


def _csv_frame(text: CsvText, chosen: dict[str, int], name: str) -> "pd.DataFrame":
    import pandas as pd

    numbers = {position: np.float64 for column, position in chosen.items() if column != "open_time"}
    try:
        frame = _parse(text, chosen, numbers)
    except pd.errors.ParserError as error:
        raise InputError(f"{name} is not a table: {_first_line(error)}. Repair or download it again.") from None
    except ValueError:
        raise _bad_cell(text, chosen, name) from None
    return frame.rename(columns={position: column for column, position in chosen.items()})


def _parse(text: CsvText, chosen: dict[str, int], dtype: Mapping[int, type]) -> "pd.DataFrame":
    import pandas as pd

    frame: pd.DataFrame = pd.read_csv(
        io.BytesIO(text.content),
        sep=text.separator,
        header=None,
        names=list(range(len(text.columns))),
        index_col=False,
        usecols=sorted(chosen.values()),
        skiprows=text.skip,
        dtype=dtype,
        **_exact_decimals(pd.__version__),
        encoding_errors="replace",
    )
    return frame


def _exact_decimals(pandas: str) -> dict[str, Any]:
    """pandas 3.1 and later parse decimals exactly by default and warn about the option."""
    return {} if tuple(map(int, pandas.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}


def _require_row_length(text: CsvText, rows: int, name: str) -> None:
    """Reject rows longer than the header: pandas drops the extra cells silently, so columns could shift."""
    start = _line_start(text.content, text.skip)
    mark, cells = text.separator.encode(), len(text.columns)
    if text.content.find(b'"', start) >= 0 or text.content.count(mark, start) <= rows * (cells - 1):
        return
    for number, line in enumerate(text.content[start:].split(b"\n"), text.first_line):
        if (found := line.rstrip(mark + b"\r ").count(mark) + 1) > cells:
            raise InputError(f"{name} line {number}: {found} cells, but {cells} columns. Repair the row.")


def _line_start(content: bytes, line: int) -> int:
    """Where the line with this index begins; the end if there is none."""
    start = 0
    for _ in range(line):
        start = content.find(b"\n", start) + 1 or len(content)
    return start


def _bad_cell(text: CsvText, chosen: dict[str, int], name: str) -> InputError:
    import pandas as pd

    texts = _parse(text, chosen, dict.fromkeys(chosen.values(), str))
    for column in (*_PRICES, "volume"):
        cells = texts[chosen[column]]
        bad = (pd.to_numeric(cells, errors="coerce").isna() & cells.notna()).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            found = str(cells.iloc[row])[:40]
            return InputError(
                f"{name} line {text.first_line + row}: {column} is '{found}', not a number. Repair the cell."
            )
    return InputError(f"{name} has cells that are not numbers. Use plain decimals such as 42000.5.")


def _parquet_frame(path: Path, instrument: Instrument) -> "pd.DataFrame":
    import duckdb

    with duckdb.connect() as connection:
        try:
            relation = connection.from_parquet(str(path))
            chosen = _choose(relation.columns, instrument, path.name)
            _require_numbers(relation, chosen, path.name)
            casts = [
                f"{_cast_expression(column, relation, position)} AS {column}" for column, position in chosen.items()
            ]
            frame: pd.DataFrame = relation.project(", ".join(casts)).df()
        except duckdb.Error as error:
            raise InputError(
                f"{path.name} is not a readable Parquet file: {_first_line(error)}. Export it again."
            ) from None
    return frame


def _cast_expression(column: str, relation: "DuckDBPyRelation", position: int) -> str:
    name = '"' + relation.columns[position].replace('"', '""') + '"'
    if column != "open_time":
        return f"{name}::DOUBLE"
    return f"epoch_ns({name})" if str(relation.types[position]).startswith(("TIMESTAMP", "DATE")) else name


def _require_numbers(relation: "DuckDBPyRelation", chosen: dict[str, int], name: str) -> None:
    types = [str(kind) for kind in relation.types]
    for column, position in chosen.items():
        if column != "open_time" and not _NUMBERS.match(types[position]):
            raise InputError(f"{name}: column {column} holds {types[position]}, not numbers. Export it as numbers.")


def _choose(columns: list[str], instrument: Instrument, name: str) -> dict[str, int]:
    """Position of each required column; names match in any case."""
    folded = [re.sub(r"\s+", "_", column.strip().strip('"').lower()) for column in columns]
    names = {column: (column,) for column in _PRICES} | {
        "open_time": _TIMES,
        "volume": (f"volume_{instrument.base.lower()}", "volume", "vol", "volume_(base)", "base_volume"),
    }
    chosen = {
        column: next((folded.index(spelling) for spelling in spellings if spelling in folded), None)
        for column, spellings in names.items()
    }
    if chosen["volume"] is None:  # where there are two volumes, the base asset's comes first
        chosen["volume"] = next((i for i, column in enumerate(folded) if column.startswith("volume")), None)
    missing = [column for column, position in chosen.items() if position is None]
    if missing:
        found = ", ".join(column for column in chosen if column not in missing) or "none of the required"
        raise InputError(
            f"{name} lacks {', '.join(missing)}; of its {len(columns)} columns, {found} was recognised. "
            f"Required: {_REQUIRED_COLUMNS}."
        )
    return {column: position for column, position in chosen.items() if position is not None}


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160].rstrip(".")
