"""Days of time zones, those on which clocks are set included."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.errors import InputError
from skills_lib.trades.reports.spans import ReportSpan, day_of, local_text, parse_span, zone_of

ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/Havana", "America/Sao_Paulo", "Asia/Beirut"),
    *("Atlantic/Azores", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "Asia/Tehran"),
)
"""Zones that set clocks at midnight, by half an hour, or left out a day are among them."""
DATES = st.dates(date(2009, 6, 1), date(2037, 12, 1))
HOUR = 3_600_000


@given(st.sampled_from(ZONES), DATES, st.integers(0, 12))
def test_days_follow_one_another_without_gap_and_overlap(zone: str, first: date, count: int) -> None:
    span = ReportSpan(first, first + timedelta(days=count), zone_of(zone))
    days = list(span.days())
    assert [one.day for one in days] == [first + timedelta(days=number) for number in range(count + 1)]
    assert (days[0].start_ms, days[-1].until_ms) == (span.start_ms, span.until_ms)
    assert all(one.until_ms == other.start_ms for one, other in pairwise(days))
    assert {one.until_ms - one.start_ms for one in days} <= {
        0,
        23 * HOUR,
        23.5 * HOUR,
        24 * HOUR,
        24.5 * HOUR,
        25 * HOUR,
    }


@given(st.sampled_from(ZONES), DATES, st.data())
def test_every_moment_of_a_day_has_its_date_in_the_zone(zone: str, day: date, data: st.DataObject) -> None:
    span = ReportSpan(day, day, zone_of(zone))
    if span.start_ms == span.until_ms:
        return
    moment = data.draw(st.integers(span.start_ms, span.until_ms - 1))
    assert day_of(moment, span.zone) == day
    assert day_of(span.start_ms - 1, span.zone) < day < day_of(span.until_ms, span.zone)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-10-25", "UTC", 24),
        ("2017-10-15", "America/Sao_Paulo", 23),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2011-12-30", "Pacific/Apia", 0),
    ],
)
def test_a_day_has_the_hours_that_its_zone_gives_it(day: str, zone: str, hours: float) -> None:
    span = parse_span(day, None, zone)
    assert (span.until_ms - span.start_ms) / HOUR == hours


def test_a_time_is_shown_with_the_distance_of_its_zone_from_utc() -> None:
    moment = int(datetime(2026, 10, 25, 1, 30, tzinfo=UTC).timestamp()) * 1_000 + 7
    assert local_text(moment, ZoneInfo("Europe/Berlin")) == "2026-10-25T02:30:00.007+01:00"
    assert local_text(moment - HOUR, ZoneInfo("Europe/Berlin")) == "2026-10-25T02:30:00.007+02:00"


@pytest.mark.parametrize(
    ("day", "period", "zone", "part"),
    [
        (None, None, "UTC", "Give either"),
        ("2026-11-20", "2026-11-20..2026-11-21", "UTC", "Give either"),
        ("20.11.2026", None, "UTC", "is no day"),
        ("2026-02-30", None, "UTC", "is no day"),
        (None, "2026-11-20", "UTC", "two days with dots"),
        (None, "2026-11-21..2026-11-20", "UTC", "has no day"),
        ("1999-01-01", None, "UTC", "is not between"),
        ("2026-11-20", None, "Europe/Atlantis", "is no time zone"),
        ("2026-11-20", None, "../../etc/passwd", "is no time zone"),
    ],
)
def test_what_is_no_span_is_one_line(day: str | None, period: str | None, zone: str, part: str) -> None:
    with pytest.raises(InputError, match=part) as error:
        parse_span(day, period, zone)
    assert "\n" not in str(error.value)
