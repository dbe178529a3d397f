"""Candle files: each layout gives the same bars, and an invalid file gives a one-line error with the position."""

import gzip
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import load_file
from skills_lib.market.candles.cache import CacheKey, CandleCache
from skills_lib.market.candles.importing import check_file, import_file
from skills_lib.market.candles.series import cut
from tests.market.candles.local_venue import kline_rows, span
from tests.market.conftest import BTC

Writer = Callable[[pd.DataFrame, Path], object]


@pytest.fixture
def days(year: Bars) -> Bars:
    """Ten days of hourly bars."""
    return cut(year, span("2024-01-01", "2024-01-11"))


def lower(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=str.lower)


def epoch(frame: pd.DataFrame, unit: str) -> pd.DataFrame:
    frame = lower(frame)
    frame.index = pd.Index(pd.DatetimeIndex(frame.index).as_unit(unit).asi8, name="open_time")  # type: ignore[arg-type]
    return frame


def zoned(frame: pd.DataFrame, zone: str, name: str) -> pd.DataFrame:
    index = pd.DatetimeIndex(frame.index).tz_localize("UTC").tz_convert(zone)
    return frame.set_index(pd.DatetimeIndex(index, name=name))


def write_klines(frame: pd.DataFrame, path: Path, unit_ns: int, header: bool) -> None:
    names = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote,ignore"
    rows = [",".join(map(str, row)) for row in kline_rows(Bars.from_frame(frame), unit_ns)]
    path.write_text("\n".join([names, *rows] if header else rows) + "\n")


def write_cryptodatadownload(
    frame: pd.DataFrame, path: Path, unit: str, volumes: str = "Volume BTC,Volume USDT"
) -> None:
    times = pd.DatetimeIndex(frame.index)
    seconds = times.as_unit(unit).asi8  # type: ignore[arg-type]
    lines = [
        f"{at},{time:%Y-%m-%d %H:%M:%S},BTCUSDT,{o!r},{h!r},{low!r},{c!r},{v!r},{v * c!r},17"
        for at, time, (o, h, low, c, v) in zip(seconds.tolist(), times, frame.to_numpy().tolist(), strict=True)
    ]
    head = ["https://www.CryptoDataDownload.com", f"Unix,Date,Symbol,Open,High,Low,Close,{volumes},tradecount"]
    path.write_text("\n".join([*head, *reversed(lines)]) + "\n")


def write_yfinance(frame: pd.DataFrame, path: Path) -> None:
    body = zoned(frame, "UTC", "Date")[["Close", "High", "Low", "Open", "Volume"]].to_csv(header=False)
    path.write_text("Price,Close,High,Low,Open,Volume\nTicker" + ",BTC-USD" * 5 + "\nDatetime,,,,,\n" + body)


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    connection = duckdb.connect()
    connection.register("bars", frame.reset_index())
    connection.execute(f"COPY (SELECT * FROM bars) TO '{path}' (FORMAT parquet)")


LAYOUTS: dict[str, Writer] = {
    "open_time, ISO with Z": lambda f, p: lower(f).to_csv(p, date_format="%Y-%m-%dT%H:%M:%SZ"),
    "open_time, naive": lambda f, p: lower(f).to_csv(p),
    "open_time, epoch s": lambda f, p: epoch(f, "s").to_csv(p),
    "open_time, epoch ms": lambda f, p: epoch(f, "ms").to_csv(p),
    "open_time, epoch µs": lambda f, p: epoch(f, "us").to_csv(p),
    "an offset": lambda f, p: zoned(f, "Asia/Kolkata", "timestamp").to_csv(p),
    "klines in ms with header": lambda f, p: write_klines(f, p, 1_000_000, header=True),
    "klines in ms without header": lambda f, p: write_klines(f, p, 1_000_000, header=False),
    "klines in µs with header": lambda f, p: write_klines(f, p, 1_000, header=True),
    "klines in µs without header": lambda f, p: write_klines(f, p, 1_000, header=False),
    "six columns without header": lambda f, p: epoch(f, "ms").to_csv(p, header=False),
    "cryptodatadownload in s": lambda f, p: write_cryptodatadownload(f, p, "s"),
    "cryptodatadownload in ms": lambda f, p: write_cryptodatadownload(f, p, "ms"),
    "Datetime": lambda f, p: zoned(f, "UTC", "Datetime").to_csv(p),
    "yfinance with three header lines": write_yfinance,
    "freqtrade": lambda f, p: zoned(f, "UTC", "date").pipe(lower).reset_index().to_csv(p, index=False),
    "an unnamed index": lambda f, p: f.rename_axis(None).to_csv(p),
    "SHOUTING": lambda f, p: f.rename(columns=str.upper).to_csv(p, index_label="OPEN TIME"),
    "a separator too many at each end": lambda f, p: p.write_text(
        "\n".join([(rows := f.to_csv().splitlines())[0], *(row + "," for row in rows[1:])])
    ),
    "semicolons": lambda f, p: f.to_csv(p, sep=";"),
    "a byte order mark": lambda f, p: f.to_csv(p, encoding="utf-8-sig"),
    "Windows line ends": lambda f, p: f.to_csv(p, lineterminator="\r\n"),
    "Parquet": lambda f, p: write_parquet(f, p),
    "Parquet with zones": lambda f, p: write_parquet(zoned(f, "UTC", "date"), p),
    "Parquet with epoch ms": lambda f, p: write_parquet(epoch(f, "ms"), p),
}


