"""Bars: OHLCV columns as arrays, the only input of a strategy."""

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

OHLCV = ("Open", "High", "Low", "Close", "Volume")
_STEPS_AT_ONCE = 100_000
_COLUMNS = ("open_time_ns", *(name.lower() for name in OHLCV))


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """`n` bars, oldest first.

    `open_time_ns`: int64[n], UTC nanoseconds since 1970 at which the bar opens.
    `open`, `high`, `low`, `close`, `volume`: float64[n]; prices in quote currency, volume in base units.
    `interval_ns`: length of one bar, also of slices such as `bars[:t]`.
    """

    open_time_ns: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    interval_ns: int

    def __len__(self) -> int:
        return len(self.open_time_ns)

    def __getitem__(self, span: slice) -> Self:
        return replace(self, **{name: getattr(self, name)[span] for name in _COLUMNS})

    def has_column(self, array: npt.NDArray[np.generic]) -> bool:
        """Whether `array` is one of the columns."""
        return any(getattr(self, name) is array for name in _COLUMNS)

    def digest(self) -> str:
        """SHA-256 of times and columns in hex; it does not depend on the source of the bars."""
        digest = hashlib.sha256()
        for name in _COLUMNS:
            digest.update(np.ascontiguousarray(getattr(self, name)).data)
        return digest.hexdigest()

    @classmethod
    def from_frame(cls, frame: "pd.DataFrame") -> Self:
        """Bars from a frame indexed by open time with the columns `Open High Low Close Volume`.

        The interval is the most frequent difference between neighbouring open times.
        """
        import pandas as pd

        index = pd.DatetimeIndex(frame.index)
        times = (index if index.unit == "ns" else index.as_unit("ns")).asi8  # as_unit copies either way
        columns = {name.lower(): np.ascontiguousarray(frame[name], dtype=np.float64) for name in OHLCV}
        return cls(open_time_ns=times, **columns, interval_ns=_modal_step(times))

    def to_frame(self) -> "pd.DataFrame":
        """The frame that `from_frame` reads; the index is UTC without a zone, as backtesting.py plots it."""
        import pandas as pd

        columns = (self.open, self.high, self.low, self.close, self.volume)
        index = pd.DatetimeIndex(self.open_time_ns.view("datetime64[ns]"), name="open_time")
        return pd.DataFrame(dict(zip(OHLCV, columns, strict=True)), index=index)


def _modal_step(times_ns: IntArray) -> int:
    if len(times_ns) < 2:
        return 0
    first, parts = times_ns[1] - times_ns[0], range(0, len(times_ns), _STEPS_AT_ONCE)
    usual = sum(np.count_nonzero(np.diff(times_ns[i : i + _STEPS_AT_ONCE + 1]) == first) for i in parts)
    if usual > len(times_ns) / 2:
        return int(first)
    steps, counts = np.unique(np.diff(times_ns), return_counts=True)
    return int(steps[counts.argmax()])
