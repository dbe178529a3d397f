"""Requests, responses and WebSocket messages as bytes, for whoever sends or serves them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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
