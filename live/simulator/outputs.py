"""What the exchange gives out: responses, frames and ends of connections, each at its time in nanoseconds."""

from dataclasses import dataclass

from live.wire import HttpResponse, Opcode

ABNORMAL = 1006
"""Close code of a connection that broke without a close frame (RFC 6455, section 7.4.1)."""


@dataclass(frozen=True, slots=True)
class Response:
    """The response to the request of that number reached the client; None if the connection broke instead."""

    time_ns: int
    request: int
    response: HttpResponse | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A WebSocket is open: its handshake has been answered."""

    time_ns: int
    connection: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A message of a WebSocket reached the client."""

    time_ns: int
    connection: int
    data: bytes
    opcode: Opcode = Opcode.TEXT


@dataclass(frozen=True, slots=True)
class Closed:
    """The exchange closed a WebSocket. Code 1006: the connection broke, after `partial` of a message was sent."""

    time_ns: int
    connection: int
    code: int
    reason: str = ""
    partial: bytes = b""


Output = Response | Opened | Frame | Closed
