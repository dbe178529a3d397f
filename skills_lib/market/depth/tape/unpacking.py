"""Unpacks gzip and zstd files that are damaged: what is whole is read, and what is lost is reported.

A file is a row of members (gzip) or frames (zstd), here both *blocks*. A recorder that was killed leaves its last
block unfinished, and one that starts again appends its own; a disk may put garbage anywhere. Deflated data hardly ever
contradicts itself, so an unfinished block would swallow the next one and yield text that nobody wrote: the start of
the next block is therefore looked for ahead of the unpacker, not behind an error.
"""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from typing import IO, Any, NamedTuple

from skills_lib.market.depth.tape.zstd import import_zstandard

_PART_BYTES = 1 << 16
_TRIAL_BYTES, _TRIAL_STEP = 1 << 18, 1 << 12
_TEXT_BYTES, _MIN_TEXT_BYTES = 256, 16
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))


class Lost(NamedTuple):
    """A place where bytes were lost. `packed_bytes`: those that could not be unpacked; 0 if the file just ends."""

    packed_bytes: int
    reason: str
    at_end: bool


class _Source:
    """Random access to a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = file.seek(0, 2)

    def at(self, offset: int, count: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(count)


class Packing(ABC):
    """A format of compression."""

    magic: bytes
    suffix: str
    header_bytes: int
    error: type[Exception]

    @abstractmethod
    def unpacker(self) -> Any:
        """An object with `decompress`, `eof` and `unused_data`, for one block."""

    @abstractmethod
    def is_header(self, head: bytes) -> bool:
        """Whether a block may begin with `head`, whose magic is right; it is shorter at the end of the file."""

    def starts(self, source: _Source, offset: int) -> bool:
        """Whether a block begins at `offset`: its header is possible, and text can be unpacked from it."""
        head = source.at(offset, self.header_bytes)
        if not head.startswith(self.magic) or not self.is_header(head):
            return False
        data = source.at(offset, _TRIAL_BYTES)
        text, failed = self._tried(data, _TRIAL_STEP)
        if failed and len(text) < _MIN_TEXT_BYTES:  # the error hides the text of its step
            text, failed = self._tried(data, 1)
        return (not failed or len(text) >= _MIN_TEXT_BYTES) and _is_text(text[:_TEXT_BYTES])

    def _tried(self, data: bytes, step: int) -> tuple[bytes, bool]:
        """The first text of a block, and whether an error came before it."""
        unpacker, text = self.unpacker(), b""
        for place in range(0, len(data), step):
            try:
                text += unpacker.decompress(data[place : place + step])
            except self.error:
                return text, True
            if unpacker.eof or len(text) >= _TEXT_BYTES:
                return text, False
        return text, len(data) == _TRIAL_BYTES  # a block that begins shortly before the end has no text

    def next_start(self, source: _Source, offset: int, end: int | None = None) -> int | None:
        """Where the next block begins from `offset` on and before `end`; None without one."""
        end = source.size if end is None else min(end, source.size)
        while offset < end:
            part = source.at(offset, _PART_BYTES + len(self.magic) - 1)
            place = part.find(self.magic)
            while place != -1 and offset + place < end:
                if self.starts(source, offset + place):
                    return offset + place
                place = part.find(self.magic, place + 1)
            offset += _PART_BYTES
        return None


class Gzip(Packing):
    """RFC 1952."""

    magic, suffix, header_bytes, error = b"\x1f\x8b\x08", ".gz", 10, zlib.error

    def unpacker(self) -> Any:
        """An object with `decompress`, `eof` and `unused_data`, for one member."""
        return zlib.decompressobj(wbits=31)

    def is_header(self, head: bytes) -> bool:
        """Three flags are reserved, and few extra flags and operating systems are in use."""
        flags, extra, system = ([*head[3:4], 0][0], [*head[8:9], 0][0], [*head[9:10], 0][0])
        return flags < 32 and extra in (0, 2, 4) and (system < 14 or system == 255)


class Zstd(Packing):
    """RFC 8878."""

    magic, suffix, header_bytes = b"\x28\xb5\x2f\xfd", ".zst", 5

    def __init__(self) -> None:
        self._zstandard = import_zstandard()
        self.error = self._zstandard.ZstdError

    def unpacker(self) -> Any:
        """An object with `decompress`, `eof` and `unused_data`, for one frame."""
        return self._zstandard.ZstdDecompressor().decompressobj()

    def is_header(self, head: bytes) -> bool:
        """One bit of the descriptor is reserved."""
        return not [*head[4:5], 0][0] & 8


def packing_of(file: IO[bytes], name: str) -> Packing | None:
    """How a file is packed, by its first bytes, or by its name if they are damaged; None for plain text."""
    source = _Source(file)
    head = source.at(0, 4)
    for kind in (Gzip, Zstd):
        if head.startswith(kind.magic):
            return kind()
        if name.endswith(kind.suffix) and kind().next_start(source, 0) is not None:
            return kind()
    return None


def unpacked(file: IO[bytes], packing: Packing) -> Iterator[bytes | Lost]:
    """The text of a file in parts, and a `Lost` at each place where some is missing."""
    source, offset = _Source(file), 0
    while offset < source.size:
        if packing.starts(source, offset):
            offset = yield from _block(source, offset, packing)
            continue
        if not source.at(offset, _PART_BYTES).strip(b"\0"):  # padding, which gzip allows
            offset += _PART_BYTES
            continue
        found = packing.next_start(source, offset + 1)
        end = source.size if found is None else found
        yield Lost(end - offset, f"has {end - offset:,} damaged bytes from byte {offset:,} on", found is None)
        offset = end


def _block(source: _Source, start: int, packing: Packing) -> Generator[bytes | Lost, None, int]:
    """Unpack the block that begins at `start`; returns where the next one is looked for."""
    unpacker, position, length = packing.unpacker(), start, 0
    while position < source.size:
        cut = packing.next_start(source, max(position, start + 1), position + _PART_BYTES)
        part = source.at(position, _PART_BYTES if cut is None else cut - position)
        try:
            text = unpacker.decompress(part)
        except packing.error:
            text, bad = _up_to_error(source, start, position, length, part, packing)
            yield text
            found = packing.next_start(source, bad)
            end = source.size if found is None else found
            yield Lost(end - bad, f"has {end - bad:,} damaged bytes from byte {bad:,} on", found is None)
            return end
        yield text
        position, length = position + len(part), length + len(text)
        if unpacker.eof:
            return position - len(unpacker.unused_data)
        if cut is not None:
            yield Lost(0, f"has a compressed block that breaks off at byte {cut:,}, before the next", False)
            return cut
    yield Lost(0, "ends inside a compressed block", True)
    return position


def _up_to_error(
    source: _Source, start: int, position: int, length: int, part: bytes, packing: Packing
) -> tuple[bytes, int]:
    """The text after its first `length` bytes and before an error in `part`, and where that error is.

    The block is unpacked again, its last part byte by byte: slow, but damage is rare.
    """
    unpacker, done = packing.unpacker(), 0
    for offset in range(start, position, _PART_BYTES):
        done += len(unpacker.decompress(source.at(offset, min(_PART_BYTES, position - offset))))
    text = bytearray()
    for n in range(len(part)):
        try:
            text += unpacker.decompress(part[n : n + 1])
        except packing.error:
            return bytes(text[length - done :]), position + n
    return bytes(text[length - done :]), position + len(part)


def _is_text(text: bytes) -> bool:
    return not text.translate(None, bytes(set(range(256)) - set(_CONTROLS)))
