"""Opens candle files, unpacks them and detects the CSV header and separator."""

import csv
import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from skills_lib.domain.errors import InputError

KLINE_COLUMNS = [
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
]
_HEAD_BYTES = 4_096
PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class CsvText:
    """The bytes of a CSV table and its detected layout.

    `skip`: lines before the first data row; `first_line`: line number of that row, from 1.
    """

    content: bytes
    columns: list[str]
    separator: str
    skip: int

    @property
    def first_line(self) -> int:
        return self.skip + 1


def read_bytes(path: Path) -> bytes:
    """The file's content, unpacked if it is gzip or a zip with a single file.

    Raises:
        InputError: the file is missing, damaged or empty, or a zip with several files.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} does not exist. Check the path.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder. Name one file in it.") from None
    try:
        content = unpack(content, path.name)
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path.name} cannot be unpacked: {error}. Download it again.") from error
    if not content or content.isspace():
        raise InputError(f"{path.name} is empty. Give a file with a header and bars.")
    return content


def unpack(content: bytes, name: str) -> bytes:
    """Decompress gzip or zip, detected by the first bytes; other content is returned unchanged."""
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    if not content.startswith(b"PK\x03\x04"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inside = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(inside) != 1:
            raise InputError(f"{name} holds {len(inside)} files. Give a zip with exactly one CSV.")
        return archive.read(inside[0])


def find_table(content: bytes, name: str) -> CsvText:
    """Detect header, separator and first data row.

    Raises:
        InputError: the content is not a text table.
    """
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
    head = _head(content, name)
    skip = 1 if head[0].lower().startswith(("http", '"http')) and len(head) > 1 else 0
    separator = max(",;\t", key=head[skip].count)
    cells = [cell.strip() for cell in next(csv.reader([head[skip]], delimiter=separator))]
    if len(cells) < 2:
        raise InputError(
            f"{name} is not a CSV: its line {skip + 1} has no comma, semicolon or tab. Give comma-separated bars."
        )
    if all(map(_is_number, cells)):
        return CsvText(content, _unnamed_columns(cells, name), separator, skip)
    if cells[0] == "Price" and len(head) > skip + 2 and head[skip + 1].startswith("Ticker"):
        return CsvText(content, ["Date", *cells[1:]], separator, skip + 3)  # yfinance writes three header lines
    return CsvText(content, cells, separator, skip + 1)


def _head(content: bytes, name: str) -> list[str]:
    head = content[:_HEAD_BYTES]
    try:
        text = head.decode("utf-8", errors="strict" if len(content) <= _HEAD_BYTES else "ignore")
    except UnicodeDecodeError:
        text = "\0"
    lines = text.splitlines()
    if "\0" in text or not lines[0].strip():
        raise InputError(f"{name} is not a CSV or Parquet file. Give one of these, plain, .gz or .zip.")
    return lines


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _unnamed_columns(cells: list[str], name: str) -> list[str]:
    if len(cells) in (6, len(KLINE_COLUMNS)):
        return KLINE_COLUMNS[: len(cells)]
    raise InputError(
        f"{name} has no header and {len(cells)} columns. Without a header, 12 columns (Binance klines) or 6 "
        "(open_time,open,high,low,close,volume) are allowed. Add a header line."
    )
