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
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.tape.formats.foreign import foreign_format
from skills_lib.market.depth.tape.formats.tardis import read_raw_line
from skills_lib.market.depth.tape.formats.text import BOM, utf8_chunks
from skills_lib.market.depth.tape.unpacking import Lost, packing_of, unpacked

_CHUNK = 1 << 20
_MAX_LINE_BYTES = 1 << 26
_STAMPED = re.compile(rb"(\d{1,19})(?:\.(\d{1,9}))?:? (?=[\[{])")
_REST_RESPONSE = re.compile(rb"https?://\S+[?&]symbol=(\w+)\S* -> (\d+)(?:\.(\d{1,9}))?: ")
_WRAPPED = (b'{"localTimestamp"', b'{ "localTimestamp"')
_CONNECTION = re.compile(rb"wss?://\S+ <-> ")
_NUMBERS = re.compile(r"([0-9]+)")
_NS_DIGITS = 19
_MAX_STAMP = 19
"""Digits of the longest time: behind it and a space, no second message of a line begins earlier."""
_ENVELOPE = b'{"stream":"'
_LATER_STAMPED = re.compile(rb'([0-9]+) \{"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z \{"')
_LATER_BARE = re.compile(rb'()\{"stream":"')
_UNITS = {10: "s", 13: "ms", 16: "us", 19: "ns"}
_UNITS_BY_LENGTH = sorted(_UNITS, reverse=True)


class TapeLine(NamedTuple):
    """One line. `local_ts_ns` is None if the tape has no receive times; `symbol` is set for responses only."""

    raw: bytes
    local_ts_ns: int | None = None
    symbol: str = ""
    unit: str = ""


class BadLine(NamedTuple):
    """A line in no known format."""

    raw: bytes


class TapeDamage(NamedTuple):
    """Marks a place where bytes of a file are lost; `reason` describes it. Lines after it may follow."""

    reason: str
    lost_bytes: int
    at_end: bool

    @property
    def problem(self) -> str:
        """One sentence."""
        return f"The tape is {'truncated' if self.at_end else 'damaged'}: {self.reason}."


Lines = Iterator[TapeLine | BadLine | TapeDamage]


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
        found = sorted(
            (file for file in path.iterdir() if file.name.endswith((".ts_jsonl.zst", ".ts_jsonl.gz"))), key=_in_order
        )
        if found:
            return found
        raise InputError(f"{path} holds no tape. Use a file, or a folder made by `twokey record`.")
    if path.is_file():
        return [path]
    raise InputError(f"No tape at {path}. Record one with `twokey record BTCUSDT`.")


def _in_order(file: Path) -> tuple[list[str | int], str]:
    """Part 2 before part 10: numbers in a name are compared as numbers."""
    parts = _NUMBERS.split(file.name.partition(".ts_jsonl")[0])  # text and numbers by turns
    return [int(part) if n % 2 else part for n, part in enumerate(parts)], file.name


def parse_line(line: bytes) -> TapeLine | BadLine | None:
    """Parse one line; None for a line without data, such as a connection header."""
    if line.startswith(b"{"):
        wrapped = read_raw_line(line) if line.startswith(_WRAPPED) else None
        return TapeLine(wrapped.raw, wrapped.local_ts_ns, "", "ns") if wrapped else TapeLine(line)
    if line[_NS_DIGITS : _NS_DIGITS + 2] == b" {" and line[:_NS_DIGITS].isdigit():  # what nearly every line is
        return TapeLine(line[_NS_DIGITS + 1 :], int(line[:_NS_DIGITS]), "", "ns")
    if match := _STAMPED.match(line):
        whole, fraction = match.groups()
        return TapeLine(line[match.end() :], _nanoseconds(whole, fraction), "", _UNITS.get(len(whole), ""))
    if match := _REST_RESPONSE.match(line):
        symbol, whole, fraction = match.groups()
        return TapeLine(line[match.end() :], _nanoseconds(whole, fraction), symbol.decode(), "s")
    if found := read_raw_line(line):
        return TapeLine(found.raw, found.local_ts_ns, "", "ns")
    return None if not line.strip() or _CONNECTION.match(line) else BadLine(line)


