"""Runs an engine against a local exchange in virtual time."""

from typing import TypeVar

from live.binance.calls import CallWriter
from live.client.conversations import Conversation, converse
from live.client.engine_client import EngineClient
from live.engine.events import Event
from live.session.tape_market import TapeMarket
from live.session.virtual_wire import VirtualWire
from live.simulator.outputs import Output
from live.simulator.schedule import NEVER_NS
from skills_lib.domain.errors import TwokeyError

T = TypeVar("T")


class EngineSession:
    """An engine at the exchange in process, and the time of both. lines: what is to see the lines of the tape."""

    def __init__(self, wire: VirtualWire, client: EngineClient, lines: TapeMarket | None = None) -> None:
        self.wire, self.venue, self.client, self._lines = wire, wire.venue, client, lines

    def start(self) -> None:
        """Open the streams; until they are open, they are down."""
        self.client.start()

    def take(self, event: Event) -> None:
        """Give the engine an event and carry out what it decides."""
        self.client.take(event)

    def advance(self, until_ns: int) -> None:
        """Move the time; everything that is due happens in order of its time, the client's own things first."""
        while self._run_next(until_ns):
            pass
        self.venue.time.advance(until_ns)

    def play(self) -> None:
        """Advance to the last line of the tape."""
        while self.venue.lines.next_ns < NEVER_NS and self._run_next(NEVER_NS - 1):
            pass

    def _run_next(self, until_ns: int) -> bool:
        """Do what is due next, if it is due by then. Every line of a tape comes here: keep it short."""
        venue, lines, own_ns = self.venue, self._lines, self.wire.schedule.due_ns
        if lines is not None and lines.due_ns < own_ns:
            own_ns = lines.due_ns
        line_ns, venue_ns = venue.lines.next_ns, venue.due_ns
        if lines is not None and lines.pass_quiet(min(self.wire.schedule.due_ns, venue_ns), until_ns):
            return True
        if min(own_ns, venue_ns, line_ns) > until_ns:
            return False
        if own_ns <= venue_ns and own_ns <= line_ns:
            self._run_own(own_ns)
        elif venue_ns <= line_ns:
            self._hand_on(venue.run_due(venue_ns))
        else:
            self._play_line(lines)
        return True

    def _play_line(self, lines: TapeMarket | None) -> None:
        line = self.venue.next_line
        self._hand_on(self.venue.play_line())
        if lines is not None and line is not None:
            lines.on_line(line)

    def _run_own(self, now_ns: int) -> None:
        self.venue.time.advance(now_ns)
        if self._lines is not None and self._lines.due_ns == now_ns:
            self._lines.deliver()
        else:
            self.wire.schedule.run_next()

    def _hand_on(self, outputs: list[Output]) -> None:
        for output in outputs:
            self.wire.take(output)


def finish(wire: VirtualWire, calls: CallWriter, conversation: Conversation[T]) -> T:
    """What a conversation returns; the time moves while the exchange answers.

    Raises:
        TwokeyError: as the conversation does.
    """
    found: list[T] = []
    errors: list[TwokeyError] = []
    converse(wire, calls, conversation, found.append, errors.append)
    while not (found or errors):
        for output in wire.venue.advance(_next_ns(wire)):
            wire.take(output)
        while wire.schedule.due_ns <= wire.now_ns:
            wire.schedule.run_next()
    if errors:
        raise errors[0]
    return found[0]


def _next_ns(wire: VirtualWire) -> int:
    """When something happens next, at the exchange or at the client."""
    due_ns = min(wire.schedule.due_ns, wire.venue.due_ns, wire.venue.lines.next_ns)
    return max(due_ns, wire.now_ns)
