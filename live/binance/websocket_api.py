"""Calls as frames of the WebSocket API, and its answers as those of REST: page "WebSocket API General Info".

An answer carries the body that REST would send, so that both are read by one table.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from live.binance.calls import Call, CallWriter
from live.wire import HttpResponse

API_PATH: Final = "/ws-fapi/v1"
METHODS: Final = {
    ("POST", "/fapi/v1/order"): "order.place",
    ("DELETE", "/fapi/v1/order"): "order.cancel",
    ("GET", "/fapi/v1/order"): "order.status",
    ("POST", "/fapi/v1/algoOrder"): "algoOrder.place",
    ("DELETE", "/fapi/v1/algoOrder"): "algoOrder.cancel",
}
"""The method of each call that the WebSocket API takes; every other call goes by REST."""


class NumberedAnswer(NamedTuple):
    """An answer, and the number of the request that it is of."""

    number: int
    answer: HttpResponse


class _RateLimit(msgspec.Struct, rename="camel", gc=False):
    rate_limit_type: str
    interval: str
    interval_num: int = 1
    count: int = 0


class _Wait(msgspec.Struct, rename="camel", gc=False):
    """Times in milliseconds since 1970."""

    server_time: int = 0
    retry_after: int = 0


class _Error(msgspec.Struct, gc=False):
    data: _Wait | None = None


class _Answer(msgspec.Struct, rename="camel", gc=False):
    id: int
    status: int
    result: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    rate_limits: list[_RateLimit] = []


_ANSWER: Final = msgspec.json.Decoder(_Answer)
_ERROR: Final = msgspec.json.Decoder(_Error)


def frame_of(call: Call, calls: CallWriter, number: int, now_ns: int, logged_on: bool = False) -> bytes:
    """The frame of a call at `now_ns`, without a signature where the connection is logged on.

    Raises:
        KeyError: it is none of `METHODS`.
    """
    method = METHODS[call.method, call.path]
    return _frame(number, method, calls.parameters_by_name(call.parameters, now_ns, signed=not logged_on))


def logon_frame(calls: CallWriter, number: int, now_ns: int) -> bytes:
    """The frame that signs for all further requests of a connection; Binance takes Ed25519 keys only."""
    return _frame(number, "session.logon", calls.parameters_by_name({}, now_ns, signed=True))


def answer_of(frame: bytes) -> NumberedAnswer | None:
    """What a frame answers; None where it is no answer that can be read: it proves nothing."""
    try:
        read = _ANSWER.decode(frame)
        body = bytes(read.result if read.status == _OK else read.error)
        headers = _headers_of(read, body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return NumberedAnswer(read.id, HttpResponse(read.status, body, headers))


def _frame(number: int, method: str, parameters: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({"id": number, "method": method, "params": parameters})


def _headers_of(read: _Answer, body: bytes) -> dict[str, str]:
    """The headers in which REST says the same."""
    counts = {(row.rate_limit_type, row.interval_num, row.interval): row.count for row in read.rate_limits}
    headers = {name: str(counts[key]) for key, name in _COUNTS.items() if key in counts}
    wait = _ERROR.decode(body).data if read.status in _LIMITED and body else None
    if wait is not None and wait.retry_after > wait.server_time > 0:
        headers["Retry-After"] = str(-(-(wait.retry_after - wait.server_time) // 1_000))
    return headers


_OK: Final = 200
_LIMITED: Final = (429, 418)
_COUNTS: Final = {
    ("REQUEST_WEIGHT", 1, "MINUTE"): "X-MBX-USED-WEIGHT-1M",
    ("ORDERS", 10, "SECOND"): "X-MBX-ORDER-COUNT-10S",
    ("ORDERS", 1, "MINUTE"): "X-MBX-ORDER-COUNT-1M",
}
