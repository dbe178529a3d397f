"""Reduces a long series to what a chart can show: the lowest and highest value of each interval."""

import numpy as np

from skills_lib.domain.bars import FloatArray, IntArray

INTERVALS = 600


def thin(values: FloatArray, intervals: int = INTERVALS) -> IntArray:
    """Ascending indices of at most 2 × `intervals` + 4 values: first, last, lowest and highest of each interval.

    All indices where there are no more than that; an undefined value (nan) is neither lowest nor highest.
    """
    count = len(values)
    if count <= 2 * intervals:
        return np.arange(count, dtype=np.int64)
    size = -(-count // intervals)
    whole = count // size
    starts, rows = np.arange(whole) * size, values[: whole * size].reshape(whole, size)
    kept = [
        *(starts + place for place in _extremes(rows)),
        *(whole * size + place for place in _extremes(values[None, whole * size :])),
        np.array([0, count - 1]),
    ]
    return np.unique(np.concatenate(kept)).astype(np.int64)


def _extremes(rows: FloatArray) -> tuple[IntArray, IntArray]:
    """Place of the lowest and of the highest value in each row."""
    if not rows.size:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    gaps = np.isnan(rows)
    return np.where(gaps, np.inf, rows).argmin(axis=1), np.where(gaps, -np.inf, rows).argmax(axis=1)
