"""What a process and its worker say to each other: frames of a length and a body, msgpack inside."""

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

LONGEST_FRAME: Final = 64 << 20
"""Bytes of a body; a worker that announces more is broken."""
_LENGTH: Final = struct.Struct(">I")


class Opening(msgspec.Struct, frozen=True):
    """The first message. entry: `package.module:function`, which makes of `request` what answers the messages.

    time_limit_s: for each answer; memory_bytes: of the address space, 0 for no limit.
    """

    entry: str
    request: bytes
    time_limit_s: float
    memory_bytes: int


class WorkerAnswer(msgspec.Struct, frozen=True):
    """To the opening and to each message. error: why there is no result, one sentence; empty if there is one."""

    result: bytes = b""
    error: str = ""


def frame(body: bytes) -> bytes:
    """A body with its length before it."""
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Collects bytes and yields bodies."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that are complete with `data`.

        Raises:
            ValueError: a body is announced that is too long.
        """
        self._data += data
        while len(self._data) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._data)
            if length > LONGEST_FRAME:
                raise ValueError(f"a frame of {length} bytes")
            end = _LENGTH.size + length
            if len(self._data) < end:
                return
            body = bytes(self._data[_LENGTH.size : end])
            del self._data[:end]
            yield body
