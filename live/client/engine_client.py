"""An engine at an exchange: its streams, its requests and their answers, its wake-up times."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from live.binance.answers import broken, events_of
from live.binance.requests import Asked, RequestWriter, Sendable
from live.client.clock import VenueClock
from live.client.contracts import ListedContracts
from live.client.order_connection import OrderConnection
from live.client.reading_first import ReadingFirst
from live.client.user_stream import UserStream
from live.client.wire import MS, Wire
from live.engine.actions import Action, Ask, CancelOrder, CancelStop, PlaceOrder, WakeAt
from live.engine.events import Answered, Connection, Event, Request, RequestOutcome, StreamKind, Tick
from live.wire import HttpResponse

HELD_BACK_NS = 10 * MS
"""After this a request that is held back is answered in the exchange's place."""
TOO_MANY = -1003
_SENT = (PlaceOrder, CancelOrder, CancelStop, Ask)


class Decides(Protocol):
    """An engine: `live/journal/recorded_engine.py`, or one without a journal."""

    def step(self, event: Event) -> list[Action]:
        """What is to be done after an event."""


class MarketData(Protocol):
    """Where the engine's market data comes from."""

    def start(self) -> None:
        """Open the streams."""


class EngineClient:
    """Gives an engine its events and carries out what it decides.

    orders: what carries orders, cancels and questions about an order where it can; without it, REST carries all.
    watch: called with each event, and the actions that the engine decided on it, before they are carried out.
    """

    def __init__(
        self,
        wire: Wire,
        writer: RequestWriter,
        engine: Decides,
        market: MarketData,
        user: UserStream,
        orders: OrderConnection | None = None,
    ) -> None:
        self.wire, self.market, self.user, self.orders = wire, market, user, orders
        self._writer, self._engine = writer, engine
        self.watch: Callable[[Event, list[Action]], None] | None = None
        self._clock = VenueClock(wire, writer.calls)
        self._contracts = ListedContracts(wire, writer.calls, writer.contracts, self.may_send)
        self._reading = ReadingFirst(wire)
        self._not_before_ns = 0
        self._wake_ns = 0
        wire.emit = self.take

    def start(self) -> None:
        """Open the streams; until they are open, they are down."""
        for stream in StreamKind:
            self.take(Connection(self.wire.now_ns, stream, up=False))
        if self.orders is not None:
            self.orders.start()
        self.user.start()
        self.market.start()
        self._contracts.start()

    def contracts_ns(self) -> int:
        """When filters, rates and status were last read."""
        return self._contracts.known_ns

    def resume(self, wake_ns: int, answers: Iterable[Answered]) -> None:
        """Before the start of a run that goes on: the wake-up it waits for, and what is known of requests under way."""
        self._wake_at(wake_ns)
        for answer in answers:
            self.take(answer)

    def take(self, event: Event) -> None:
        """Give the engine an event and carry out what it decides."""
        actions = self._engine.step(event)
        if self.watch is not None:
            self.watch(event, actions)
        for action in actions:
            self._carry_out(action)

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, _SENT):
            self._send(action)
        elif isinstance(action, WakeAt):
            self._wake_at(action.due_ns)

    def _wake_at(self, due_ns: int) -> None:
        self._wake_ns = due_ns
        self.wire.later(max(0, due_ns - self.wire.now_ns), partial(self._wake, due_ns))

    def _send(self, action: Sendable) -> None:
        """Send a request, unless the exchange has asked to wait: what comes earlier turns a 429 into a ban.

        An order waits, too, where the position has to be read before it: that is done here, at once.
        """
        call, asked = self._writer.call_of(action, self.wire.now_ns)
        unread = self._reading.holds_back(action)
        if unread or not self.may_send():
            self.wire.later(HELD_BACK_NS, partial(self._hold_back, asked))
            if unread and self.may_send():
                self._send(Ask(self.wire.now_ns, Request.POSITION, asked.symbol))
            return
        take = partial(self._on_answer, asked)
        if self.orders is None or not self.orders.send(call, take):
            self.wire.request(self._writer.calls.write(call, asked.sent_ns), take)

    def may_send(self) -> bool:
        """False while the exchange wants no request."""
        return self.wire.now_ns >= self._not_before_ns

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
                self._contracts.on_code(event.code)
                self._not_before_ns = max(self._not_before_ns, now_ns + event.retry_after_ns)
            self._reading.note(event)
            self.take(event)

    def _wake(self, due_ns: int) -> None:
        if due_ns == self._wake_ns:
            self._wake_ns = 0
            self.take(Tick(self.wire.now_ns))
