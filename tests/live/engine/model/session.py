"""The engine beside the model venue: a test decides which message is delivered, lost or late, and time is a number.

After every step the invariants of the engine are checked; `settle` gives contact back and lets time pass.
"""

import msgspec

from live.engine.actions import Action, Alert, Ask, CancelOrder, CancelStop, PlaceOrder, Refusal, WakeAt
from live.engine.engine import start, step
from live.engine.events import (
    Answered,
    BookChanged,
    Command,
    Commanded,
    Connection,
    Event,
    MarkChanged,
    Request,
    RequestOutcome,
    Started,
    StreamKind,
    Tick,
)
from live.engine.intents import Purpose
from live.engine.limits import Limits
from live.engine.settings import ImbalanceSettings
from live.enums import Side
from live.money import SCALE, product
from tests.live.engine.model.venue import TICK, ModelVenue
from tests.live.engine.states import CAPITAL, CONTRACT, LIMITS, SYMBOL

START_NS = 1_700_000_000_000_000_000
MS = 1_000_000
SECOND = 1_000_000_000
PRICE = 50_000 * SCALE
SETTINGS = ImbalanceSettings(depth=1, order_usd=5_000 * SCALE, max_spread_bps=5 * SCALE)
Leaving = PlaceOrder | CancelOrder | CancelStop | Ask
_REQUEST_OF = {CancelOrder: Request.CANCEL, CancelStop: Request.CANCEL_STOP}


