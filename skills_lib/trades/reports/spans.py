"""Days of a time zone as spans of time: a day has 23, 24 or 25 hours, and one that a zone left out has none."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from skills_lib.domain.errors import InputError

MAX_DAYS: Final = 36_600
ALL_DAYS: Final = "2009-01-03..2099-12-31"
"""A period that holds every trade."""
_FIRST, _LAST = date(2009, 1, 3), date(2099, 12, 31)


@dataclass(frozen=True, slots=True)
class ReportDay:
    """A day of a time zone. start_ms, until_ms: a half-open span, UTC milliseconds."""

    day: date
    start_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class ReportSpan:
    """Days from `first` to `last`, both included, of the time zone `zone`."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start_ms(self) -> int:
        """When the first day begins."""
        return start_of(self.first, self.zone)

    @property
    def until_ms(self) -> int:
        """When the last day has ended."""
        return start_of(self.last + timedelta(days=1), self.zone)

    @property
    def name(self) -> str:
        """As a person gives it: a day, or two with dots between."""
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"

    def days(self) -> Iterator[ReportDay]:
        """The days in order."""
        day, start_ms = self.first, self.start_ms
        while day <= self.last:
            until_ms = start_of(day + timedelta(days=1), self.zone)
            yield ReportDay(day, start_ms, until_ms)
            day, start_ms = day + timedelta(days=1), until_ms


def start_of(day: date, zone: ZoneInfo) -> int:
    """The first moment of a day, UTC milliseconds. Where midnight comes twice, the first; where it is left out, the
    moment at which clocks are set forward."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1_000


def day_of(time_ms: int, zone: ZoneInfo) -> date:
    """The day that a time is in."""
    return datetime.fromtimestamp(time_ms // 1_000, UTC).astimezone(zone).date()


def local_text(time_ms: int, zone: ZoneInfo) -> str:
    """A time in a time zone with its distance from UTC, to the millisecond."""
    whole = datetime.fromtimestamp(time_ms // 1_000, UTC) + timedelta(milliseconds=time_ms % 1_000)
    return whole.astimezone(zone).isoformat(timespec="milliseconds")


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises:
        InputError: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(f"'{name[:40]}' is no time zone. Give a name such as UTC or Europe/Berlin.") from None


def parse_span(day: str | None, period: str | None, zone: str) -> ReportSpan:
    """The span of `--day` or `--period`, of which exactly one is given.

    Raises:
        InputError: none, both, not a day, the last before the first, or no such time zone.
    """
    if (day is None) == (period is None):
        raise InputError("Give either a day, such as 2026-11-20, or a period, such as 2026-11-01..2026-11-30.")
    first, separator, last = (day or period or "").partition("..")
    if (period is not None) != bool(separator):
        raise InputError("A period is two days with dots between, such as 2026-11-01..2026-11-30.")
    found = ReportSpan(_day(first), _day(last or first), zone_of(zone))
    if not timedelta(0) <= found.last - found.first < timedelta(days=MAX_DAYS):
        raise InputError(
            f"The period {found.name} has no day, or more than {MAX_DAYS}. Name its first day, then its last."
        )
    return found


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"'{text[:40]}' is no day. Give it as 2026-11-20.") from None
    if not _FIRST <= found <= _LAST:
        raise InputError(f"{found} is not between {_FIRST} and {_LAST}.")
    return found
