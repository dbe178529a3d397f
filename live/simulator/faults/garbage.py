"""Responses that are not what is documented, made from what the exchange would have answered."""

from typing import Any

import msgspec

from live.simulator.faults.replies import Garbage

HTML_502 = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
UNKNOWN_VALUE = "PENDING_REVIEW"
_CUT = b'{"orderId":1000000001,"symbol":"BTCUS'
_NAMED = ("status", "algoStatus", "marginType", "contractType", "orderType", "type", "incomeType", "side")
_NUMBERS = (
    "avgPrice", "price", "executedQty", "cumQuote", "cumQty", "markPrice", "entryPrice", "positionAmt", "balance",
    "availableBalance", "totalWalletBalance", "walletBalance", "triggerPrice", "income", "qty",
)  # fmt: skip


def garbled(form: Garbage, status: int, body: bytes) -> tuple[int, bytes, str]:
    """Status, body and content type in place of a response; `body` is empty if the request was not carried out."""
    match form:
        case Garbage.HTML_502:
            return 502, HTML_502, "text/html"
        case Garbage.CUT_JSON:
            return status, body[: len(body) // 2] or _CUT, "application/json"
        case Garbage.EMPTY_200:
            return 200, b"", "application/json"
        case Garbage.UNKNOWN_ENUM:
            return status, _changed(body, _NAMED, UNKNOWN_VALUE), "application/json"
        case Garbage.NAN:
            return status, _changed(body, _NUMBERS, "NaN"), "application/json"


def alters(form: Garbage) -> bool:
    """True for forms that alter a response, so that there must be one."""
    return form in (Garbage.UNKNOWN_ENUM, Garbage.NAN)


def _changed(body: bytes, names: tuple[str, ...], value: str) -> bytes:
    """The body with the text of those fields replaced; one is added to an object that has none, not to a list."""
    whole, found = _replaced(msgspec.json.decode(body or b"{}"), names, value)
    if not found and isinstance(whole, dict):
        whole = whole | {names[0]: value}
    return msgspec.json.encode(whole)


def _replaced(part: Any, names: tuple[str, ...], value: str) -> tuple[Any, bool]:
    if isinstance(part, list):
        entries = [_replaced(entry, names, value) for entry in part]
        return [entry for entry, _ in entries], any(found for _, found in entries)
    if not isinstance(part, dict):
        return part, False
    done, found = {}, False
    for name, entry in part.items():
        hit = name in names and isinstance(entry, str)
        done[name], inner = (value, True) if hit else _replaced(entry, names, value)
        found |= inner
    return done, found
