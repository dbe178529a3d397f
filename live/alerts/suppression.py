"""The same message at doubling intervals, with how many were held back in between."""

from dataclasses import dataclass
from typing import Final

import msgspec

from live.alerts.notice import Notice, Severity

S: Final = 1_000_000_000
FIRST_INTERVAL_NS: Final = 60 * S
LONGEST_INTERVAL_NS: Final = 6 * 3_600 * S
_RANK: Final = tuple(Severity)


@dataclass(slots=True)
class _Repeated:
    """A message that was sent: when, which interval follows, and how many have been held back since."""

    sent_ns: int
    interval_ns: int
    severity: Severity
    suppressed: int = 0


class Suppression:
    """Decides which messages pass. Two messages are the same if code and symbol are."""

    def __init__(self) -> None:
        self._repeated: dict[tuple[str, str], _Repeated] = {}

    def passed(self, notice: Notice) -> Notice | None:
        """The message with the number of those held back before it, or None if it is held back itself.

        A message that is more severe than the last of its kind passes. After a pause as long as its interval, a
        message is new again: intervals start with the shortest.
        """
        key = (notice.code, notice.symbol)
        known = self._repeated.get(key)
        if known is None or self._is_new(known, notice):
            self._repeated[key] = _Repeated(notice.time_ns, FIRST_INTERVAL_NS, notice.severity)
            return _counted(notice, known.suppressed if known else 0)
        if notice.time_ns < known.sent_ns + known.interval_ns:
            known.suppressed += 1
            return None
        interval_ns = min(2 * known.interval_ns, LONGEST_INTERVAL_NS)
        self._repeated[key] = _Repeated(notice.time_ns, interval_ns, notice.severity)
        return _counted(notice, known.suppressed)

    @staticmethod
    def _is_new(known: _Repeated, notice: Notice) -> bool:
        worse = _RANK.index(notice.severity) > _RANK.index(known.severity)
        return worse or notice.time_ns >= known.sent_ns + 2 * known.interval_ns


def _counted(notice: Notice, suppressed: int) -> Notice:
    if not suppressed:
        return notice
    return msgspec.structs.replace(notice, text=f"{notice.text} ({suppressed} suppressed)")
