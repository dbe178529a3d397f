"""One connection of a route of market streams, opened again whenever it ends or is silent."""

from collections.abc import Sequence
from typing import Protocol

from live.client.wire import MS, S, Wire

RETRY_NS = 1 * S
SILENCE_NS = 10 * S
"""A wrong or broken route connects and stays silent, so silence ends a connection."""
CHECK_NS = 250 * MS
_NAME = b'{"stream":"'


class StreamOwner(Protocol):
    """Takes what a connection brings. stopped: it is not opened again."""

    stopped: bool

    def on_change(self) -> None:
        """The connection was opened or lost, or one of its streams began."""

    def on_frame(self, data: bytes) -> None:
        """A frame."""


class StreamConnection:
    """The streams of one route on one connection, opened again whenever it ends, with the same streams.

    opened: the exchange has accepted it. silent: the streams that have brought nothing since. silence_ns: it is opened
    again when nothing came for longer.
    """

    def __init__(
        self, wire: Wire, route: str, streams: Sequence[str], owner: StreamOwner, silence_ns: int = SILENCE_NS
    ) -> None:
        self._wire, self._streams, self._owner, self._silence_ns = wire, streams, owner, silence_ns
        self._target = f"{route}/stream?streams={'/'.join(streams)}"
        self._number = 0
        self._received_ns = 0
        self.opened = False
        self.silent: set[bytes] = set()

    @property
    def up(self) -> bool:
        """True once every stream has brought something since the connection was opened: a wrong route never does."""
        return self.opened and not self.silent

    def open(self) -> None:
        """Open the connection, unless its owner is stopped."""
        if self._owner.stopped:
            return
        self._received_ns = self._wire.now_ns
        self._number = self._wire.connect(self._target, self)

    def on_opened(self) -> None:
        self.opened, self._received_ns = True, self._wire.now_ns
        self.silent = {stream.encode() for stream in self._streams}
        self._owner.on_change()

    def on_frame(self, data: bytes) -> None:
        self._received_ns = self._wire.now_ns
        self._owner.on_frame(data)
        if self.silent:
            self.silent.discard(name_of(data))
            self._owner.on_change()

    def on_closed(self) -> None:
        self.opened = False
        self._owner.on_change()
        self._wire.later(RETRY_NS, self.open)

    def close(self) -> None:
        """Close it for good."""
        self._wire.close(self._number)
        self._number, self.opened = 0, False

    def check(self) -> None:
        """Open it again if it has been silent for too long."""
        if self._number and self._wire.now_ns - self._received_ns > self._silence_ns:
            self._wire.close(self._number)
            self._number, self._received_ns = 0, self._wire.now_ns
            self.on_closed()


def name_of(frame: bytes) -> bytes:
    """The name of the stream that a frame comes from; empty if it names none."""
    if not frame.startswith(_NAME):
        return b""
    return frame[len(_NAME) : frame.find(b'"', len(_NAME))]
