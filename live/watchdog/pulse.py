"""Whether a heartbeat still comes: any change of its file is a beat, whatever is in it."""

from enum import StrEnum
from typing import Final

from live.client.wire import S
from live.control.heartbeat import EVERY_S, has_ended

EVERY_NS: Final = EVERY_S * S
"""Between two looks at the file; the daemon rewrites it as often."""
LONGEST_STEP_NS: Final = 2 * EVERY_NS
"""A longer time between two looks counts as this: the watchdog, or the whole machine, was stopped, not the daemon."""


class Heart(StrEnum):
    """WAITING: no daemon is to be watched, or its end was orderly or dealt with. STOPPED: close the account."""

    WAITING = "waiting"
    BEATING = "beating"
    STOPPED = "stopped"


class Pulse:
    """silence_ns: after this long without a change the heart has stopped.

    A file that is there from the beginning is watched too: its daemon may have died before the watchdog began.
    """

    def __init__(self, silence_ns: int) -> None:
        self._silence_ns = silence_ns
        self._content: bytes | None = None
        self._dealt_with: bytes | None = None
        self._silent_ns = 0
        self._looked_ns: int | None = None

    def look(self, content: bytes | None, now_ns: int) -> Heart:
        """Take the content of the file, None if there is none, and what the time is; the clock never goes back."""
        step_ns = 0 if self._looked_ns is None else min(now_ns - self._looked_ns, LONGEST_STEP_NS)
        self._looked_ns = now_ns
        if content is not None and content != self._content:
            self._content, self._silent_ns = content, 0
        else:
            self._silent_ns += step_ns
        if self._content is None or self._content == self._dealt_with or has_ended(self._content):
            return Heart.WAITING
        return Heart.STOPPED if self._silent_ns >= self._silence_ns else Heart.BEATING

    def deal_with(self, content: bytes | None) -> None:
        """The account was closed for this content: until another comes, nobody is watched."""
        self._dealt_with = content

    @property
    def content(self) -> bytes | None:
        """The last content."""
        return self._content
