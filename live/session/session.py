"""Runs an engine against a local exchange in virtual time."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from live.binance.answers import broken, events_of
from live.binance.requests import Asked, RequestWriter, Sendable
from live.engine.actions import Action, Ask, CancelOrder, CancelStop, PlaceOrder, WakeAt
from live.engine.events import Answered, Connection, Event, RequestOutcome, StreamKind, Tick
from live.session.clock import VenueClock
from live.session.user_stream import UserStream
from live.session.wire import Wire
from live.simulator.schedule import MS, NEVER_NS
from live.simulator.tape_source import Played
from live.simulator.wire import HttpRequest, HttpResponse, Output

HELD_BACK_NS = 10 * MS
"""After this a request that is held back is answered in the exchange's place."""
TOO_MANY = -1003
_SENT = (PlaceOrder, CancelOrder, CancelStop, Ask)


class Decides(Protocol):
    """An engine: `live/journal/recorded_engine.py`, or one without a journal."""

    def step(self, event: Event) -> list[Action]:
        """What is to be done after an event."""


class MarketData(Protocol):
    """Where the engine's market data comes from. due_ns: when it next has something by itself."""

    due_ns: int

    def start(self) -> None:
        """Open the streams."""

    def on_line(self, line: Played) -> None:
        """A line of the tape has been applied."""

    def deliver(self) -> None:
        """Hand on what is due."""


class EngineSession:
    """An engine, its requests and streams, and the exchange's time.

    watch: called with each event, and the actions that the engine decided on it, before they are carried out.
    """

    def __init__(
        self, wire: Wire, writer: RequestWriter, engine: Decides, market: MarketData, user: UserStream
    ) -> None:
        self.wire, self.venue, self.market, self.user = wire, wire.venue, market, user
        self._writer, self._engine = writer, engine
        self.watch: Callable[[Event, list[Action]], None] | None = None
        self._clock = VenueClock(wire, writer)
        self._not_before_ns = 0
        self._wake_ns = 0
        wire.emit = self.take

    def start(self) -> None:
        """Open the streams; until they are open, they are down."""
        for stream in StreamKind:
            self.take(Connection(self.wire.now_ns, stream, up=False))
        self.user.start()
        self.market.start()

    def take(self, event: Event) -> None:
        """Give the engine an event and carry out what it decides."""
        actions = self._engine.step(event)
        if self.watch is not None:
            self.watch(event, actions)
        for action in actions:
            self._carry_out(action)

    def advance(self, until_ns: int) -> None:
        """Move the time; everything that is due happens in order of its time, the client's own things first."""
        while self._run_next(until_ns):
            pass
        self.venue.time.advance(until_ns)

    def play(self) -> None:
        """Advance to the last line of the tape."""
        while self.venue.next_line is not None and self._run_next(NEVER_NS - 1):
            pass

    def _run_next(self, until_ns: int) -> bool:
        """Do what is due next, if it is due by then. Every line of a tape comes here: keep it short."""
        venue, own_ns = self.venue, min(self.wire.schedule.due_ns, self.market.due_ns)
        line, venue_ns = venue.next_line, venue.due_ns
        line_ns = line.time_ns if line is not None else NEVER_NS
        if min(own_ns, venue_ns, line_ns) > until_ns:
            return False
        if own_ns <= venue_ns and own_ns <= line_ns:
            self._run_own(own_ns)
        elif line is None or venue_ns <= line_ns:
            self._hand_on(venue.run_due(venue_ns))
        else:
            self._hand_on(venue.play_line())
            self.market.on_line(line)
        return True

    def _run_own(self, now_ns: int) -> None:
        self.venue.time.advance(now_ns)
        if self.market.due_ns == now_ns:
            self.market.deliver()
        else:
            self.wire.schedule.run_next()

    def _hand_on(self, outputs: list[Output]) -> None:
        for output in outputs:
            self.wire.take(output)

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, _SENT):
            self._send(action)
        elif isinstance(action, WakeAt):
            self._wake_ns = action.due_ns
            self.wire.schedule.add(max(action.due_ns, self.wire.now_ns), partial(self._wake, action.due_ns))

    def _send(self, action: Sendable) -> None:
        """Send a request, unless the exchange has asked to wait: what comes earlier turns a 429 into a ban."""
        made = self._writer.write(action, self.wire.now_ns)
        if self.wire.now_ns < self._not_before_ns:
            self.wire.later(HELD_BACK_NS, partial(self._hold_back, made.asked))
        else:
            request = HttpRequest(made.method, made.target, made.headers, made.body)
            self.wire.request(request, partial(self._on_answer, made.asked))

    def _hold_back(self, asked: Asked) -> None:
        """Answer in the exchange's place: the request was not accepted, for it was never sent."""
        now_ns = self.wire.now_ns
        wait_ns = max(0, self._not_before_ns - now_ns)
        outcome = RequestOutcome.NOT_ACCEPTED
        self.take(Answered(now_ns, asked.request, asked.symbol, asked.client_id, outcome, TOO_MANY, wait_ns))

    def _on_answer(self, asked: Asked, answer: HttpResponse | None) -> None:
        now_ns = self.wire.now_ns
        events = (
            broken(asked, now_ns)
            if answer is None
            else events_of(asked, answer.status, answer.body, answer.headers, now_ns)
        )
        for event in events:
            if isinstance(event, Answered):
                self._clock.on_code(event.code)
                self._not_before_ns = max(self._not_before_ns, now_ns + event.retry_after_ns)
            self.take(event)

    def _wake(self, due_ns: int) -> None:
        if due_ns == self._wake_ns:
            self._wake_ns = 0
            self.take(Tick(self.wire.now_ns))
