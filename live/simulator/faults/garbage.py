"""Responses that are not what is documented, made from what the exchange would have answered.

A form that alters a response alters every response: a field that clients read if there is one, else what else there is.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from live.simulator.faults.replies import Garbage

HTML_502 = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
UNKNOWN_VALUE = "PENDING_REVIEW"
_CUT = b'{"orderId":1000000001,"symbol":"BTCUS'
_NAMED = (
    "status", "algoStatus", "marginType", "contractType", "orderType", "type", "incomeType", "side", "positionSide",
)  # fmt: skip
_NUMBERS = (
    "avgPrice", "price", "executedQty", "cumQuote", "cumQty", "markPrice", "entryPrice", "positionAmt", "balance",
    "availableBalance", "totalWalletBalance", "walletBalance", "triggerPrice", "income", "qty",
)  # fmt: skip
_PAYLOADS = ("result", "error")
"""Where a response of the WebSocket API holds the answer; without the rest, nobody knows what it answers."""

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_Chooser = Callable[[str, Any], bool]
"""True for a value to replace, by the name of its field (or of its list's) and the value."""


def garbled(form: Garbage, status: int, body: bytes) -> tuple[int, bytes, str]:
    """Status, body and content type in place of a response; `body` is empty if the request was not carried out."""
    match form:
        case Garbage.HTML_502:
            return 502, HTML_502, "text/html"
        case Garbage.CUT_JSON:
            return status, body[: len(body) // 2] or _CUT, "application/json"
        case Garbage.EMPTY_200:
            return 200, b"", "application/json"
        case Garbage.UNKNOWN_ENUM | Garbage.NAN:
            return status, _altered(body, form), "application/json"


def alters(form: Garbage) -> bool:
    """True for forms that alter a response, so that there must be one."""
    return form in (Garbage.UNKNOWN_ENUM, Garbage.NAN)


def _altered(body: bytes, form: Garbage) -> bytes:
    """The body with values of the form in place of what clients read there."""
    whole = msgspec.json.decode(body or b"{}")
    payload = next((name for name in _PAYLOADS if isinstance(whole, dict) and name in whole), None)
    if payload is None:
        return msgspec.json.encode(_damaged(whole, form))
    return msgspec.json.encode(whole | {payload: _damaged(whole[payload], form)})


def _damaged(answer: Any, form: Garbage) -> Any:
    """The answer with the likeliest values replaced: of known fields, else of that kind, else all there are."""
    enum = form is Garbage.UNKNOWN_ENUM
    names, value = (_NAMED, UNKNOWN_VALUE) if enum else (_NUMBERS, "NaN")
    for chosen in (partial(_is_known, names), _is_word if enum else _is_decimal, _is_value):
        changed, found = _replaced("", answer, chosen, value)
        if found:
            return changed
    added = {names[0]: value}
    return [*answer, added] if isinstance(answer, list) else (answer or {}) | added


def _is_known(names: tuple[str, ...], name: str, entry: Any) -> bool:
    return name == "code" or (name in names and isinstance(entry, str))


def _is_word(_name: str, entry: Any) -> bool:
    return isinstance(entry, str) and not _DECIMAL.fullmatch(entry)


def _is_decimal(_name: str, entry: Any) -> bool:
    return isinstance(entry, str) and _DECIMAL.fullmatch(entry) is not None


def _is_value(_name: str, entry: Any) -> bool:
    return entry is not None


def _replaced(name: str, part: Any, chosen: _Chooser, value: str) -> tuple[Any, bool]:
    """A part of an answer with `value` for what is chosen, and whether anything was."""
    if isinstance(part, list):
        entries = [_replaced(name, entry, chosen, value) for entry in part]
        return [entry for entry, _ in entries], any(found for _, found in entries)
    if isinstance(part, dict):
        fields = {key: _replaced(key, entry, chosen, value) for key, entry in part.items()}
        return {key: entry for key, (entry, _) in fields.items()}, any(found for _, found in fields.values())
    return (value, True) if chosen(name, part) else (part, False)
