"""Turns the bytes of a text file into UTF-8 lines: byte order marks, UTF-16 and UTF-32."""

import codecs
from collections.abc import Iterable, Iterator
from typing import TypeVar

BOM = codecs.BOM_UTF8
_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FIRST = b"0123456789[{hw"
_HEAD_BYTES = 4_096
Marker = TypeVar("Marker")


def utf8_chunks(chunks: Iterable[bytes | Marker]) -> Iterator[bytes | Marker]:
    """The same text as UTF-8 without a byte order mark, in constant memory; a marker between chunks stays there.

    The first item is bytes: at least 4 KiB, unless the text ends or a marker comes before.
    """
    rest = _with_head(iter(chunks))
    head = next(rest)
    assert isinstance(head, bytes)
    encoding = encoding_of(head)
    if encoding == "utf-8":
        yield head.removeprefix(BOM)
        yield from rest
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(head).encode()
    for chunk in rest:
        yield decoder.decode(chunk).encode("utf-8", "replace") if isinstance(chunk, bytes) else chunk


def encoding_of(head: bytes) -> str:
    """Python's name of the encoding of a text that starts with `head`: by its mark, or by NULs between ASCII."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    first, second = head[:1], head[1:2]
    if second == b"\0" and first and first in _FIRST:
        return "utf-16-le"
    return "utf-16-be" if first == b"\0" and second and second in _FIRST else "utf-8"


def _with_head(chunks: Iterator[bytes | Marker]) -> Iterator[bytes | Marker]:
    """The chunks, the first of them joined to `_HEAD_BYTES`, or up to a marker."""
    head = b""
    for chunk in chunks:
        if not isinstance(chunk, bytes):
            yield head
            yield chunk
            break
        head += chunk
        if len(head) >= _HEAD_BYTES:
            yield head
            break
    else:
        yield head
    yield from chunks
