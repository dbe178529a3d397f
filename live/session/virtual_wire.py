"""Requests and connections of a client of the local exchange in virtual time."""

from collections.abc import Callable
from functools import partial

from live.client.wire import TIMEOUT_NS, Listener, TakeAnswer, Unlimited, ignore
from live.engine.events import Event
from live.simulator.outputs import Closed, Frame, Opened, Output, Response
from live.simulator.schedule import Schedule
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest, Opcode


class VirtualWire:
    """What a client has of the exchange: answers, frames and time. emit: takes events, in the order of their times.

    schedule: what the client itself has to do at some time. weights: the exchange alone limits what it takes.
    """

    weights = Unlimited()

    def __init__(self, venue: LocalVenue) -> None:
        self.venue, self.schedule = venue, Schedule()
        self.emit: Callable[[Event], None] = ignore
        self._answers: dict[int, TakeAnswer] = {}
        self._listeners: dict[int, Listener] = {}
        self._opened: set[int] = set()

    @property
    def now_ns(self) -> int:
        """The time."""
        return self.venue.time.ns

    @property
    def freezes(self) -> int:
        """In virtual time no process stands still."""
        return 0

    @property
    def waiting(self) -> int:
        """Requests that have no answer yet."""
        return len(self._answers)

    def request(self, request: HttpRequest, take: TakeAnswer) -> None:
        """Send a request."""
        number = self.venue.request(request)
        self._answers[number] = take
        self.schedule.add(self.now_ns + TIMEOUT_NS, partial(self._give_up, number))

    def connect(self, target: str, listener: Listener) -> int:
        """Open a WebSocket; returns its number."""
        number = self.venue.connect(target)
        self._listeners[number] = listener
        return number

    def send(self, connection: int, data: bytes) -> bool:
        """Write a text frame; False if the WebSocket is not open."""
        if connection not in self._opened:
            return False
        self.venue.send(connection, data)
        return True

    def close(self, connection: int) -> None:
        """Close a WebSocket: its listener gets nothing more."""
        self._opened.discard(connection)
        if self._listeners.pop(connection, None):
            self.venue.close(connection)

    def break_off(self) -> None:
        """The client's process is gone: its WebSockets break, and nothing reaches it any more."""
        for number in self._listeners:
            self.venue.close(number)
        self._listeners, self._answers, self.schedule, self.emit = {}, {}, Schedule(), ignore

    def later(self, delay_ns: int, call: Callable[[], None]) -> None:
        """Call after some time."""
        self.schedule.add(self.now_ns + delay_ns, call)

    def take(self, output: Output) -> None:
        """Hand on what has reached the client."""
        if isinstance(output, Response):
            if take := self._answers.pop(output.request, None):
                take(output.response)
            return
        listener = self._listeners.get(output.connection)
        if listener is None:
            return
        if isinstance(output, Frame):
            self._on_frame(output, listener)
        elif isinstance(output, Opened):
            self._opened.add(output.connection)
            listener.on_opened()
        elif isinstance(output, Closed):
            del self._listeners[output.connection]
            self._opened.discard(output.connection)
            listener.on_closed()

    def _on_frame(self, frame: Frame, listener: Listener) -> None:
        if frame.opcode is Opcode.TEXT:
            listener.on_frame(frame.data)
        elif frame.opcode is Opcode.PING:
            self.venue.send(frame.connection, frame.data, Opcode.PONG)

    def _give_up(self, number: int) -> None:
        if take := self._answers.pop(number, None):
            take(None)