@pytest.mark.parametrize("write", LAYOUTS.values(), ids=LAYOUTS)
def test_a_layout_gives_the_very_same_bars(write: Writer, days: Bars, tmp_path: Path) -> None:
    path = tmp_path / "candles.data"
    write(days.to_frame(), path)
    found = load_file(path, BTC, Timeframe.H1)
    assert found.bars.digest() == days.digest()
    assert found.bars.interval_ns == days.interval_ns
    assert str(found.origin) == "file (candles.data)"


def test_the_base_volume_is_taken_whatever_the_order_and_name(days: Bars, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_cryptodatadownload(days.to_frame(), path, "s", "Volume USDT,Volume BTC")
    assert load_file(path, BTC, Timeframe.H1).bars.volume.tolist() == (days.volume * days.close).tolist()
    assert load_file(path, Instrument("ETH"), Timeframe.H1).bars.volume.tolist() == days.volume.tolist()


@pytest.mark.parametrize("suffix", ["gz", "zip"])
def test_packed_files_are_unpacked(suffix: str, days: Bars, tmp_path: Path) -> None:
    path = tmp_path / f"a.csv.{suffix}"
    text = days.to_frame().to_csv().encode()
    if suffix == "gz":
        path.write_bytes(gzip.compress(text))
    else:
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("a.csv", text)
    assert load_file(path, BTC, Timeframe.H1).bars.digest() == days.digest()


def test_milliseconds_and_microseconds_in_one_file_are_distinguished(days: Bars, tmp_path: Path) -> None:
    path = tmp_path / "joined.csv"
    rows = kline_rows(days[:100]) + kline_rows(days[100:], 1_000)
    path.write_text("\n".join(",".join(map(str, row)) for row in rows))
    assert load_file(path, BTC, Timeframe.H1).bars.digest() == days.digest()


HEAD = "open_time,open,high,low,close,volume"
GOOD = [f"2024-01-01T{hour:02d}:00:00Z,100,110,90,105,3" for hour in range(6)]


def corrupted(line: int, text: str) -> str:
    return "\n".join([HEAD, *GOOD[: line - 2], text, *GOOD[line - 1 :]])


BAD: dict[str, tuple[str, str]] = {
    "a missing column": (
        "open_time,open,high,low,volume\n2024-01-01,1,1,1,1",
        "lacks close; of its 5 columns, open, high, low, open_time, volume was recognised",
    ),
    "several missing columns": ("a,b\n1,2", "lacks open, high, low, close, open_time, volume"),
    "NaN": (corrupted(4, "2024-01-01T02:00:00Z,100,110,NaN,105,3"), "line 4: low is nan"),
    "an empty cell": (corrupted(4, "2024-01-01T02:00:00Z,100,110,90,,3"), "line 4: close is nan"),
    "a short row": (corrupted(5, "2024-01-01T03:00:00Z,100,110"), "line 5: low is nan"),
    "an unquoted decimal comma": (
        corrupted(3, "2024-01-01T01:00:00Z,100,5,110,90,105,3"),
        "line 3: 7 cells, but 6 columns",
    ),
    "infinity": (corrupted(3, "2024-01-01T01:00:00Z,100,inf,90,105,3"), "line 3: high is inf"),
    "text in a number column": (
        corrupted(5, "2024-01-01T03:00:00Z,100,abc,90,105,3"),
        "line 5: high is 'abc', not a number",
    ),
    "a decimal comma": (
        corrupted(3, '2024-01-01T01:00:00Z,"100,5",110,90,105,3'),
        "line 3: open is '100,5', not a number",
    ),
    "a row too long": (corrupted(3, "2024-01-01T01:00:00Z,100,110,90,105,3,4,5"), "line 3: 8 cells, but 6 columns"),
    "mixed time zones": (
        corrupted(4, "2024-01-01T02:00:00+02:00,100,110,90,105,3"),
        r"line 4: .*more than one time zone \(\+02:00, UTC\)",
    ),
    "naive among zones": (
        corrupted(4, "2024-01-01T02:00:00,100,110,90,105,3"),
        r"line 4: .*more than one time zone \(UTC, none\)",
    ),
    "a time that is no time": (corrupted(3, "yesterday,100,110,90,105,3"), "line 3: the open time is"),
    "a missing time": (corrupted(3, ",100,110,90,105,3"), "line 3: the open time is nothing"),
    "a duplicated row": (
        corrupted(4, GOOD[1]),
        r"line 4: duplicate open time 2024-01-01 01:00 \(duplicates in all: 1\)",
    ),
    "unsorted rows": (
        corrupted(4, "2023-12-31T20:00:00Z,100,110,90,105,3"),
        "line 4: 2023-12-31 20:00 comes after 2024-01-01 01:00",
    ),
    "high below low": (corrupted(4, "2024-01-01T02:00:00Z,100,80,90,105,3"), r"line 4: high 80\.0 is below low 90\.0"),
    "close above high": (
        corrupted(4, "2024-01-01T02:00:00Z,100,110,90,111,3"),
        "line 4: open or close lies outside low..high",
    ),
    "a negative price": (
        corrupted(4, "2024-01-01T02:00:00Z,-1,110,90,105,3"),
        r"line 4: open is -1\.0, but must be above 0",
    ),
    "a zero price": (corrupted(4, "2024-01-01T02:00:00Z,100,110,0,105,3"), r"line 4: low is 0\.0, but must be above 0"),
    "a negative volume": (
        corrupted(4, "2024-01-01T02:00:00Z,100,110,90,105,-3"),
        r"line 4: volume is -3\.0, but must be 0 or more",
    ),
    "bars closer than the timeframe": (
        corrupted(4, "2024-01-01T01:30:00Z,100,110,90,105,3"),
        "line 4: opens less than one 1h bar",
    ),
    "another timeframe": (
        "\n".join([HEAD, *(f"2024-01-0{day},1,1,1,1,1" for day in range(1, 6))]),
        "bars are 1d apart, but the timeframe is 1h",
    ),
    "an empty file": ("", "is empty"),
    "only white space": ("\n \n", "is empty"),
    "only a header": (HEAD, "has a header but no bars"),
    "prose": ("This is not a table at all.\nNor is this.", "is not a CSV"),
    "numbers without a header": ("1,2,3\n4,5,6", "has no header and 3 columns"),
    "a web page": ("<!DOCTYPE html>\n<html><body>Not found</body></html>", "is not a CSV"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_an_invalid_file_is_rejected_with_the_line_and_the_cache_is_unchanged(
    text: str, message: str, days: Bars, tmp_path: Path
) -> None:
    cache, key = CandleCache(tmp_path / "cache"), CacheKey("binance", BTC, Timeframe.H1)
    cache.merge(key, [(span("2024-01-01", "2024-01-11"), days)], "before")
    before = cache.path(key).read_bytes()
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        import_file(path, key, cache)
    refusal = str(refused.value)
    assert re.search(message, refusal), refusal
    assert refusal.startswith("bad.csv")
    assert "\n" not in refusal
    assert cache.path(key).read_bytes() == before


def test_a_row_is_found_in_a_file_that_is_newest_first(days: Bars, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_cryptodatadownload(days.to_frame(), path, "s")
    lines = path.read_text().splitlines()
    lines[9] = ",".join([*lines[9].split(",")[:3], "1", "0.5", "2", "1", "1", "1", "1"])
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"line 10: high 0\.5 is below low 2\.0"):
        load_file(path, BTC, Timeframe.H1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is not a CSV or Parquet file"),
        (b"PAR1 and nothing more", "is not a readable Parquet file"),
        (b"PK\x03\x04broken", "cannot be unpacked"),
        (b"\x1f\x8bbroken", "cannot be unpacked"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_file(path, BTC, Timeframe.H1)


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_file(tmp_path / "none.csv", BTC, Timeframe.H1)
    with pytest.raises(InputError, match="is a folder"):
        load_file(tmp_path, BTC, Timeframe.H1)


def test_parquet_with_text_for_prices_is_refused(tmp_path: Path, days: Bars) -> None:
    path = tmp_path / "a.parquet"
    write_parquet(days.to_frame().astype({"Close": str}), path)
    with pytest.raises(InputError, match="column close holds VARCHAR, not numbers"):
        load_file(path, BTC, Timeframe.H1)


def test_an_import_wins_over_the_cache_and_counts_what_it_changed(days: Bars, tmp_path: Path) -> None:
    cache, key = CandleCache(tmp_path / "cache"), CacheKey("binance", BTC, Timeframe.H1)
    path = tmp_path / "a.csv"
    days.to_frame().iloc[:100].to_csv(path)
    first = import_file(path, key, cache)
    assert (first.merged.added, first.merged.replaced, first.merged.unchanged) == (100, 0, 0)
    changed = days.to_frame().iloc[90:120]
    changed.iloc[:4, changed.columns.get_loc("Volume")] = 1.5
    changed.to_csv(path)
    second = import_file(path, key, cache)
    assert (second.merged.added, second.merged.replaced, second.merged.unchanged) == (20, 4, 6)
    found = cache.read(key)
    assert found is not None
    assert found.bars.volume[90:94].tolist() == [1.5] * 4


def test_an_import_over_a_damaged_cache_file_sets_it_aside_and_says_so(days: Bars, tmp_path: Path) -> None:
    cache, key = CandleCache(tmp_path / "cache"), CacheKey("binance", BTC, Timeframe.H1)
    path = tmp_path / "a.csv"
    days.to_frame().to_csv(path)
    cache.path(key).parent.mkdir(parents=True)
    cache.path(key).write_bytes(b"PAR1 rubbish")
    done = import_file(path, key, cache)
    assert done.merged.added == len(days)
    assert "is set aside as BTC-USDT-1h.parquet.corrupt-" in done.note


def test_a_check_counts_what_an_import_refuses(days: Bars, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    frame = days.to_frame()
    rows = [*range(10), 8, *range(12, 20), 15, *range(25, 40)]
    corrupted_frame = frame.iloc[rows].copy()
    corrupted_frame.iloc[3, 1] = 1.0
    corrupted_frame.iloc[5, 3] = np.nan
    corrupted_frame.iloc[6, 4] = 0.0
    corrupted_frame.to_csv(path)
    found = check_file(path, BTC, None)
    assert found.timeframe is Timeframe.H1
    counts = found.quality.model_dump()
    assert counts.pop("largest_gaps") == [
        {"after": "2024-01-01T19:00:00Z", "before": "2024-01-02T01:00:00Z", "missing_bars": 5},
        {"after": "2024-01-01T09:00:00Z", "before": "2024-01-01T12:00:00Z", "missing_bars": 2},
    ]
    assert counts == {
        "bars": 35, "gaps": 2, "missing_bars": 7, "duplicates": 2, "unordered": 2,
        "ohlc_violations": 2, "zero_volume": 1, "spikes": 0, "breaks": 0, "first_breaks": [],
    }  # fmt: skip
    with pytest.raises(InputError):
        load_file(path, BTC, Timeframe.H1)


def described(shared_data: Path) -> list[tuple[str, int, int, int, int]]:
    """Name, rows, holes, missing bars and zero-volume bars of each candle file, as listed in SOURCES.md."""
    table = (shared_data / "SOURCES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (candles/\S+) \| (\d+) \|[^|]+\|[^|]+\| (\d+) \| (\d+) \| (\d+) \|", table, flags=re.M)
    return [(name, *map(int, counts)) for name, *counts in rows]  # type: ignore[misc]


def test_every_real_file_is_read_and_its_defects_agree_with_an_independent_count(shared_data: Path) -> None:
    rows = described(shared_data)
    assert {name for name, *_ in rows} == {f"candles/{path.name}" for path in (shared_data / "candles").iterdir()}
    assert len(rows) > 30
    for name, *counts in rows:
        symbol, timeframe = re.search(r"_([A-Z]+USDT)_(\d+[mhd])_", name).groups()  # type: ignore[union-attr]
        found = load_file(shared_data / name, Instrument.parse(symbol), Timeframe.parse(timeframe)).quality
        assert [found.bars, found.gaps, found.missing_bars, found.zero_volume] == counts, name
        assert (found.duplicates, found.unordered, found.ohlc_violations) == (0, 0, 0), name


@pytest.mark.parametrize(("market", "first"), [("spot", 68021.69), ("futures-um", 67992.70)])
def test_a_real_file_of_the_archive_is_read(shared_data: Path, market: str, first: float) -> None:
    path = shared_data / "fixtures" / "binance_vision_zips" / f"{market}-klines-BTCUSDT-1h-2024-10-28.zip"
    found = load_file(path, BTC, Timeframe.H1)
    assert len(found.bars) == 24
    assert found.bars.open[0] == first
    assert found.quality.gaps == 0
