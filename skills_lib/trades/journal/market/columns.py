"""A table of 64-bit integers as few bytes: differences down each column without their common divisor, then zlib.

A table is stored as, little-endian: its first row; for each column the greatest common divisor of its differences (1
where all are 0); one byte, how many bytes of a difference are stored; then these bytes in planes, least significant
first, each column by column. A difference d is stored as 2d where d >= 0, else as -2d - 1. Two's complement wraps in
both directions, so every table comes back as it was.
"""

import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_LEVEL = 1
_LARGE = (zlib.MAX_WBITS, 9)
_SMALL = (12, 4)
"""Window and memory of zlib. 20 kB instead of 400, which the system hands out anew each time: a fifth of the time that
an order takes, where it has to be written behind a short block."""
_SMALL_BYTES = 4_096
_WORD = 8
Table = NDArray[np.int64]


def packed(table: Table) -> bytes:
    """A table of at least one row as bytes, ordered for compression."""
    steps = table[1:] - table[:-1]
    common = np.gcd.reduce(steps, axis=0)
    common[common <= 0] = 1  # the divisor of -2**63 alone is itself, negative
    steps //= common
    folded = np.ascontiguousarray(((steps << 1) ^ (steps >> 63)).T, "<i8")
    planes = folded.view(np.uint8).reshape(-1, _WORD).T
    used = -(-int(np.bitwise_or.reduce(folded, axis=None).view(np.uint64)).bit_length() // 8)
    ends = np.array([table[0], common], "<i8").tobytes()
    return b"".join((ends, bytes([used]), planes[:used].tobytes()))


@lru_cache
def end_of_one(columns: int) -> bytes:
    """What follows the first row in a packed table that has no other."""
    return struct.pack(f"<{columns}q", *[1] * columns) + b"\0"


def unpacked(data: bytes, rows: int, columns: int) -> tuple[Table, int]:
    """The table at the beginning of `data`, and how many bytes it took.

    Raises:
        ValueError: there are fewer bytes than it needs.
    """
    ends = 2 * _WORD * columns
    used = data[ends] if len(data) > ends else _WORD + 1
    size = ends + 1 + used * (rows - 1) * columns
    if used > _WORD or len(data) < size:
        raise ValueError("it has fewer bytes than its shapes need")
    first, common = np.frombuffer(data, "<i8", 2 * columns).reshape(2, columns)
    planes = np.zeros((_WORD, (rows - 1) * columns), np.uint8)
    planes[:used] = np.frombuffer(data, np.uint8, size - ends - 1, ends + 1).reshape(used, (rows - 1) * columns)
    folded = np.ascontiguousarray(planes.T).view("<u8").reshape(columns, rows - 1).T
    steps = (folded >> np.uint64(1)).astype(np.int64) ^ -(folded & np.uint64(1)).astype(np.int64)
    return np.cumsum(np.vstack((first, steps * common)), axis=0, dtype=np.int64), size


def compressed(data: bytes) -> bytes:
    """As zlib writes it: runs and frequencies only, which is smaller and faster here than a search for repetitions."""
    window, memory = _SMALL if len(data) <= _SMALL_BYTES else _LARGE
    worker = zlib.compressobj(_LEVEL, zlib.DEFLATED, window, memory, zlib.Z_RLE)
    return worker.compress(data) + worker.flush()


def expanded(data: bytes, limit: int) -> bytes:
    """The reverse of `compressed`.

    Raises:
        ValueError: not zlib's, or more than `limit` bytes, of which no more are made.
    """
    worker = zlib.decompressobj()
    try:
        found = worker.decompress(data, limit + 1)
    except zlib.error:
        raise ValueError("its data are not zlib's") from None
    if len(found) > limit or not worker.eof or worker.unused_data:
        raise ValueError("it has more bytes than its shapes need")
    return found
