"""What goes in and out of the exchange: requests, responses and frames as bytes. Times are nanoseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

ABNORMAL = 1006
"""Close code of a connection that broke without a close frame (RFC 6455, section 7.4.1)."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as sent. `target` is path and query as written on the request line; `address` is the client's."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = "127.0.0.1"

    def header(self, name: str) -> str:
        """A header's value, whatever the case of its name; empty if absent."""
        if name in self.headers:
            return self.headers[name]
        folded = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == folded), "")


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response: status, body and headers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class Opcode(StrEnum):
    """Kinds of WebSocket messages that either side sends."""

    TEXT = "text"
    PING = "ping"
    PONG = "pong"


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
