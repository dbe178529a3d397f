"""What carries a client's bytes: requests, connections and time. In process (`live/session`) or over sockets."""

from collections.abc import Callable
from typing import Protocol

from live.binance.weights import Cost
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


class Allowance(Protocol):
    """What may leave within the exchange's limits. The wire checks requests; who writes a frame checks that."""

    def refusal(self, cost: Cost) -> HttpResponse | None:
        """The answer in the exchange's place to what must not leave now; None if it may, and a read then counts."""

    def left(self, cost: Cost) -> None:
        """Something that is no read was written."""

    def observe(self, answer: HttpResponse) -> None:
        """The exchange answered: what it counts, and whether it asks to wait."""


class Unlimited:
    """An allowance without limits."""

    def refusal(self, _: Cost) -> None:
        """Everything may leave."""

    def left(self, _: Cost) -> None:
        """Nothing is counted."""

    def observe(self, _: HttpResponse) -> None:
        """Nothing is learned."""


class Wire(Protocol):
    """emit: takes the events that a client makes of what it receives, in the order of their times."""

    emit: Callable[[Event], None]

    @property
    def weights(self) -> Allowance:
        """What may leave."""

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
