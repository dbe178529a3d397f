"""What an answer with an error proves of the request: one table of Binance's codes and HTTP statuses.

docs/outcomes.md is the same table with Binance's words and the reason of each row.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from live.engine.events import RequestOutcome

_NS: Final = 1_000_000_000


class Proof(NamedTuple):
    """What a code or a status proves, and where it is said or was seen."""

    outcome: RequestOutcome
    source: str


_NOTHING, _LATER = RequestOutcome.UNKNOWN, RequestOutcome.NOT_ACCEPTED
_COMPARE, _REFUSED = RequestOutcome.RECONCILE, RequestOutcome.REJECTED
_CODES_PAGE: Final = "page Error Codes"
_INFO_PAGE: Final = "page General Info"

CODES: Final[dict[int, Proof]] = {
    -1000: Proof(_NOTHING, _INFO_PAGE),
    -1001: Proof(_NOTHING, f"decided here, against {_INFO_PAGE}"),
    -1006: Proof(_NOTHING, _CODES_PAGE),
    -1007: Proof(_NOTHING, _CODES_PAGE),
    -1008: Proof(_NOTHING, f"banbox/banbot#114, against {_INFO_PAGE}"),
    -1010: Proof(_NOTHING, f"{_CODES_PAGE}, which gives a name only"),
    -1003: Proof(_LATER, _CODES_PAGE),
    -1015: Proof(_LATER, _CODES_PAGE),
    -1016: Proof(_LATER, _CODES_PAGE),
    -1021: Proof(_LATER, _INFO_PAGE),
    -5028: Proof(_LATER, _CODES_PAGE),
    -2011: Proof(_COMPARE, "seen: the order was not open, and had filled"),
    -2013: Proof(_COMPARE, "seen: the order appeared later"),
    -2022: Proof(_COMPARE, _CODES_PAGE),
    -4116: Proof(_COMPARE, _CODES_PAGE),
    -4118: Proof(_COMPARE, _CODES_PAGE),
    -4130: Proof(_COMPARE, _CODES_PAGE),
    -2010: Proof(_REFUSED, _CODES_PAGE),
    -2018: Proof(_REFUSED, _CODES_PAGE),
    -2019: Proof(_REFUSED, _CODES_PAGE),
    -2021: Proof(_REFUSED, _CODES_PAGE),
    -1111: Proof(_REFUSED, _CODES_PAGE),
    -4003: Proof(_REFUSED, _CODES_PAGE),
    -4014: Proof(_REFUSED, _CODES_PAGE),
    -4016: Proof(_REFUSED, _CODES_PAGE),
    -4023: Proof(_REFUSED, _CODES_PAGE),
    -4024: Proof(_REFUSED, _CODES_PAGE),
    -4131: Proof(_REFUSED, _CODES_PAGE),
    -4164: Proof(_REFUSED, _CODES_PAGE),
    -4400: Proof(_REFUSED, _CODES_PAGE),
    -4401: Proof(_REFUSED, _CODES_PAGE),
    -5021: Proof(_REFUSED, _CODES_PAGE),
    -5022: Proof(_REFUSED, _CODES_PAGE),
}
"""Every other code below 0 is a refusal, with a status from 400 to 499."""

STATUSES: Final[dict[int, Proof]] = {
    408: Proof(_NOTHING, _INFO_PAGE),
    418: Proof(_LATER, _INFO_PAGE),
    429: Proof(_LATER, _INFO_PAGE),
}
"""Statuses that decide whatever the code is, unless the code proves nothing."""


def outcome_of(status: int, code: int) -> RequestOutcome:
    """What an answer with an error proves. code: 0 where the body holds none that can be read.

    A status outside 400 to 499 proves nothing, and neither does a code that proves nothing, whatever the other says.
    """
    row = CODES.get(code, Proof(_REFUSED, ""))
    if row.outcome is _NOTHING or not 400 <= status < 500:
        return _NOTHING
    if status in STATUSES:
        return STATUSES[status].outcome
    return row.outcome if code < 0 else _NOTHING


class _Error(msgspec.Struct, gc=False):
    """The body of a refusal."""

    code: int


_ERROR: Final = msgspec.json.Decoder(_Error)


def code_of(body: bytes) -> int:
    """The error code in a body; 0 if it holds none."""
    try:
        return _ERROR.decode(body).code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 0


def retry_after_ns(headers: Mapping[str, str]) -> int:
    """`Retry-After` in nanoseconds; 0 if it is absent or no number of seconds."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return int(text) * _NS if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0


_MAX_DIGITS: Final = 7
