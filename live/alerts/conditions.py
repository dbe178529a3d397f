"""What a person should know though the engine has not said it: errors, silence, a balance that cannot be read."""

from collections import deque
from typing import Final

from live.alerts.notice import Notice, Severity

S: Final = 1_000_000_000
ERROR_WINDOW_NS: Final = 600 * S
ERRORS: Final = 3
MANY_ERRORS: Final = 5
NO_TRADE_NS: Final = 24 * 3_600 * S
BALANCE_UNREAD_NS: Final = 300 * S
"""The balance is asked for at least once a minute; five failures in a row are no coincidence."""


class AlertConditions:
    """Watches a run that started at `started_ns`. Each method returns the messages that are due now."""

    def __init__(self, started_ns: int) -> None:
        self._errors_ns: deque[int] = deque()
        self._traded_ns = self._balance_ns = started_ns

    def on_error(self, time_ns: int, text: str) -> list[Notice]:
        """Something failed: from the third failure within ten minutes a warning, above five critical."""
        self._errors_ns.append(time_ns)
        while self._errors_ns[0] <= time_ns - ERROR_WINDOW_NS:
            self._errors_ns.popleft()
        count = len(self._errors_ns)
        if count < ERRORS:
            return []
        severity = Severity.CRITICAL if count > MANY_ERRORS else Severity.WARNING
        return [Notice(time_ns, "errors", "", severity, f"{count} errors within 10 minutes; the last: {text}")]

    def on_trade(self, time_ns: int) -> None:
        """An order was filled."""
        self._traded_ns = max(self._traded_ns, time_ns)

    def on_balance(self, time_ns: int) -> None:
        """The balance was read."""
        self._balance_ns = max(self._balance_ns, time_ns)

    def check(self, time_ns: int) -> list[Notice]:
        """What has not happened for too long."""
        due: list[Notice] = []
        if time_ns >= self._traded_ns + NO_TRADE_NS:
            hours = (time_ns - self._traded_ns) // (3_600 * S)
            due.append(Notice(time_ns, "no_trade", "", Severity.WARNING, f"No trade for {hours} hours."))
        if time_ns >= self._balance_ns + BALANCE_UNREAD_NS:
            minutes = (time_ns - self._balance_ns) // (60 * S)
            text = f"The balance could not be read for {minutes} minutes."
            due.append(Notice(time_ns, "balance_unreadable", "", Severity.CRITICAL, text))
        return due
