"""Who listens to which market stream, and the frames they are sent."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from live.simulator.streams import names
from live.simulator.streams.names import Route, Stream

MAX_STREAMS = 1024


class Listener(Protocol):
    """One socket."""

    route: Route
    combined: bool

    def push(self, frame: bytes, stream: str) -> None:
        """Queue a frame; never waits."""


class Hub:
    """Subscriptions of all sockets. A stream on the wrong route is acknowledged and stays silent."""

    def __init__(self) -> None:
        self._subscriptions: dict[int, dict[str, None]] = defaultdict(dict)
        self._listeners: dict[str, list[Listener]] = {}
        self.streams: dict[str, Stream] = {}
        self.on_first: Callable[[], None] = _nothing

    def subscribe(self, listener: Listener, requested: list[str]) -> None:
        """Remember what a socket asks for, and serve what its route carries."""
        subscriptions = self._subscriptions[id(listener)]
        for name in requested:
            if name in subscriptions:
                continue
            subscriptions[name] = None
            stream = names.read(name)
            if stream and stream.served_on(listener.route):
                self.streams[name] = stream
                self._listeners.setdefault(name, []).append(listener)
                self.on_first()

    def unsubscribe(self, listener: Listener, removed: list[str]) -> None:
        """Forget streams of a socket; those it never asked for are ignored."""
        for name in removed:
            self._subscriptions[id(listener)].pop(name, None)
            listeners = self._listeners.get(name, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(name, None)
                self.streams.pop(name, None)

    def subscriptions(self, listener: Listener) -> list[str]:
        """What LIST_SUBSCRIPTIONS answers, silent streams included."""
        return list(self._subscriptions[id(listener)])

    def remove(self, listener: Listener) -> None:
        """A socket is gone."""
        self.unsubscribe(listener, self.subscriptions(listener))
        self._subscriptions.pop(id(listener), None)

    def streams_of(self, kind: names.Kind, symbol: str) -> list[Stream]:
        """Streams of a kind that somebody hears, of the symbol or of all symbols."""
        return [stream for stream in self.streams.values() if stream.kind is kind and stream.symbol in ("", symbol)]

    def publish(self, stream: Stream, payload: Any) -> None:
        """Send a payload, already encoded or not, to every listener of a stream."""
        data = payload if isinstance(payload, bytes) else encode(payload)
        wrapped = b'{"stream":"%s","data":%s}' % (stream.name.encode(), data)
        for listener in list(self._listeners.get(stream.name, ())):
            listener.push(wrapped if listener.combined else data, stream.name)


def encode(payload: Any) -> bytes:
    """JSON without spaces."""
    return msgspec.json.encode(payload)


def _nothing() -> None:
    """Nobody waits for the first listener."""
