"""The documented error responses that the fault `answer` sends."""

from live.simulator.core.rejections import Rejection
from live.simulator.faults.kinds.requests import ErrorAnswer
from live.simulator.faults.replies import Reply
from live.simulator.http.rate_limits import LimitedError

_UNKNOWN = "Unknown error, please check your request or try again later."
_THROTTLED = (
    "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again."
)
REPLIES: dict[Reply, Rejection] = {
    Reply.UNKNOWN_503: Rejection(-1000, _UNKNOWN, 503),
    Reply.UNAVAILABLE_503: Rejection(-1001, "Service Unavailable.", 503),
    Reply.THROTTLED_503: Rejection(-1008, _THROTTLED, 503),
    Reply.TOO_MANY_429: LimitedError(-1003, "Too many requests; current limit is 2400 requests per minute.", 429, 7),
    Reply.BANNED_418: LimitedError(-1003, "Way too many requests; IP banned. Please use the websocket.", 418, 120),
    Reply.TIMESTAMP: Rejection(-1021, "Timestamp for this request is outside of the recvWindow."),
    Reply.ENGINE_TIMESTAMP: Rejection(-5028, "Timestamp for this request is outside of the ME recvWindow."),
    Reply.UNEXPECTED: Rejection(
        -1006, "An unexpected response was received from the message bus. Execution status unknown.", 500
    ),
    Reply.TIMEOUT: Rejection(
        -1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown.", 408
    ),
}


def reply_of(fault: ErrorAnswer) -> Rejection:
    """The response that a fault sends."""
    refused = REPLIES[fault.reply]
    if fault.retry_after_s and isinstance(refused, LimitedError):
        return LimitedError(refused.code, refused.message, refused.status, fault.retry_after_s)
    return refused