def _time(line: TapeLine | BadLine | TapeDamage) -> int:
    return line.local_ts_ns or 0 if isinstance(line, TapeLine) else 0


def _nanoseconds(whole: bytes, fraction: bytes | None) -> int:
    """Between 2001 and 2286 the number of digits determines the unit of a time."""
    missing = _NS_DIGITS - len(whole)
    if missing < 0:
        return int(whole)
    return int(whole + (fraction or b"")[:missing].ljust(missing, b"0"))


def read_blocks(path: Path) -> Iterator[bytes | TapeDamage]:
    """The same as blocks of whole lines, as they are in the files; `parsed` reads them. Raises as `read_lines`."""
    return chain.from_iterable(_read_blocks(file) for file in tape_files(path))


def _read_blocks(path: Path) -> Iterator[bytes | TapeDamage]:
    rest = b""
    for chunk in _text_chunks(path):
        if isinstance(chunk, Lost):
            yield _damage(path.name, chunk, rest)
            rest = b""
            continue
        text = rest + chunk
        ends = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        rest = text[ends:]
        if len(rest) > _MAX_LINE_BYTES:
            raise InputError(f"{path.name} is not a tape: a line is longer than {_MAX_LINE_BYTES >> 20} MiB.")
        if ends:
            yield text[:ends]
    if rest:
        yield rest + b"\n"


def _read_file(path: Path) -> Lines:
    for block in _read_blocks(path):
        if isinstance(block, TapeDamage):
            yield block
        else:
            yield from parsed(block.splitlines())


def _text_chunks(path: Path) -> Iterator[bytes | Lost]:
    chunks = utf8_chunks(_chunks(path))
    head, second = next(chunks), next(chunks, b"")
    if isinstance(head, bytes) and isinstance(second, bytes) and (foreign := foreign_format(head)):
        raise InputError(f"{path.name} is {foreign.kind}. {foreign.advice}")
    yield head
    yield second
    yield from chunks


def _damage(name: str, lost: Lost, unfinished: bytes) -> TapeDamage:
    also = f"; {len(unfinished):,} bytes of an unfinished line are left out" if unfinished else ""
    return TapeDamage(f"{name} {lost.reason}{also}", lost.packed_bytes + len(unfinished), lost.at_end)


def parsed(lines: Iterable[bytes]) -> Iterator[TapeLine | BadLine]:
    """What lines hold: nothing, a message, or one that was cut short and the whole one behind it."""
    for line in lines:
        line = line.removeprefix(BOM)  # files were appended to one another
        if line.find(b' {"', _MAX_STAMP + 1) != -1 or line.find(_ENVELOPE, 1) > (
            0 if line[:1] == b"{" else _MAX_STAMP + 1
        ):
            cut_short, line = _joined(line)
            if cut_short:
                yield BadLine(cut_short)
        if (found := parse_line(line)) is not None:
            yield found


def _joined(line: bytes) -> tuple[bytes, bytes]:
    """A line that was cut short, and the whole one written behind it without a line break; b"" if it is one line."""
    later = _LATER_BARE if line.startswith(b"{") and not line.startswith(_WRAPPED) else _LATER_STAMPED
    for match in later.finditer(line):
        digits = len(match[1] or b"")
        stamp = next((n for n in _UNITS_BY_LENGTH if n <= digits), digits)
        if match.start() or digits > _MAX_STAMP:
            start = match.start() + digits - stamp
            return line[:start], line[start:]
    return b"", line


def _chunks(path: Path) -> Iterator[bytes | Lost]:
    with path.open("rb") as file:
        if packing := packing_of(file, path.name):
            yield from unpacked(file, packing)
            return
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk
