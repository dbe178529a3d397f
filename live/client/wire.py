"""What carries a client's bytes: requests, connections and time. In process (`live/session`) or over sockets."""

from collections.abc import Callable
from typing import Protocol

from live.engine.events import Event
from live.wire import HttpRequest, HttpResponse

MS = 1_000_000
S = 1_000_000_000
TIMEOUT_NS = 10 * S
"""A request without an answer is given up after this long; its answer is then not read any more."""

TakeAnswer = Callable[[HttpResponse | None], None]
"""Takes an answer; None where the connection broke or nothing came in time."""


class Listener(Protocol):
    """Takes what a connection brings. Nothing more comes after `on_closed`."""

    def on_opened(self) -> None: ...

    def on_frame(self, data: bytes) -> None: ...

    def on_closed(self) -> None: ...


class Wire(Protocol):
    """emit: takes the events that a client makes of what it receives, in the order of their times."""

    emit: Callable[[Event], None]

    @property
    def now_ns(self) -> int:
        """The time, in nanoseconds since 1970."""

    @property
    def freezes(self) -> int:
        """How often the process was found to have been stopped for a while; looks now. Older reads have no answer."""

    def request(self, request: HttpRequest, take: TakeAnswer) -> None:
        """Send a request; `take` is called once, later."""

    def connect(self, target: str, listener: Listener) -> int:
        """Open a WebSocket; returns its number. A connection that cannot be opened is one that closes."""

    def send(self, connection: int, data: bytes) -> bool:
        """Write a text frame in this call; False if the WebSocket is not open: then it was not and will not be."""

    def close(self, connection: int) -> None:
        """Close a WebSocket: its listener gets nothing more."""

    def later(self, delay_ns: int, call: Callable[[], None]) -> None:
        """Call after some time."""


def ignore(_: Event) -> None:
    """What `emit` is before anybody takes events."""
