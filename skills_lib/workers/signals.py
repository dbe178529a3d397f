"""Bars and signals as bytes, between a process and the worker that computes them."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals

_FLOATS: Final = ("open", "high", "low", "close", "volume")
_SIDES: Final = ("long_entry", "short_entry", "long_exit", "short_exit")


class _BarsBytes(msgspec.Struct, frozen=True):
    interval_ns: int
    open_time_ns: bytes
    columns: dict[str, bytes]


class _SignalsBytes(msgspec.Struct, frozen=True):
    sides: dict[str, bytes]
    size: float | bytes
    stop_price: bytes | None
    target_price: bytes | None
    indicators: dict[str, bytes]


def bars_as_bytes(bars: Bars) -> bytes:
    """Bars, to be read by `bars_in`."""
    columns = {name: np.ascontiguousarray(getattr(bars, name)).tobytes() for name in _FLOATS}
    return msgspec.msgpack.encode(_BarsBytes(bars.interval_ns, bars.open_time_ns.tobytes(), columns))


def bars_in(data: bytes) -> Bars:
    """The bars of `bars_as_bytes`; their arrays may be written to."""
    found = msgspec.msgpack.decode(data, type=_BarsBytes)
    times = np.frombuffer(found.open_time_ns, dtype=np.int64).copy()
    columns = {name: _floats(found.columns[name]).copy() for name in _FLOATS}
    return Bars(open_time_ns=times, **columns, interval_ns=found.interval_ns)


def signals_as_bytes(signals: object) -> bytes:
    """Signals, to be read by `signals_in`.

    Raises:
        InputError: they are something else.
    """
    if not isinstance(signals, Signals):
        raise InputError(f"The strategy gave {type(signals).__name__} instead of Signals.")
    size = signals.size
    return msgspec.msgpack.encode(
        _SignalsBytes(
            {name: np.asarray(getattr(signals, name)).tobytes() for name in _SIDES},
            size.tobytes() if isinstance(size, np.ndarray) else float(size),
            _optional(signals.stop_price, np.ndarray.tobytes),
            _optional(signals.target_price, np.ndarray.tobytes),
            {str(name): np.asarray(values).tobytes() for name, values in signals.indicators.items()},
        )
    )


def signals_in(data: bytes) -> Signals:
    """The signals of `signals_as_bytes`, checked: they come from foreign code.

    Raises:
        InputError: they cannot be read, or are not allowed.
    """
    try:
        found = msgspec.msgpack.decode(data, type=_SignalsBytes)
        sides = {name: np.frombuffer(found.sides[name], dtype=np.uint8) != 0 for name in _SIDES}
        size = _floats(found.size) if isinstance(found.size, bytes) else found.size
        prices = {name: _optional(getattr(found, name), _floats) for name in ("stop_price", "target_price")}
        indicators = {name: _floats(values) for name, values in found.indicators.items()}
    except (msgspec.MsgspecError, ValueError, KeyError):
        raise InputError("What the strategy gave cannot be read as Signals.") from None
    return Signals(**sides, size=size, **prices, indicators=indicators)


def _floats(data: bytes) -> FloatArray:
    return np.frombuffer(data, dtype=np.float64)


def _optional(value: Any, change: Callable[[Any], Any]) -> Any:
    return None if value is None else change(value)
