"""The local exchange without sockets, in virtual time: requests in, responses and frames out, all as bytes.

Whoever holds a `LocalVenue` moves its time. What a client sends arrives after the inbound delay, and the response
leaves when the exchange has carried the request out; queries wait as long as orders do. The same tape, settings and
calls give the same outputs, byte for byte.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from live.money import parse
from live.simulator.client_countdowns import ClientCountdowns
from live.simulator.core.accounts import Account
from live.simulator.core.events import Answered, Event, Liquidated
from live.simulator.core.exchange import Exchange
from live.simulator.core.state import State
from live.simulator.fault_checks import check_plan
from live.simulator.fault_runner import FaultRunner
from live.simulator.faults import Faults
from live.simulator.faults.kinds.requests import LateVisible, StaleRead
from live.simulator.faults.visibility import Visibility
from live.simulator.http.answering import Answering
from live.simulator.http.connections import NS, Connections
from live.simulator.http.credentials import KeyRing
from live.simulator.http.frame_path import FramePath
from live.simulator.http.gateway import Gateway
from live.simulator.http.rate_limits import RateLimits
from live.simulator.http.request_clock import RequestClock
from live.simulator.http.request_path import RequestPath
from live.simulator.latency import Latency
from live.simulator.listen_keys import ListenKeys
from live.simulator.market_feed import MarketFeed
from live.simulator.matching_engine import CarriedOut, MatchingEngine
from live.simulator.outputs import Output
from live.simulator.past_books import PastBooks
from live.simulator.schedule import MS, NEVER_NS, Schedule, VenueTime
from live.simulator.settings import CountdownClock, SimulatorSettings
from live.simulator.store import Store
from live.simulator.streams.hub import Hub
from live.simulator.streams.publisher import Publisher
from live.simulator.tape_lines import IteratedLines, TapeLines
from live.simulator.tape_source import Played
from live.wire import HttpRequest, Opcode
from skills_lib.domain.errors import InputError
from skills_lib.market.depth.model import DepthUpdate, MarkPrice

_NEXT_FUNDING = re.compile(rb'"T":\d+')


class LocalVenue:
    """A Binance USD-M exchange on a tape, driven by its caller. Times are nanoseconds of exchange time.

    clock: time of the clients, for timestamps, limits, listen keys and pings; the exchange's own time unless given.
    tape: lines in order; they are played as time advances. observe: called with the events of each step as they
    happen, before any delay.

    Raises:
        InputError: the tape holds no snapshot that matches its updates; the fault plan names what does not exist.
        CorruptDataError: the session file is damaged.
    """

    def __init__(
        self,
        settings: SimulatorSettings,
        tape: Iterator[Played] | TapeLines,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self.settings = settings
        self.observe: Callable[[list[Event]], None] = _observe_nothing
        self.time = VenueTime()
        self.pending, self.background = Schedule(), Schedule()
        self.clocked = Schedule() if clock else self.background
        self._outputs: list[Output] = []
        self.store = Store(settings.store) if settings.store else None
        self.faults = Faults(settings.faults, settings.seed)
        self._has_faults = bool(settings.faults.faults)
        self.hub = Hub()
        self.engine = self._make_engine()
        self.exchange, self.feed = self.engine.exchange, self.engine.feed
        self.publisher = Publisher(self.feed, self.hub)
        self.gateway = self._make_gateway(clock or self.time.now_ns)
        self._join_paths()
        self.lines = IteratedLines(iter(())) if settings.live else _lines_of(tape)
        if not settings.live:
            self._prime()
        check_plan(settings.faults, self.feed.listed, self.state.accounts)
        for account in self.state.accounts.values():
            account.updated_ms = account.updated_ms or max(1, self.state.now_ms)
        self.fault_runner.visibility.start(self.state)

    @property
    def state(self) -> State:
        """The exchange's state."""
        return self.engine.exchange.state

    @property
    def now_ns(self) -> int:
        """The exchange's time."""
        return self.time.ns

    @property
    def now_ms(self) -> int:
        """The exchange's time in milliseconds."""
        return self.time.ms

    @property
    def next_line_ns(self) -> int | None:
        """Time of the next tape line; None after the end."""
        return self.lines.next_ns if self.lines.next_ns < NEVER_NS else None

    @property
    def next_line(self) -> Played | None:
        """The next tape line; None after the end."""
        return self.lines.peek()

    @property
    def next_ns(self) -> int | None:
        """Time of the next thing that happens by itself: a tape line, an arrival, a timer; None if there is none."""
        due_ns = min(self.due_ns, self.lines.next_ns)
        return due_ns if due_ns < NEVER_NS else None

    def request(self, request: HttpRequest) -> int:
        """Send a request; its number is in the response."""
        return self.requests.send(request)

    def connect(self, target: str, address: str = "127.0.0.1") -> int:
        """Open a WebSocket, such as `/ws/btcusdt@depth`, `/ws/LISTENKEY` or `/ws-fapi/v1`; returns its number."""
        return self.connections.connect(target, address)

    def send(self, connection: int, data: bytes, opcode: Opcode = Opcode.TEXT) -> None:
        """Send a message on a WebSocket. Answer the exchange's pings with pongs, or it closes after ten minutes."""
        self.connections.send(connection, data, opcode)

    def close(self, connection: int) -> None:
        """Close a WebSocket: no more frames of it are returned."""
        self.connections.leave(connection)

    def advance(self, until_ns: int) -> list[Output]:
        """Play tape lines and all else that is due up to a time; return what has reached clients, in order of time."""
        self._run_until(until_ns)
        self.time.advance(until_ns)
        if self.time.ms > self.state.now_ms:
            self.engine.run_timers()
        return self._take_outputs()

    def play_line(self) -> list[Output]:
        """Play the next tape line, if any, after everything due before it; return what has reached clients."""
        line = self.lines.peek()
        if line is not None:
            self._play(line)
            self._run_due(self.time.ns)
        return self._take_outputs()

    def run_due(self, until_ns: int) -> list[Output]:
        """Run arrivals and timers up to a time, which no tape line may precede; return what has reached clients."""
        self._run_due(until_ns)
        return self._take_outputs()

    def push(self, line: Played) -> list[Output]:
        """Play a line that a live feed has received."""
        self._apply(line)
        self._run_due(self.time.ns)
        return self._take_outputs()

    def repeat(self, command: CarriedOut) -> None:
        """Carry out a command of an earlier run at the same place of the tape and the same time, without delay."""
        while self.engine.lines < command.lines and self.lines.next_ns < NEVER_NS:
            self.play_line()
        self._run_due(command.time_ns)
        self.time.advance(command.time_ns)
        self.engine.carry_out(command.body)

    def run_clocked(self, now_ns: int) -> list[Output]:
        """Run what is due in the clients' time, if that is not the exchange's own."""
        while self.clocked.due_ns <= now_ns:
            self.clocked.run_next()
        self._run_due(self.time.ns)
        return self._take_outputs()

    def flush(self) -> None:
        """Publish the diffs that wait for their interval to end."""
        self.publisher.flush(self.time.ms)

    def save(self) -> None:
        """Write the state to the session file and close it."""
        if self.store:
            self.store.save(self.state)
            self.store.close()

    @property
    def due_ns(self) -> int:
        """Time of the next arrival or timer; `NEVER_NS` if there is none."""
        due_ns = min(self.pending.due_ns, self.background.due_ns, self.exchange.due_ms * MS)
        return min(due_ns, self.fault_runner.due_ns) if self._has_faults else due_ns

    def _run_until(self, until_ns: int) -> None:
        """Alternate between what is due and tape lines."""
        while self.lines.next_ns <= until_ns and (line := self.lines.peek()) is not None:
            self._play(line)
        self._run_due(until_ns)

    def _run_due(self, until_ns: int) -> None:
        while (due_ns := self.due_ns) <= until_ns:
            self.time.advance(due_ns)
            if self.pending.due_ns == due_ns:
                self.pending.run_next()
            elif self.background.due_ns == due_ns:
                self.background.run_next()
            elif self.exchange.due_ms * MS == due_ns:
                self.engine.run_timers()
            if self._has_faults:
                self.fault_runner.carry_out()

    def _play(self, line: Played) -> None:
        self._apply(line)
        self.lines.advance()
        if self.lines.next_ns == NEVER_NS:
            self.flush()

    def _apply(self, line: Played) -> None:
        """Apply one line after everything due before it. Every line takes this path: keep it short."""
        time_ns = line.time_ns
        if self.pending.due_ns <= time_ns or self.exchange.due_ms * MS <= time_ns or self.background.due_ns <= time_ns:
            self._run_due(time_ns)
        if self._has_faults:
            self._apply_with_faults(line)
        else:
            self.engine.apply(line)
            self.publisher.on_message(line.message, line.raw, self.time.ns // MS)

    def _apply_with_faults(self, line: Played) -> None:
        """Apply a line that faults may change, and carry out those that are due before it or follow from it."""
        self._run_due(line.time_ns)
        self.engine.apply(line)
        self.publisher.on_message(line.message, self._published(line), self.time.ns // MS)
        if isinstance(line.message, DepthUpdate):
            self._keep_book(line.symbol)
        self.fault_runner.carry_out()

    def _keep_book(self, symbol: str) -> None:
        """Keep the book for a fault that answers old snapshots, if the plan has one."""
        past, market = self.gateway.past_books, self.state.markets.get(symbol)
        if past.max_age_ms and market and market.in_sync:
            past.record(market.rules, self.feed.books[symbol], market.updated_ms, self.time.ms)

    def _published(self, line: Played) -> bytes:
        """A line's bytes, with the next funding time that a fault has set."""
        changed = line.symbol in self.state.interventions.funding_changed
        if not (changed and isinstance(line.message, MarkPrice)):
            return line.raw
        return _NEXT_FUNDING.sub(b'"T":%d' % self.state.markets[line.symbol].next_funding_ms, line.raw)

    def _prime(self) -> None:
        """Play until every book is in sync and updated."""
        while not self.feed.running and (line := self.lines.peek()) is not None:
            self._play(line)
        if not self.feed.running:
            raise InputError(
                "The tape holds no snapshot that matches its updates. Inspect it with `twokey tape check FILE`."
            )

    def _take_outputs(self) -> list[Output]:
        taken, self._outputs = self._outputs, []
        return taken

    def _deliver(self, output: Output) -> None:
        self._outputs.append(output)

    def _record(self, events: list[Event]) -> None:
        if self.store:
            self.store.record(self.state, events)
        self.fault_runner.on_events(events)
        self.observe(events)

    def _publish(self, event: Event) -> None:
        if isinstance(event, Liquidated):
            self.publisher.on_liquidation(event)
        elif not isinstance(event, Answered):
            due_ms = self.fault_runner.visibility.held_until_ms(event, self.time.ms)
            if due_ms > self.time.ms:
                self.background.add(due_ms * MS, partial(self.connections.send_event, event.account, event))
            else:
                self.connections.send_event(event.account, event)

    def _make_engine(self) -> MatchingEngine:
        settings = self.settings
        names = {credential.account for credential in settings.credentials}
        accounts = {name: Account(name, parse(settings.balance), settings.fees) for name in sorted(names)}
        exchange = Exchange(State(markets={}, accounts=accounts, model=settings.model))
        feed = MarketFeed(exchange, dict(settings.listed))
        engine = MatchingEngine(
            exchange, feed, self.time, self._publish, self._record, record_commands=not settings.live
        )
        if self.store:
            self._restore(self.store, engine)
        return engine

    def _restore(self, store: Store, engine: MatchingEngine) -> None:
        """Restore the state and open its markets with their stored prices, until the tape updates them."""
        state, feed = engine.exchange.state, engine.feed
        store.restore(state)
        marks, last_prices = store.prices()
        for symbol, mark in marks.items():
            feed.book(symbol)
            if symbol in state.markets:
                state.markets[symbol].mark_price = mark
                state.markets[symbol].last_price = last_prices.get(symbol, 0)
        store.restore_funding(state)

    def _make_gateway(self, clock: Callable[[], int]) -> Gateway:
        def watch(due_ms: int) -> None:
            self.clocked.add(due_ms * MS, self.connections.expire_listen_keys)

        return Gateway(
            feed=self.feed,
            publisher=self.publisher,
            time=self.time,
            keys=KeyRing(list(self.settings.credentials)),
            listen_keys=ListenKeys(self.settings.seed, watch),
            clock=RequestClock(clock),
            limits=RateLimits(self.settings.weight_limit),
            past_books=PastBooks(self.settings.faults.snapshot_age_ms),
        )

    def _make_carry_out(self) -> Callable[[Any], Answered]:
        """What carries out the commands of clients."""
        if self.settings.countdown_clock is CountdownClock.TAPE:
            return self.engine.carry_out
        return ClientCountdowns(self.gateway.clock.source, self.clocked, self.engine.carry_out).carry_out

    def _join_paths(self) -> None:
        settings, plan = self.settings, self.settings.faults
        latency = Latency(settings.seed, settings.inbound, settings.outbound, settings.frame_delays)
        frames = FramePath(self.faults, latency, self.time, self.pending, self._deliver)
        visibility = Visibility(recording=any(isinstance(fault, LateVisible | StaleRead) for fault in plan.faults))
        answering = Answering(self.gateway, visibility, self._make_carry_out())
        self.requests = RequestPath(self.gateway, self.faults, answering, latency, self.pending, self._deliver)
        self.connections = Connections(
            self.gateway, self.hub, frames, self.pending, self.clocked, answering, int(settings.socket_life_s * NS)
        )
        self.fault_runner = FaultRunner(
            self.faults, self.gateway, self.engine, self.connections, self.background, visibility
        )


def _lines_of(tape: Iterator[Played] | TapeLines) -> TapeLines:
    return IteratedLines(tape) if isinstance(tape, Iterator) else tape


def _observe_nothing(_: list[Event]) -> None:
    """Default of `LocalVenue.observe`."""
