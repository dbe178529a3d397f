"""One message to a person."""

from enum import StrEnum
from typing import Final

import msgspec

from live.engine.actions import Alert


class Severity(StrEnum):
    """How soon a person should look: at leisure, today, now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Notice(msgspec.Struct, frozen=True):
    """What happened at `time_ns`. code: a fixed word; symbol: empty where it concerns the whole run."""

    time_ns: int
    code: str
    symbol: str
    severity: Severity
    text: str


SEVERITIES: Final[dict[str, Severity]] = {
    "pause": Severity.INFO,
    "resume": Severity.INFO,
    "risk_limit_approached": Severity.WARNING,
    "dust": Severity.WARNING,
    "exit_refused": Severity.WARNING,
}
"""Of the engine's alerts. All others end the run's entries, or say that something is not as it was thought."""


def notice_of(alert: Alert) -> Notice:
    """An alert of the engine as a message; a code that is not listed is critical."""
    severity = SEVERITIES.get(alert.code, Severity.CRITICAL)
    return Notice(alert.time_ns, alert.code, alert.symbol, severity, alert.text)
