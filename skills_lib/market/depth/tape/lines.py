"""Reads tape lines: exact bytes of the venue with receive times, in common recording formats.

A tape is plain, `.gz` or `.zst`, or a folder that `twokey record` made. A line is one of

    1723161255030314667 {"stream":…}    receive time in s, ms, µs or ns, detected by its digits
    {"stream":…}                        no receive time
    1626992741.06217: {"stream":…}      cryptofeed's capture of a socket
    https://…?symbol=X -> 1626992741.3: {"lastUpdateId":…}    cryptofeed's capture of a response
    2024-08-08T23:54:15.0303146Z {"stream":…}    Tardis's raw data

and any may be a REST snapshot. Text is UTF-8, UTF-16 or UTF-32, with or without a byte order mark; lines end with LF,
CR or CRLF. A file in a foreign format is refused by its name (`formats.foreign`).
"""

import heapq
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.tape.formats.foreign import foreign_format
from skills_lib.market.depth.tape.formats.tardis import read_raw_line
from skills_lib.market.depth.tape.formats.text import BOM, split_lines, utf8_chunks
from skills_lib.market.depth.tape.zstd import import_zstandard

_CHUNK = 1 << 20
_MAX_LINE_BYTES = 1 << 26
_STAMPED = re.compile(rb"(\d{1,20})(?:\.(\d{1,9}))?:? (?=[\[{])")
_REST_RESPONSE = re.compile(rb"https?://\S+[?&]symbol=(\w+)\S* -> (\d+)(?:\.(\d{1,9}))?: ")
_WRAPPED = (b'{"localTimestamp"', b'{ "localTimestamp"')
_CONNECTION = re.compile(rb"wss?://\S+ <-> ")
_NS_DIGITS = 19
_UNITS = {10: "s", 13: "ms", 16: "us", 19: "ns"}


class TapeLine(NamedTuple):
    """One line. `local_ts_ns` is None if the tape has no receive times; `symbol` is set for responses only."""

    raw: bytes
    local_ts_ns: int | None = None
    symbol: str = ""
    unit: str = ""


class BadLine(NamedTuple):
    """A line in no known format."""

    raw: bytes


class TruncatedTape(NamedTuple):
    """Marks the end of a truncated or damaged file; `reason` describes it."""

    reason: str


Lines = Iterator[TapeLine | BadLine | TruncatedTape]


def read_lines(path: Path) -> Lines:
    """Lines of a file or recorded folder, in order and in constant memory.

    Raises:
        InputError: no such tape, or its format is foreign.
    """
    files = tape_files(path)
    return chain.from_iterable(_read_file(file) for file in files)


def with_snapshots(lines: Lines, snapshots: Lines, symbol: str) -> Lines:
    """Lines merged by receive time with the snapshots of `symbol`; "" selects all."""
    selected = (
        line for line in snapshots if isinstance(line, TapeLine) and (not symbol or line.symbol in ("", symbol))
    )
    return heapq.merge(lines, selected, key=_time)


def tape_files(path: Path) -> list[Path]:
    """The files a tape consists of, in order.

    Raises:
        InputError: no tape files.
    """
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.name.endswith((".ts_jsonl.zst", ".ts_jsonl.gz")))
        if found:
            return found
        raise InputError(f"{path} holds no tape. Use a file, or a folder made by `twokey record`.")
    if path.is_file():
        return [path]
    raise InputError(f"No tape at {path}. Record one with `twokey record BTCUSDT`.")


def parse_line(line: bytes) -> TapeLine | BadLine | None:
    """Parse one line; None for a line without data, such as a connection header."""
    if line.startswith(BOM):  # files were appended to one another
        line = line.removeprefix(BOM)
    if line.startswith(b"{"):
        wrapped = read_raw_line(line) if line.startswith(_WRAPPED) else None
        return TapeLine(wrapped.raw, wrapped.local_ts_ns, "", "ns") if wrapped else TapeLine(line)
    if match := _STAMPED.match(line):
        whole, fraction = match.groups()
        return TapeLine(line[match.end() :], _nanoseconds(whole, fraction), "", _UNITS.get(len(whole), ""))
    if match := _REST_RESPONSE.match(line):
        symbol, whole, fraction = match.groups()
        return TapeLine(line[match.end() :], _nanoseconds(whole, fraction), symbol.decode(), "s")
    if found := read_raw_line(line):
        return TapeLine(found.raw, found.local_ts_ns, "", "ns")
    return None if not line.strip() or _CONNECTION.match(line) else BadLine(line)


def _time(line: TapeLine | BadLine | TruncatedTape) -> int:
    return line.local_ts_ns or 0 if isinstance(line, TapeLine) else 0


def _nanoseconds(whole: bytes, fraction: bytes | None) -> int:
    """Between 2001 and 2286 the number of digits determines the unit of a time."""
    missing = _NS_DIGITS - len(whole)
    if missing < 0:
        return int(whole)
    return int(whole + (fraction or b"")[:missing].ljust(missing, b"0"))


def _read_file(path: Path) -> Lines:
    rest = b""
    try:
        for chunk in _text_chunks(path):
            *whole, rest = split_lines(rest + chunk)
            if len(rest) > _MAX_LINE_BYTES:
                raise InputError(f"{path.name} is not a tape: a line is longer than {_MAX_LINE_BYTES >> 20} MiB.")
            yield from _parsed(whole)
    except _DamagedError as damage:
        yield TruncatedTape(f"{path.name} {damage}")
        return
    if rest:
        yield from _parsed([rest])


def _text_chunks(path: Path) -> Iterator[bytes]:
    chunks = utf8_chunks(_chunks(path))
    head = next(chunks, b"")
    if foreign := foreign_format(head):
        raise InputError(f"{path.name} is {foreign.kind}. {foreign.advice}")
    yield head
    yield from chunks


def _parsed(lines: Iterable[bytes]) -> Iterator[TapeLine | BadLine]:
    return (found for line in lines if (found := parse_line(line)) is not None)


class _DamagedError(Exception):
    """A compressed file is truncated or corrupt."""


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            yield from _gunzipped(file)
        elif magic == b"\x28\xb5\x2f\xfd":
            yield from _unzstd(file)
        else:
            while chunk := file.read(_CHUNK):
                yield chunk


def _gunzipped(file: IO[bytes]) -> Iterator[bytes]:
    unpacker, incomplete = zlib.decompressobj(wbits=31), False
    while packed := file.read(_CHUNK):
        while packed:
            try:
                yield unpacker.decompress(packed)
            except zlib.error as error:
                raise _DamagedError(f"is damaged: {error}") from error
            packed, incomplete = unpacker.unused_data, not unpacker.eof
            if unpacker.eof:
                unpacker = zlib.decompressobj(wbits=31)
    if incomplete:
        raise _DamagedError("ends inside a compressed block")


def _unzstd(file: IO[bytes]) -> Iterator[bytes]:
    zstandard = import_zstandard()
    unpacker, open_frame = None, False
    while packed := file.read(_CHUNK):
        while packed:
            unpacker = unpacker or zstandard.ZstdDecompressor().decompressobj()
            try:
                yield unpacker.decompress(packed)
            except zstandard.ZstdError as error:
                raise _DamagedError(f"is damaged: {error}") from error
            packed, open_frame = unpacker.unused_data, not unpacker.eof
            if unpacker.eof:
                unpacker = None
    if open_frame:
        raise _DamagedError("ends inside a compressed block")
