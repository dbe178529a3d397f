"""Errors, grouped by what to do about them.

A message is one line: what was found, what is allowed, what to do next.
`exit_code` is the exit code of the `twokey` command.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class TwokeyError(Exception):
    """Base of all errors that Twokey raises deliberately."""

    exit_code = 1


class InputError(TwokeyError):
    """Invalid input: fix it; retrying unchanged fails again."""

    exit_code = 2


class CorruptDataError(TwokeyError):
    """Stored data failed its checks and was set aside: fetch it again."""


class SourceUnavailableError(TwokeyError):
    """A venue, archive or network did not answer: retry later or use another source."""


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the allowed value that begins with `found`, else the closest one, or ""."""
    by_folded = {value.casefold(): value for value in allowed}
    folded = found.casefold()
    begun = sorted((value for value in by_folded if value.startswith(folded)), key=len) if len(folded) > 1 else []
    close = begun or get_close_matches(folded, by_folded, n=1, cutoff=0.5)
    close = close or [value for value in by_folded if len(folded) > 2 and folded in value]
    return f" Did you mean '{by_folded[close[0]]}'?" if close else ""
