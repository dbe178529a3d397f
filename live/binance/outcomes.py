"""What an error answer proves of the request: one table from Binance's codes and HTTP statuses.

Codes: page "Error Code". Statuses: page "General Info", HTTP return codes. Status 503 alone proves nothing: of its
three texts, "Service Unavailable" says that the request was not accepted, "Unknown error" that its fate is unknown, and
the third comes with -1008.
"""

from collections.abc import Mapping
from typing import Final

from live.engine.events import RequestOutcome

_NS: Final = 1_000_000_000

DISCONNECTED: Final = -1001
_UNAVAILABLE: Final = 503

CODES: Final[dict[int, RequestOutcome]] = {
    # The venue does not know, or says so of orders that landed all the same. -1008 has been answered for an order that
    # existed.
    -1000: RequestOutcome.UNKNOWN,
    -1001: RequestOutcome.UNKNOWN,
    -1006: RequestOutcome.UNKNOWN,
    -1007: RequestOutcome.UNKNOWN,
    -1008: RequestOutcome.UNKNOWN,
    # Rate limits, and a clock that is off: the same request may be sent again.
    -1003: RequestOutcome.NOT_ACCEPTED,
    -1015: RequestOutcome.NOT_ACCEPTED,
    -1016: RequestOutcome.NOT_ACCEPTED,
    -1021: RequestOutcome.NOT_ACCEPTED,
    -5028: RequestOutcome.NOT_ACCEPTED,
    # What is there already, or is not there: only a comparison explains it.
    -2011: RequestOutcome.RECONCILE,
    -2013: RequestOutcome.RECONCILE,
    -2022: RequestOutcome.RECONCILE,
    -4116: RequestOutcome.RECONCILE,
    -4118: RequestOutcome.RECONCILE,
    -4130: RequestOutcome.RECONCILE,
}
"""Every other code with a status from 400 to 499 is a refusal."""

STATUSES: Final[dict[int, RequestOutcome]] = {
    408: RequestOutcome.UNKNOWN,
    418: RequestOutcome.NOT_ACCEPTED,
    429: RequestOutcome.NOT_ACCEPTED,
}
"""Statuses that decide whatever the body says."""


def outcome_of(status: int, code: int) -> RequestOutcome:
    """What an answer with an error proves. code: 0 where the body holds none that can be read."""
    if status in STATUSES:
        return STATUSES[status]
    if status == _UNAVAILABLE and code == DISCONNECTED:
        return RequestOutcome.NOT_ACCEPTED
    if code in CODES:
        return CODES[code]
    refused = code < 0 and 400 <= status < 500
    return RequestOutcome.REJECTED if refused else RequestOutcome.UNKNOWN


def retry_after_ns(headers: Mapping[str, str]) -> int:
    """`Retry-After` in nanoseconds; 0 if it is absent or no number of seconds."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return int(text) * _NS if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0


_MAX_DIGITS: Final = 7
