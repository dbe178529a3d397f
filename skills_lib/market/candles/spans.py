"""Time spans: parses dates, resolves requested spans, and finds missing parts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from skills_lib.domain.errors import InputError
from skills_lib.domain.time import DAY_NS, SECOND_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.model import CandleRequest

DEFAULT_BARS = 17_520
_EIGHT_YEARS_NS = 8 * 365 * DAY_NS
_MONDAY_NS = 4 * DAY_NS  # 1970-01-01 was a Thursday; weekly bars open on Mondays
_YEARS = range(1970, 2200)


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """Open times in [start_ns, end_ns), UTC nanoseconds since 1970."""

    start_ns: int
    end_ns: int

    def __bool__(self) -> bool:
        return self.start_ns < self.end_ns

    def __str__(self) -> str:
        return f"{show(self.start_ns)} .. {show(self.end_ns)} UTC"


def parse_utc(text: str) -> datetime:
    """Parse `2024-01-31` or `2024-01-31T12:00`, with an optional zone such as `Z`; the default is UTC.

    Raises:
        InputError: not a date.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"'{text}' is not a date. Write 2024-01-31 or 2024-01-31T12:00, in UTC.") from None
    if moment.year not in _YEARS:
        raise InputError(f"'{text}' is outside the years {_YEARS.start}..{_YEARS.stop - 1}. Give another date.")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def to_ns(moment: datetime) -> int:
    """UTC nanoseconds since 1970; a time without zone is UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    elapsed = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * SECOND_NS + elapsed.microseconds * 1_000


def to_datetime(time_ns: int) -> datetime:
    """`time_ns` as a UTC datetime, truncated to seconds."""
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC)


def show(time_ns: int) -> str:
    """`2024-01-31 12:00`, UTC."""
    return f"{to_datetime(time_ns):%Y-%m-%d %H:%M}"


def floor_to_bar(time_ns: int, timeframe: Timeframe) -> int:
    """Open time of the bar that contains `time_ns`."""
    offset = _MONDAY_NS if timeframe is Timeframe.W1 else 0
    return time_ns - (time_ns - offset) % timeframe.nanoseconds


def requested_span(request: CandleRequest, now_ns: int) -> TimeSpan:
    """The span of closed bars in `request`; without `since` the last 17,520 bars, at most eight years.

    Raises:
        InputError: `since` is not before `until`, or lies in the future.
    """
    closed_until = floor_to_bar(now_ns, request.timeframe)
    until = min(closed_until, to_ns(request.until)) if request.until else closed_until
    if request.since is None:
        return TimeSpan(floor_to_bar(until - default_length(request.timeframe), request.timeframe), until)
    since = to_ns(request.since)
    if since >= now_ns:
        raise InputError(f"since {show(since)} UTC lies in the future. Give an earlier date.")
    if request.until and since >= to_ns(request.until):
        raise InputError(f"since {show(since)} is not before until {show(to_ns(request.until))}. Swap or change them.")
    if since >= until:
        raise InputError(f"No {request.timeframe} bar has closed since {show(since)} UTC. Give an earlier date.")
    return TimeSpan(since, until)


def default_length(timeframe: Timeframe) -> int:
    """Default span in nanoseconds when `since` is not given."""
    return min(DEFAULT_BARS * timeframe.nanoseconds, _EIGHT_YEARS_NS)


def join(spans: Iterable[TimeSpan]) -> list[TimeSpan]:
    """The union of `spans` as ordered, disjoint spans."""
    joined: list[TimeSpan] = []
    for span in sorted(s for s in spans if s):
        if joined and span.start_ns <= joined[-1].end_ns:
            joined[-1] = TimeSpan(joined[-1].start_ns, max(joined[-1].end_ns, span.end_ns))
        else:
            joined.append(span)
    return joined


def missing(wanted: TimeSpan, known: Iterable[TimeSpan]) -> list[TimeSpan]:
    """The parts of `wanted` not covered by `known`, oldest first."""
    parts, cursor = [], wanted.start_ns
    for span in join(known):
        if span.end_ns <= cursor:
            continue
        if span.start_ns >= wanted.end_ns:
            break
        parts.append(TimeSpan(cursor, span.start_ns))
        cursor = span.end_ns
    parts.append(TimeSpan(cursor, wanted.end_ns))
    return [part for part in parts if part]
