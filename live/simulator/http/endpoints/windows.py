"""The time window and the rows of lists: `startTime`, `endTime`, ids, `limit` and `page`, as Binance's pages state."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from live.simulator.core.rejections import Rejection, illegal
from live.simulator.http.endpoints.params import Params

T = TypeVar("T")

DAY_MS = 24 * 3600 * 1000
WEEK_MS, MONTH_MS, QUARTER_MS = 7 * DAY_MS, 30 * DAY_MS, 90 * DAY_MS
FOREVER_MS = 2**62


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Milliseconds, both ends inclusive. from_start: rows begin at the start, because the request named one."""

    start_ms: int
    end_ms: int
    from_start: bool

    def __contains__(self, time_ms: int) -> bool:
        return self.start_ms <= time_ms <= self.end_ms


def read_window(params: Params, default_ms: int = 0, longest_ms: int = 0) -> TimeWindow:
    """The window that `startTime` and `endTime` name.

    default_ms: length of the window before `endTime` if no `startTime` is sent; 0 for no bound. longest_ms: the
    longest window, and the end of one that has only a start; 0 for no bound. `recent` bounds a window that names none.

    Raises:
        Rejection: -1130 for a time that is not a whole number, -1023 if the start is after the end, -4165 if the
            window is too long.
    """
    start, end = params.integer("startTime", -1), params.integer("endTime", -1)
    if start < -1 or end < -1:
        raise illegal("startTime" if start < -1 else "endTime")
    if 0 <= end < start:
        raise Rejection(-1023, "Start time is greater than end time.")
    if longest_ms and min(start, end) >= 0 and end - start > longest_ms:
        raise Rejection(-4165, f"Maximum time interval is {longest_ms // DAY_MS} days.")
    if start < 0:
        end = end if end >= 0 else FOREVER_MS
        return TimeWindow(max(0, end - default_ms) if default_ms and end < FOREVER_MS else 0, end, False)
    if end < 0:
        end = start + longest_ms if longest_ms else FOREVER_MS
    return TimeWindow(start, end, True)


def recent(params: Params, window: TimeWindow, now_ms: int, length_ms: int) -> TimeWindow:
    """The last `length_ms` up to now if the request names no time, else the window."""
    if params.get("startTime") or params.get("endTime"):
        return window
    return TimeWindow(now_ms - length_ms, FOREVER_MS, False)


def kept(window: TimeWindow, oldest_ms: int) -> TimeWindow:
    """The part of a window that is not older than what Binance keeps."""
    return TimeWindow(max(window.start_ms, oldest_ms), window.end_ms, window.from_start)


def rows(found: Iterable[T], limit: int, from_start: bool) -> list[T]:
    """The first `limit` rows if the request names where to begin, else the last; oldest first either way."""
    if from_start:
        return list(islice(found, limit))
    return list(found)[-limit:]


def page_of(params: Params, found: Iterable[T], limit: int) -> list[T]:
    """The rows of `page`, counted from 1.

    Raises:
        Rejection: -1130 for a page below 1.
    """
    page = params.integer("page", 1)
    if page < 1:
        raise illegal("page")
    return list(islice(found, (page - 1) * limit, page * limit))


def within(entries: Iterable[T], window: TimeWindow, time_of: Callable[[T], int]) -> Iterator[T]:
    """The entries whose time is in the window."""
    return (entry for entry in entries if time_of(entry) in window)
