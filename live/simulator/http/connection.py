"""One WebSocket as the exchange sees it, without the socket."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from live.simulator.faults import FrameFault
from live.simulator.http.websocket_api import Session
from live.simulator.streams.names import Route

MAX_MESSAGES_PER_SECOND = 10


@dataclass(eq=False, slots=True)
class Connection:
    """A WebSocket of a market or user stream, or of the WebSocket API (`session`).

    leaves: sends a frame of a stream. frozen_by: the fault under which it sends nothing, not even pongs. closed:
    nothing more leaves the exchange. left: nothing more reaches the client. Nanoseconds: `arrived_ns`, `delivered_ns`
    and `pong_ns` are the times of the last message from and to the client and of the last pong.
    """

    number: int
    leaves: Callable[["Connection", str, bytes], None]
    route: Route = Route.ANY
    combined: bool = False
    session: Session | None = None
    account: str = ""
    listen_key: str = ""
    events: frozenset[str] = frozenset()
    frozen_by: FrameFault | None = None
    closed: bool = False
    left: bool = False
    arrived_ns: int = 0
    delivered_ns: int = 0
    pong_ns: int = 0
    swapped: bytes | None = None
    received_ns: deque[int] = field(default_factory=lambda: deque(maxlen=MAX_MESSAGES_PER_SECOND + 1))

    def push(self, frame: bytes, stream: str) -> None:
        """Send a frame of a stream."""
        self.leaves(self, stream, frame)
