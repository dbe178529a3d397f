"""The line of a journal: one JSON object, chained to the line before it by SHA-256. `docs/journal.md` specifies it.

    {"sequence":7,"time_ns":1723161255030314667,"kind":"tick","body":{},"hash":"9c1e…"}\\n

`content` is the line up to `,"hash":`. The hash is SHA-256, in hexadecimal, of the previous line's hash as 64 ASCII
characters (64 zeros before the first) followed by `content`. So every byte of the file is covered.
"""

import hashlib
import re
from typing import Any

import msgspec

FORMAT = "twokey-journal"
VERSION = 1
HEADER = "journal"
"""Kind of the first record, which says format, version and run."""
MARKET = "market"
"""Kind of a block of book and mark updates."""
GENESIS = "0" * 64
"""What the first record's hash is chained to."""
MAX_LINE_BYTES = 1 << 25
"""Longest line that a reader accepts; a writer makes none longer than half of it."""
_HASH_KEY = b',"hash":"'
_TAIL_BYTES = len(_HASH_KEY) + 64 + len(b'"}\n')
_TAIL = re.compile(rb',"hash":"([0-9a-f]{64})"\}\n')
KIND = re.compile(r"[a-z][a-z_]{0,31}")


class Record(msgspec.Struct, frozen=True):
    """One record. body_json: the body's bytes as the file has them."""

    sequence: int
    time_ns: int
    kind: str
    body_json: bytes
    hash: str

    @property
    def body(self) -> dict[str, Any]:
        """The body as data."""
        found: dict[str, Any] = msgspec.json.decode(self.body_json)
        return found


class Header(msgspec.Struct, frozen=True):
    """Body of the first record."""

    format: str
    version: int
    run: str


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    sequence: int
    time_ns: int
    kind: str
    body: msgspec.Raw


_read_content = msgspec.json.Decoder(_Content).decode


def content_of(sequence: int, time_ns: int, kind: str, body: bytes) -> bytes:
    """The bytes of a line that its hash covers. body: a JSON object in one line."""
    return b'{"sequence":%d,"time_ns":%d,"kind":"%s","body":%s' % (sequence, time_ns, kind.encode(), body)


def chained(previous: str, content: bytes) -> str:
    """The hash of a line: of the hash before it and of its content."""
    return hashlib.sha256(previous.encode() + content).hexdigest()


def line_of(content: bytes, digest: str) -> bytes:
    """The whole line."""
    return b'%s,"hash":"%s"}\n' % (content, digest.encode())


def split_line(line: bytes) -> tuple[bytes, str] | None:
    """Content and hash of a line as this program writes it, else None."""
    tail = _TAIL.fullmatch(line, max(len(line) - _TAIL_BYTES, 0))
    return (line[:-_TAIL_BYTES], tail[1].decode()) if tail else None


def record_of(content: bytes, digest: str) -> Record | None:
    """The record of a line's content, or None where it is not written as `content_of` writes it."""
    try:
        found = _read_content(content + b"}")
        body = bytes(found.body)
        if not body.startswith(b"{") or not KIND.fullmatch(found.kind):
            return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if content_of(found.sequence, found.time_ns, found.kind, body) != content:
        return None
    return Record(found.sequence, found.time_ns, found.kind, body, digest)
