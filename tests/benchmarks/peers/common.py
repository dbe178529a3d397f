"""The work that every peer of the sweep benchmark does, and its bars."""

from pathlib import Path

import numpy as np
import pandas as pd

STOP, TARGET = 0.02, 0.04
CASH, COMMISSION = 100_000, 0.002
TRAIN, TEST, STEP = 180, 60, 30


def thousand() -> list[tuple[int, int]]:
    """1000 admissible pairs of averages."""
    return [(fast, slow) for fast in range(5, 45, 2) for slow in range(50, 300, 5)]


def twenty_five() -> list[tuple[int, int]]:
    """25 pairs."""
    return [(fast, slow) for fast in range(10, 35, 5) for slow in range(50, 100, 10)]


def read(path: Path) -> pd.DataFrame:
    """Bars written by the driver: open time and OHLCV."""
    arrays = np.load(path)
    index = pd.DatetimeIndex(arrays["open_time_ns"].view("datetime64[ns]"))
    names = ("Open", "High", "Low", "Close", "Volume")
    return pd.DataFrame({name: arrays[name.lower()] for name in names}, index=index)


def windows(frame: pd.DataFrame) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Train and test frames of a rolling walk-forward: 180 days, 60 days, every 30 days."""
    day, found, start = pd.Timedelta(days=1), [], frame.index[0]
    end = frame.index[-1] + (frame.index[1] - frame.index[0])
    while start + (TRAIN + TEST) * day <= end:
        middle, last = start + TRAIN * day, start + (TRAIN + TEST) * day
        found.append((frame[start : middle - pd.Timedelta(1)], frame[middle : last - pd.Timedelta(1)]))
        start += STEP * day
    return found
