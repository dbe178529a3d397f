"""Daily sessions of a 24/7 market, each starting at a fixed hour of UTC.

Each value uses only open times up to its own bar, so gaps in the data cannot leak the future.
"""

import numpy as np

from skills_lib.domain.bars import BoolArray, IntArray
from skills_lib.domain.time import DAY_NS, HOUR_NS


def session_number(open_time_ns: IntArray, open_hour: int) -> IntArray:
    """Days since 1970 of the session in which each bar opens: int64[n]."""
    return (open_time_ns - open_hour * HOUR_NS) // DAY_NS


def since_session_open(open_time_ns: IntArray, open_hour: int) -> IntArray:
    """Nanoseconds from the start of the session to each bar's open: int64[n]."""
    return (open_time_ns - open_hour * HOUR_NS) % DAY_NS


def session_starts(session: IntArray) -> BoolArray:
    """True on the first bar of each session; the very first bar counts as such."""
    starts = np.ones(len(session), dtype=np.bool_)
    starts[1:] = session[1:] != session[:-1]
    return starts


def value_at_start(values: BoolArray, starts: BoolArray) -> BoolArray:
    """The first value of each session, on all of its bars."""
    return values[np.maximum.accumulate(np.where(starts, np.arange(len(values)), 0))]


def first_in_session(condition: BoolArray, starts: BoolArray) -> BoolArray:
    """True only where `condition` holds for the first time in its session."""
    count = np.cumsum(condition)
    before = np.maximum.accumulate(np.where(starts, count - condition, 0))
    return condition & (count - before == 1)
