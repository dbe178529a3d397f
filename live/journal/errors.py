"""Why a journal could not be written."""

from skills_lib.domain.errors import TwokeyError


class JournalError(TwokeyError):
    """A record is not in the journal; nothing may leave that rests on it. The journal takes nothing more."""


class JournalBusyError(JournalError):
    """Another process writes this journal."""
