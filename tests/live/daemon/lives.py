"""A client of the exchange in process that dies at a chosen record of its journal, and its next life."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from live.binance.calls import CallWriter
from live.binance.requests import RequestWriter
from live.binance.signing import Signer
from live.client.engine_client import EngineClient
from live.client.market_streams import MarketStreams
from live.client.opening import contracts_of
from live.client.user_stream import UserStream
from live.client.wire import S, TakeAnswer
from live.daemon.recovery import recover
from live.engine.actions import Action, PlaceOrder
from live.engine.contract import Contract
from live.engine.events import Command, Commanded, Event, Started
from live.engine.intents import Purpose
from live.engine.limits import Executor, effective
from live.journal.recorded_engine import RecordedEngine
from live.journal.replaying import replay_journal
from live.journal.settings import Fsync
from live.journal.sinks import FileSink
from live.journal.writer import Journal, JournalWriter
from live.schedules.run import CALM_NS, SETTLE_NS
from live.schedules.tape import ScheduleTape
from live.schedules.variations import CAPITAL, SETTINGS
from live.schedules.watch import ExchangeWatch
from live.session.session import EngineSession, finish
from live.session.virtual_wire import VirtualWire
from live.simulator.faults import FaultPlan
from live.simulator.scaled_messages import scaled_tape
from live.simulator.schedule import MS
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET, SimulatorSettings
from live.simulator.tape_source import Played
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest
from skills_lib.trades.journal.reading import read_journal

RUN = "r1"
LIMITS = effective(Executor.SCALP, CAPITAL, {})


class DiedError(BaseException):
    """The process ended. No code of ours catches it."""


class Death(StrEnum):
    """When it comes: a record is not written, half written, or written but what follows is not done."""

    BEFORE = "before"
    TORN = "torn"
    AFTER = "after"


class MortalSink(FileSink):
    """Ends the process at one of its writes, counted from 0."""

    at: int = -1
    death: Death = Death.BEFORE
    writes: int = 0

    def write(self, data: bytes) -> None:
        """Write, or die."""
        number, self.writes = self.writes, self.writes + 1
        if number != self.at:
            super().write(data)
            return
        if self.death is not Death.BEFORE:
            super().write(data if self.death is Death.AFTER else data[: len(data) // 2])
        raise DiedError


class WatchedWire(VirtualWire):
    """Notes the ids of orders that are sent."""

    def __init__(self, venue: LocalVenue, sent: list[str]) -> None:
        super().__init__(venue)
        self._sent = sent

    def request(self, request: HttpRequest, take: TakeAnswer) -> None:
        """Note the id of an order, and send."""
        if request.method == "POST" and request.target == "/fapi/v1/order":
            fields = dict(part.split("=") for part in request.body.decode().split("&"))
            self._sent.append(fields["newClientOrderId"])
        super().request(request, take)


@lru_cache
def tape_of(seed: int, steps: int) -> tuple[tuple[str, ...], int, tuple[Played, ...]]:
    """Symbols, when the calm begins, and the lines."""
    tape = ScheduleTape(seed)
    lines = tuple(scaled_tape(tape.draw(steps)))
    return tape.symbols, tape.calm_from_ms * MS, lines


def exchange(
    seed: int, steps: int, faults: Sequence[dict[str, Any]] = (), **changes: Any
) -> tuple[tuple[str, ...], int, LocalVenue]:
    """Symbols, when the calm begins, and the exchange. changes: of its settings."""
    symbols, calm_from_ns, lines = tape_of(seed, steps)
    plan = FaultPlan.model_validate({"faults": list(faults)})
    settings = SimulatorSettings(seed=seed, balance="40000", faults=plan, **changes)
    return symbols, calm_from_ns, LocalVenue(settings, iter(lines))


@dataclass
class World:
    """An exchange, and the account's clients, one after another. sent: ids of all orders sent, in order."""

    journal: Path
    seed: int = 1
    steps: int = 60
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.symbols, self.calm_from_ns, self.venue = exchange(self.seed, self.steps)
        self.watch = ExchangeWatch(RUN, LIMITS)
        self.venue.observe = self.watch.on_events
        self.wire: WatchedWire
        self.session: EngineSession
        self.engine: RecordedEngine
        self.writer: JournalWriter
        self.market: MarketStreams
        self.connections: list[int] = []

    def begin(self, at: int = -1, death: Death = Death.BEFORE) -> None:
        """The first life, not started yet; it ends at a write of its journal."""
        self.wire = WatchedWire(self.venue, self.sent)
        listed = self._listed()
        sink = MortalSink.create(self.journal)
        sink.at, sink.death = at, death
        self.writer = JournalWriter(sink, Fsync.NEVER)
        self.writer.begin(self.wire.now_ns, RUN)
        started = Started(self.wire.now_ns, RUN, CAPITAL, SETTINGS, LIMITS, listed)
        self.engine = RecordedEngine(self.writer, started)
        self._join({contract.symbol: contract for contract in listed})

    def die(self, dead_ns: int) -> None:
        """The process is gone: its connections break, its file is closed, and the exchange goes on."""
        for number in list(self.wire._listeners):
            self.venue.close(number)
        self.writer._sink.close()
        self.venue.advance(self.venue.now_ns + dead_ns)

    def resume(self, wrapped: Callable[[JournalWriter], Journal] | None = None) -> None:
        """The next life: recovery, and on. wrapped: what the engine writes to in place of the journal's writer."""
        self.wire = WatchedWire(self.venue, self.sent)
        recovered = recover(self.journal, Fsync.NEVER)
        assert recovered is not None
        self.engine, self.writer = recovered.engine, recovered.writer
        if wrapped:
            self.engine.journal = wrapped(recovered.writer)
        state = self.engine.state
        session = self._join({symbol: market.contract for symbol, market in state.markets.items()})
        now_ns = self.wire.now_ns
        session.client.resume(state.wake_ns, [pending.answered(now_ns) for pending in recovered.pending])
        session.start()

    def live(self) -> None:
        """A whole life."""
        self.session.start()
        self.play()
        self.end()

    @property
    def entries(self) -> list[str]:
        """Ids of the run's entries."""
        return [name for name, order in self.engine.state.orders.items() if order.intent.purpose is Purpose.ENTRY]

    def play(self) -> None:
        """On to the calm."""
        while (line := self.venue.next_line) is not None and line.time_ns < self.calm_from_ns:
            self.session.advance(line.time_ns)

    def end(self) -> None:
        """Kill, and wait until everything has come to rest."""
        self.session.advance(self.venue.now_ns + CALM_NS)
        self.session.take(Commanded(self.wire.now_ns, Command.KILL, "the end"))
        self.session.advance(self.venue.now_ns + CALM_NS)
        self.market.stop()
        end_ns = self.venue.now_ns + SETTLE_NS
        while self.venue.now_ns < end_ns and not self._is_quiet:
            self.session.advance(self.venue.now_ns + 10 * S)
        self.session.advance(self.venue.now_ns + 10 * S)
        self.writer.close()

    def go_on(self, wrapped: Callable[[JournalWriter], Journal] | None = None) -> None:
        """Come back, and live to the end."""
        self.resume(wrapped)
        self.play()
        self.end()

    def check(self) -> None:
        """All that must hold in the end; violations are in `watch`."""
        account = next(iter(self.venue.state.accounts.values()))
        self.watch.at_the_end(self.engine.state, account.wallet - account.deposited, outside=False)

    @property
    def _is_quiet(self) -> bool:
        state = self.engine.state
        at_rest = all(position.idle for position in state.positions.values()) and not state.working
        return at_rest and not state.funding_check_ns and not self.wire.waiting

    def _join(self, contracts: dict[str, Contract]) -> EngineSession:
        calls = CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
        self.market = MarketStreams(self.wire, self.symbols, SETTINGS.depth)
        user = UserStream(self.wire, calls)
        client = EngineClient(self.wire, RequestWriter(calls, contracts), self.engine, self.market, user)
        client.watch = self._note
        self.session = EngineSession(self.wire, client)
        return self.session

    def _note(self, _: Event, actions: list[Action]) -> None:
        """What is in the journal, before it leaves."""
        for action in actions:
            if isinstance(action, PlaceOrder):
                intent = action.approved.intent
                self.watch.intents.setdefault(intent.client_id, intent)

    def _listed(self) -> tuple[Contract, ...]:
        return finish(self.wire, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)), contracts_of(self.symbols))


