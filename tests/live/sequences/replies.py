"""The form of the venue's replies: JSON, errors as code and text, fields of the documented types."""

import json
import re
from typing import Any

DECIMAL = re.compile(r"-?\d+(\.\d+)?")
DECIMALS = frozenset(
    (
        "price", "avgPrice", "origQty", "executedQty", "cumQuote", "cumQty", "stopPrice", "quantity",
        "triggerPrice", "balance", "crossWalletBalance", "crossUnPnl", "availableBalance", "maxWithdrawAmount",
        "walletBalance", "unrealizedProfit", "marginBalance", "maintMargin", "initialMargin",
        "positionInitialMargin", "openOrderInitialMargin", "positionAmt", "entryPrice", "breakEvenPrice",
        "unRealizedProfit", "liquidationPrice", "isolatedMargin", "isolatedWallet", "notional", "qty",
        "quoteQty", "realizedPnl", "commission", "income", "totalWalletBalance", "totalUnrealizedProfit",
        "totalMarginBalance", "totalInitialMargin", "totalMaintMargin", "markPrice", "indexPrice",
    )
)  # fmt: skip
INTEGERS = frozenset(
    (
        "orderId", "algoId", "time", "updateTime", "lastUpdateId", "createTime", "triggerTime", "goodTillDate",
        "leverage",
    )
)  # fmt: skip
BOOLEANS = frozenset(
    (
        "reduceOnly", "closePosition", "priceProtect", "buyer", "maker", "dualSidePosition", "isolated",
    )
)  # fmt: skip
TEXTS = frozenset(
    (
        "symbol", "status", "clientOrderId", "side", "positionSide", "origType", "timeInForce", "workingType",
        "algoStatus", "asset",
    )
)  # fmt: skip
ORDER = {
    "orderId",
    "symbol",
    "status",
    "clientOrderId",
    "price",
    "origQty",
    "executedQty",
    "side",
    "type",
    "updateTime",
}
ALGO = {"algoId", "clientAlgoId", "symbol", "algoStatus", "side", "triggerPrice", "quantity"}
NEEDED = {
    ("POST", "/fapi/v1/order"): ORDER,
    ("PUT", "/fapi/v1/order"): ORDER,
    ("DELETE", "/fapi/v1/order"): ORDER,
    ("GET", "/fapi/v1/order"): ORDER | {"time"},
    ("GET", "/fapi/v1/openOrders"): ORDER | {"time"},
    ("GET", "/fapi/v1/allOrders"): ORDER | {"time"},
    ("POST", "/fapi/v1/algoOrder"): ALGO,
    ("GET", "/fapi/v1/openAlgoOrders"): ALGO,
    ("GET", "/fapi/v3/account"): {"totalWalletBalance", "availableBalance", "assets", "positions"},
    ("GET", "/fapi/v3/positionRisk"): {"symbol", "positionAmt", "entryPrice", "liquidationPrice", "isolatedWallet"},
    ("GET", "/fapi/v1/userTrades"): {"id", "orderId", "price", "qty", "commission", "realizedPnl", "time"},
    ("GET", "/fapi/v1/income"): {"symbol", "incomeType", "income", "asset", "time", "tranId"},
}
STATUSES = (400, 401, 403, 404, 405, 413, 414, 415, 418, 429, 503)


def read(data: bytes) -> Any:
    """JSON as the venue sends it; constants that JSON does not have are refused.

    Raises:
        ValueError: not JSON.
    """
    return json.loads(data.decode(), parse_constant=_refuse)


def rest_faults(method: str, path: str, status: int, data: bytes) -> list[str]:
    """What is wrong with the form of a REST reply."""
    try:
        body = read(data)
    except ValueError as error:
        return [f"{method} {path}: {status} with a body that is not JSON ({error}): {data[:200]!r}"]
    if status != 200:
        found = [] if status in STATUSES else [f"status {status}"]
        return [f"{method} {path}: {line} in {data[:200]!r}" for line in [*found, *error_faults(body)]]
    entries = body if isinstance(body, list) else [body]
    needed = NEEDED.get((method, path), set())
    found = [
        f"without {sorted(needed - set(entry))}" for entry in entries if isinstance(entry, dict) and needed - set(entry)
    ]
    found += [line for entry in entries for line in _entry_faults(entry, batch="batchOrders" in path)]
    return [f"{method} {path}: {line}" for line in found]


def call_faults(data: bytes) -> list[str]:
    """What is wrong with the form of a reply of the WebSocket API."""
    try:
        body = read(data)
    except ValueError as error:
        return [f"WebSocket API: not JSON ({error}): {data[:200]!r}"]
    if not isinstance(body, dict) or "id" not in body or not isinstance(body.get("status"), int):
        return [f"WebSocket API: no id and status in {data[:200]!r}"]
    if ("result" in body) == ("error" in body) or ("result" in body) != (body["status"] == 200):
        return [f"WebSocket API: neither a result nor an error: {data[:200]!r}"]
    if "error" in body:
        found = [] if body["status"] in STATUSES else [f"status {body['status']}"]
        return [f"WebSocket API: {line} in {data[:200]!r}" for line in [*found, *error_faults(body["error"])]]
    return [f"WebSocket API: {line}" for line in field_faults(body["result"])]


def error_faults(body: Any) -> list[str]:
    """What is wrong with an error's body."""
    if not isinstance(body, dict) or not {"code", "msg"} <= set(body):
        return ["no code and msg"]
    code, text = body["code"], body["msg"]
    return (
        [] if isinstance(code, int) and code < 0 and isinstance(text, str) and text else ["code or msg of a wrong form"]
    )


def _entry_faults(entry: Any, batch: bool) -> list[str]:
    if isinstance(entry, dict) and isinstance(entry.get("code"), int) and entry["code"] < 0:
        return error_faults(entry) if batch else [f"an error with status 200: {entry}"]
    return field_faults(entry)


def field_faults(value: Any) -> list[str]:
    """Fields of a wrong type, anywhere in a reply."""
    if isinstance(value, list):
        return [line for entry in value for line in field_faults(entry)]
    if not isinstance(value, dict):
        return []
    wrong = [f"{name} is {entry!r}" for name, entry in value.items() if not _fits(name, entry)]
    return wrong + [line for entry in value.values() for line in field_faults(entry)]


def _fits(name: str, value: Any) -> bool:
    if name in DECIMALS and not isinstance(value, dict):  # amendments show prices before and after
        return isinstance(value, str) and DECIMAL.fullmatch(value) is not None
    if name in INTEGERS:
        return type(value) is int or (name == "leverage" and isinstance(value, str) and value.isdigit())
    if name in BOOLEANS:
        return isinstance(value, bool) or value in ("true", "false")
    return isinstance(value, str) if name in TEXTS and not isinstance(value, list) else True


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
