"""Errors grouped by what the reader should do about them.

The message is one line: what was found, what is allowed, what to do next.
`exit_code` is what the `twokey` command leaves with.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class TwokeyError(Exception):
    """Base of every error Twokey raises on purpose. Stop and read the message."""

    exit_code = 1


class InputError(TwokeyError):
    """Fix the input: the request itself is wrong and will fail again unchanged."""

    exit_code = 2


class CorruptDataError(TwokeyError):
    """Fetch again: stored data fails its own checks and has been set aside."""


class SourceUnavailableError(TwokeyError):
    """Retry later or use another source: a venue, archive or network did not answer."""


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest allowed word, or ""."""
    by_folded = {word.casefold(): word for word in allowed}
    close = get_close_matches(found.casefold(), by_folded, n=1, cutoff=0.5)
    return f" Did you mean '{by_folded[close[0]]}'?" if close else ""
