"""Subscriptions to market streams, and publishing to the subscribers."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from live.simulator.streams import names
from live.simulator.streams.names import Route, Stream

MAX_STREAMS = 1024


class Listener(Protocol):
    """A subscriber's socket."""

    route: Route
    combined: bool

    def push(self, frame: bytes, stream: str) -> None:
        """Queue a frame; never waits."""


class Hub:
    """Subscriptions of all sockets. A stream on the wrong route is acknowledged but never served.

    changes: how often the subscribed streams have changed.
    """

    def __init__(self) -> None:
        self._subscriptions: dict[int, dict[str, None]] = defaultdict(dict)
        self._listeners: dict[str, list[Listener]] = {}
        self.streams: dict[str, Stream] = {}
        self.on_first: Callable[[], None] = _nothing
        self.changes = 0
        self._by_symbol: dict[tuple[names.Kind, str], list[Stream]] = {}

    def subscribe(self, listener: Listener, requested: list[str]) -> None:
        """Record a socket's subscriptions, and serve those its route carries."""
        subscriptions = self._subscriptions[id(listener)]
        for name in requested:
            if name in subscriptions:
                continue
            subscriptions[name] = None
            stream = names.read(name)
            if stream and stream.served_on(listener.route):
                self.streams[name] = stream
                self._listeners.setdefault(name, []).append(listener)
                self._note_change()
                self.on_first()

    def unsubscribe(self, listener: Listener, removed: list[str]) -> None:
        """Remove subscriptions of a socket; unknown ones are ignored."""
        for name in removed:
            self._subscriptions[id(listener)].pop(name, None)
            listeners = self._listeners.get(name, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(name, None)
                self.streams.pop(name, None)
                self._note_change()

    def subscriptions(self, listener: Listener) -> list[str]:
        """The socket's subscriptions as LIST_SUBSCRIPTIONS returns them, unserved ones included."""
        return list(self._subscriptions[id(listener)])

    def remove(self, listener: Listener) -> None:
        """Remove a closed socket."""
        self.unsubscribe(listener, self.subscriptions(listener))
        self._subscriptions.pop(id(listener), None)

    def streams_of(self, kind: names.Kind, symbol: str) -> list[Stream]:
        """Subscribed streams of a kind, for the symbol or for all symbols."""
        found = self._by_symbol.get((kind, symbol))
        if found is None:
            every = self.streams.values()
            found = [stream for stream in every if stream.kind is kind and stream.symbol in ("", symbol)]
            self._by_symbol[kind, symbol] = found
        return found

    def _note_change(self) -> None:
        """Count a change of the subscribed streams."""
        self.changes += 1
        self._by_symbol.clear()

    def publish(self, stream: Stream, payload: Any) -> None:
        """Send a payload, encoded or not, to every listener of a stream."""
        data = payload if isinstance(payload, bytes) else encode(payload)
        wrapped = b""
        for listener in list(self._listeners.get(stream.name, ())):
            if listener.combined and not wrapped:
                wrapped = b'{"stream":"%s","data":%s}' % (stream.name.encode(), data)
            listener.push(wrapped if listener.combined else data, stream.name)


def encode(payload: Any) -> bytes:
    """JSON without spaces. Half of a surrogate pair, which JSON can hold and UTF-8 cannot, is sent as an escape."""
    try:
        return msgspec.json.encode(payload)
    except UnicodeEncodeError:
        return json.dumps(payload, separators=(",", ":")).encode()


def _nothing() -> None:
    """Default of `Hub.on_first`."""
