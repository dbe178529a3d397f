"""Binance's klines as bars: frames of `<symbol>@kline_<interval>` and rows of `GET /fapi/v1/klines`."""

from collections.abc import Sequence

import msgspec
import numpy as np

from live.money import SCALE, parse
from skills_lib.domain.bars import Bars

_MS = 1_000_000


class ClosedBar(msgspec.Struct, frozen=True):
    """A bar that has closed. open_ms: when it opened, milliseconds since 1970; the others in units of 1e-8."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int


class _Kline(msgspec.Struct, frozen=True):
    t: int
    i: str
    o: str
    h: str
    l: str  # noqa: E741 - the wire's name
    c: str
    v: str
    x: bool


class _Event(msgspec.Struct, frozen=True):
    e: str
    s: str
    k: _Kline


class _Frame(msgspec.Struct, frozen=True):
    data: _Event


_read_frame = msgspec.json.Decoder(_Frame).decode
_read_rows = msgspec.json.Decoder(list[list[int | str]]).decode


def closed_bar_of(frame: bytes, interval: str) -> tuple[str, ClosedBar] | None:
    """Symbol and bar of a frame that says that a bar of the interval has closed; None for any other frame."""
    try:
        event = _read_frame(frame).data
        kline = event.k
        if event.e != "kline" or kline.i != interval or not kline.x:
            return None
        return event.s, _bar(kline.t, (kline.o, kline.h, kline.l, kline.c, kline.v))
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        return None


def bars_of(body: bytes) -> list[ClosedBar] | None:
    """The klines of an answer, oldest first, the open one included; None if it cannot be understood."""
    try:
        rows = _read_rows(body)
        found = [_bar(row[0], row[1:6]) for row in rows]
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, IndexError):
        return None
    times = [bar.open_ms for bar in found]
    return found if times == sorted(set(times)) else None


def _bar(open_ms: int | str, numbers: Sequence[int | str]) -> ClosedBar:
    """The bar of a kline.

    Raises:
        ValueError: a number cannot be read, or the prices are not those of a bar.
    """
    if not isinstance(open_ms, int) or len(numbers) != 5:
        raise ValueError("not a kline")
    opened, high, low, close, volume = (parse(str(number)) for number in numbers)
    if not 0 < low <= min(opened, close) <= max(opened, close) <= high or volume < 0:
        raise ValueError("not the prices of a bar")
    return ClosedBar(open_ms, opened, high, low, close, volume)


def as_bars(bars: Sequence[ClosedBar], interval_ms: int) -> Bars:
    """Bars as strategies read them: each number is the float64 nearest to the exchange's decimal."""
    columns = {
        name: np.array([getattr(bar, name) / SCALE for bar in bars], dtype=np.float64)
        for name in ("open", "high", "low", "close", "volume")
    }
    times = np.array([bar.open_ms * _MS for bar in bars], dtype=np.int64)
    return Bars(open_time_ns=times, **columns, interval_ns=interval_ms * _MS)
