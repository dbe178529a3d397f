"""Durations in nanoseconds, and times as text."""

from datetime import UTC, datetime

MS_NS = 1_000_000
SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
DAYS_PER_YEAR = 365
"""Crypto markets trade every day."""


def utc(time_ns: int) -> str:
    """UTC time of nanoseconds since 1970 as text, cut to whole seconds: `2024-01-31T12:00:00`."""
    return f"{datetime.fromtimestamp(int(time_ns) // SECOND_NS, UTC):%Y-%m-%dT%H:%M:%S}"