def died(act: Callable[[], None]) -> bool:
    """True if the process ended meanwhile."""
    try:
        act()
    except DiedError:
        return True
    return False


def survive(world: World, at: int, death: Death) -> bool:
    """Die at a record, come back and play on; False if the first life ended before."""
    world.begin(at, death)
    if not died(world.live):
        return False
    world.die(DEAD_NS[at % len(DEAD_NS)])
    before = len(world.sent)
    world.resume()
    assert not set(world.entries) & set(world.sent[before:]), "the start has sent an entry"
    world.play()
    world.end()
    return True


def faults_of(world: World) -> list[str]:
    """Where engine and exchange disagree, what was sent twice or without a record, and whether the journal is whole."""
    world.check()
    found = [str(violation) for violation in world.watch.violations]
    found += [f"{name} was sent {times} times" for name, times in Counter(world.sent).items() if times > 1]
    records = [record for record in read_journal(world.journal) if record.kind == "order_intent"]
    journalled = {record.body["approved"]["intent"]["client_id"] for record in records}
    found += [f"{name} is not in the journal" for name in world.sent if name not in journalled]
    if unwritten := replay_journal(world.journal).unwritten:
        found.append(f"{unwritten} actions are not in the journal")
    return found


FIRST = 2
"""The records before are the header and `started`: without them there is no run."""
DEAD_NS = (S // 5, 4 * S, 30 * S)
"""How long a process is gone: in turn."""
