"""Bounds within which a book is usable."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UsabilityLimits:
    """Bounds in seconds. silence_s: see `FeedStream.timeout_s`. max_age_s: latency of depth events, and how far they
    may lie behind the ticker's. resubscribe_after_s: how long a cause may last before the streams are reopened.
    max_pause_s: how long the event loop may be blocked.
    """

    silence_s: float
    max_age_s: float
    resubscribe_after_s: float
    max_pause_s: float