class Session:
    """requests: sent and not yet at the venue; answers: made and not yet at the engine; lost: streams are down."""

    def __init__(self, settings: ImbalanceSettings = SETTINGS, limits: Limits = LIMITS) -> None:
        self.now_ns = START_NS
        self.venue = ModelVenue(PRICE)
        self.venue.now_ns = self.now_ns
        self.requests: list[Leaving] = []
        self.answers: list[Event] = []
        self.wake_ns = 0
        self.sent: dict[str, PlaceOrder] = {}
        self.stops_of: dict[str, str] = {}
        self.latched_ns = 0
        self.history: list[tuple[Event, list[Action]]] = []
        self.alerts: list[Alert] = []
        self.refusals: list[Refusal] = []
        self.foreign = False
        self.started = Started(self.now_ns, "run", CAPITAL, settings, limits, (CONTRACT,))
        self.state = start(self.started)
        self.mark()

    # ---- events that reach the engine

    def feed(self, event: Event) -> list[Action]:
        """One step, with its actions on their way and the invariants checked."""
        actions = step(self.state, event)
        self.history.append((event, actions))
        for action in actions:
            self._take(action)
        self._check_latch()
        return actions

    def _take(self, action: Action) -> None:
        if isinstance(action, WakeAt):
            assert action.due_ns > self.now_ns
            self.wake_ns = action.due_ns
        elif isinstance(action, Alert):
            self.alerts.append(action)
        elif isinstance(action, Refusal):
            self.refusals.append(action)
        else:
            if isinstance(action, PlaceOrder):
                self._check_order(action)
            self.requests.append(action)

    def _check_order(self, action: PlaceOrder) -> None:
        intent = action.approved.intent
        if intent.purpose is Purpose.STOP:
            assert (intent.client_id in self.sent) == action.again
            assert self.stops_of.setdefault(intent.position, intent.client_id) == intent.client_id
        else:
            assert intent.client_id not in self.sent
            assert intent.quantity > 0
        if intent.purpose is Purpose.ENTRY:
            assert not self.state.latch
            assert not self.state.paused
            assert not self.state.stopping
            if not self.foreign:
                assert product(PRICE, self._exposure() + intent.quantity) <= LIMITS.position * 102 // 100
        else:
            assert intent.purpose is Purpose.STOP or intent.reduce_only
        self.sent[intent.client_id] = action

    def _exposure(self) -> int:
        """Quantity of the position at the venue, of open entries, and of those that have not reached it."""
        waiting = [r.approved.intent for r in self.requests if isinstance(r, PlaceOrder)]
        resting = [o.quantity - o.filled for o in self.venue.open_orders if not o.reduce_only]
        flying = [i.quantity for i in waiting if i.purpose is Purpose.ENTRY]
        return abs(self.venue.ledger.quantity) + sum(resting) + sum(flying)

    def _check_latch(self) -> None:
        if self.latched_ns:
            assert self.state.latch
        elif self.state.latch:
            self.latched_ns = self.now_ns

    def pass_time(self, duration_ns: int) -> None:
        """Time passes; a wake that falls due on the way is served at its time."""
        end_ns = self.now_ns + duration_ns
        while self.now_ns < self.wake_ns <= end_ns:
            self._at(self.wake_ns)
            self.feed(Tick(self.now_ns))
        self._at(end_ns)

    def _at(self, time_ns: int) -> None:
        self.now_ns = self.venue.now_ns = time_ns

    def book(self, bid_volume: int, ask_volume: int, usable: bool = True) -> list[Action]:
        """The best levels around the venue's price; 4 to 1 is a signal."""
        price = self.venue.price
        bids, asks = (price - TICK, bid_volume * SCALE), (price, ask_volume * SCALE)
        return self.feed(BookChanged(self.now_ns, SYMBOL, self.now_ns, self.now_ns // MS, usable, bids, asks))

    def signal(self, side: Side = Side.BUY) -> list[Action]:
        """A book that the signal acts on."""
        return self.book(40, 1) if side is Side.BUY else self.book(1, 40)

    def mark(self) -> None:
        """The mark price is the venue's price."""
        self.feed(MarkChanged(self.now_ns, SYMBOL, self.now_ns, self.venue.price))

    def move(self, price: int) -> None:
        """The market moves, and the engine sees mark and book."""
        self.venue.move(price)
        self.mark()
        self.book(1, 1)

    def kill(self) -> None:
        """A person kills the run."""
        self.feed(Commanded(self.now_ns, Command.KILL, "test"))

    # ---- messages on their way

    def arrive(self, index: int = 0) -> None:
        """A request reaches the venue; its answer is on its way."""
        self.answers += self.venue.receive(self.requests.pop(index))

    def lose(self, index: int = 0) -> None:
        """A request is lost; the connection says only that nothing is known."""
        self._unanswered(self.requests.pop(index))

    def arrive_unanswered(self, index: int = 0) -> None:
        """A request is carried out, and its answer is lost."""
        request = self.requests.pop(index)
        self.venue.receive(request)
        self._unanswered(request)

    def _unanswered(self, action: Leaving) -> None:
        self.answers.append(unknown(action, self.now_ns))

    def answer(self, index: int = 0) -> None:
        """An answer reaches the engine now."""
        self.feed(dated(self.answers.pop(index), self.now_ns))

    def stream(self) -> None:
        """The next event of the user stream reaches the engine."""
        self.feed(dated(self.venue.stream.popleft(), self.now_ns))

    def drop_stream(self) -> None:
        """The user stream breaks: what was on its way is gone; then it is back."""
        self.feed(Connection(self.now_ns, StreamKind.USER, False))
        self.venue.stream.clear()
        self.feed(Connection(self.now_ns, StreamKind.USER, True))

    def deliver(self, rounds: int = 50) -> None:
        """Everything that is on its way arrives, in order, at this moment."""
        for _ in range(rounds):
            if not (self.requests or self.answers or self.venue.stream):
                return
            for _ in range(len(self.requests)):
                self.arrive()
            while self.venue.stream:
                self.stream()
            for _ in range(len(self.answers)):
                self.answer()
        raise AssertionError(f"The engine sends without end: {self.requests[:3]}.")

    def settle(self, duration_ns: int) -> None:
        """Contact is good for so long: what is sent arrives, and every wake is served."""
        end_ns = self.now_ns + duration_ns
        self.deliver()
        while self.now_ns < end_ns:
            next_ns = self.wake_ns if self.wake_ns > self.now_ns else end_ns
            self._at(min(next_ns, end_ns))
            self.feed(Tick(self.now_ns))
            self.deliver()

    # ---- what has to hold in the end

    def check_protected(self) -> None:
        """A position at the venue has exactly one stop, on the side that closes it."""
        quantity, stops = self.venue.ledger.quantity, self.venue.open_stops
        assert [stop.intent.side.sign * quantity < 0 for stop in stops] == ([True] if quantity else [])

    def check_flat(self) -> None:
        """Nothing is left at the venue, and the engine knows it."""
        position = self.state.positions[SYMBOL]
        assert self.venue.ledger.quantity == position.quantity == 0
        assert not self.venue.open_stops
        assert not self.venue.open_orders
        assert not self.state.working

    def check_money(self) -> None:
        """Profit and fees of the engine are those of the venue, to the last unit."""
        assert self.state.account.realised == self.venue.ledger.realised
        assert self.state.account.fees == self.venue.ledger.fees


def unknown(action: Leaving, time_ns: int) -> Answered:
    """What the engine learns of a request without an answer."""
    if isinstance(action, PlaceOrder):
        intent = action.approved.intent
        request = Request.PLACE_STOP if intent.purpose is Purpose.STOP else Request.PLACE
        return Answered(time_ns, request, intent.symbol, intent.client_id, RequestOutcome.UNKNOWN)
    request = action.request if isinstance(action, Ask) else _REQUEST_OF[type(action)]
    return Answered(time_ns, request, action.symbol, action.client_id, RequestOutcome.UNKNOWN)


def dated(event: Event, time_ns: int) -> Event:
    """The event as it reaches the engine at this time."""
    return msgspec.structs.replace(event, time_ns=time_ns)
