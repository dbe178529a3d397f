"""Runs one schedule: an engine and an exchange with faults in virtual time, and every invariant after every step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

import msgspec

from live.binance.calls import CallWriter
from live.binance.requests import RequestWriter
from live.binance.signing import Signer
from live.client.engine_client import EngineClient
from live.client.market_streams import MarketStreams
from live.client.opening import contracts_of
from live.client.user_stream import UserStream
from live.client.wire import S
from live.engine.actions import Action, PlaceOrder
from live.engine.contract import Contract
from live.engine.engine import start, step
from live.engine.events import Command, Commanded, Event, Started
from live.engine.limits import Executor, effective
from live.engine.settings import EntryKind, ImbalanceSettings
from live.engine.state import EngineState, Latch
from live.money import SCALE
from live.schedules.numbers import PARTS, ScheduleNumber
from live.schedules.plans import plan_of
from live.schedules.tape import ScheduleTape
from live.schedules.watch import ExchangeWatch, Violation
from live.session.session import EngineSession, finish
from live.session.virtual_wire import VirtualWire
from live.simulator.scaled_messages import scaled_tape
from live.simulator.schedule import MS
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET, SimulatorSettings
from live.simulator.venue import LocalVenue

RUN = "s"
CAPITAL = 40_000 * SCALE
STEPS = 160
TAPES = 400
"""So many tapes are drawn; schedules take turns with them."""
CALM_NS = 5 * S
"""Between the end of the faults and the kill, and as long with market data after it."""
MOVES_MONEY = frozenset({"foreign_action", "liquidate", "partial_liquidation", "adl"})
"""Faults after which the wallet has changed in ways that the engine does not count, such as a transfer."""
SETTLE_NS = 45 * 60 * S
"""After the kill: longer than any order may stay hidden."""
SETTINGS = ImbalanceSettings(
    depth=5,
    target_bps=8 * SCALE,
    stop_bps=6 * SCALE,
    hold_ms=4_000,
    cooldown_ms=500,
    stop_pause_ms=2_000,
    max_spread_bps=2 * SCALE,
    max_age_ms=1_500,
    post_only_wait_ms=800,
)


WatchSteps = Callable[[Event, list[Action]], None]


@dataclass(slots=True)
class ScheduleResult:
    """What a schedule came to. kinds: how often each kind of fault applied. trades: entries with a fill."""

    number: int
    events: int = 0
    trades: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)


class CheckedEngine:
    """An engine whose state is checked after every step."""

    def __init__(self, started: Started, watch: ExchangeWatch) -> None:
        self.state: EngineState = start(started)
        self.watch, self.events = watch, 0
        self._latch: Latch | None = None

    def step(self, event: Event) -> list[Action]:
        """Step, note what is in the journal before it leaves, and check."""
        self.events += 1
        actions = step(self.state, event)
        for action in actions:
            if isinstance(action, PlaceOrder):
                self._note(action)
        self._check()
        return actions

    def _note(self, action: PlaceOrder) -> None:
        intent, known = action.approved.intent, self.watch.intents.get(action.approved.intent.client_id)
        if known is not None and not (action.again and known == intent):
            self.watch.violations.append(Violation("intent_once", f"{intent.client_id} was sent twice"))
        self.watch.intents[intent.client_id] = intent

    def _check(self) -> None:
        state = self.state
        if self._latch is not None and (state.latch is None or (self._latch.flatten and not state.latch.flatten)):
            self.watch.violations.append(Violation("latch_stays", f"{self._latch.reason} was released"))
        self._latch = state.latch


@lru_cache(maxsize=2 * TAPES)
def _tape(seed: int, steps: int) -> ScheduleTape:
    tape = ScheduleTape(seed)
    tape.lines = list(scaled_tape(tape.draw(steps)))
    return tape


def run_schedule(integer: int, watch_steps: WatchSteps | None = None) -> ScheduleResult:
    """Run a schedule to its end, or to its first violation. watch_steps: called with each event and its actions."""
    number = ScheduleNumber.of(integer)
    tape = _tape(number.seed % TAPES, STEPS * number.parts // PARTS)
    plan = plan_of(number.seed, number.left_out)
    venue = LocalVenue(SimulatorSettings(seed=number.seed, balance="40000", faults=plan), iter(tape.lines))
    watch, wire = ExchangeWatch(RUN, effective(Executor.SCALP, CAPITAL, {})), VirtualWire(venue)
    venue.observe = watch.on_events
    engine, session, market = _joined(number, wire, watch, tape.symbols)
    session.client.watch = watch_steps
    _play(session, market, tape.calm_from_ms * MS, watch)
    result = ScheduleResult(integer, engine.events, engine.state.day.trades, dict(venue.faults.applied_by_kind))
    if not watch.violations:
        account = next(iter(venue.state.accounts.values()))
        outside = bool(MOVES_MONEY & {kind for kind, count in result.kinds.items() if count})
        watch.at_the_end(engine.state, account.wallet - account.deposited, outside)
    result.violations = watch.violations
    return result


def _joined(
    number: ScheduleNumber, wire: VirtualWire, watch: ExchangeWatch, symbols: tuple[str, ...]
) -> tuple[CheckedEngine, EngineSession, MarketStreams]:
    """The engine and its session with the exchange; every fourth schedule enters with post-only orders."""
    calls = CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
    listed = _listed(symbols)
    settings = msgspec.structs.replace(SETTINGS, entry=EntryKind.POST_ONLY if number.seed % 4 == 3 else EntryKind.TAKER)
    engine = CheckedEngine(Started(wire.now_ns, RUN, CAPITAL, settings, watch.limits, listed), watch)
    writer = RequestWriter(calls, {contract.symbol: contract for contract in listed})
    market = MarketStreams(wire, symbols, settings.depth)
    client = EngineClient(wire, writer, engine, market, UserStream(wire, calls))
    return engine, EngineSession(wire, client), market


@lru_cache
def _listed(symbols: tuple[str, ...]) -> tuple[Contract, ...]:
    """The contracts, asked of an exchange without faults: an engine does not start without them."""
    tape = next(tape for tape in map(partial(_tape, steps=0), range(TAPES)) if tape.symbols == symbols)
    wire = VirtualWire(LocalVenue(SimulatorSettings(balance="40000"), iter(tape.lines)))
    return finish(wire, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)), contracts_of(symbols))


def _play(session: EngineSession, market: MarketStreams, calm_from_ns: int, watch: ExchangeWatch) -> None:
    """The tape, then calm without faults, then a kill, then time in which everything must come to rest."""
    venue = session.venue
    session.start()
    while (line := venue.next_line) is not None and line.time_ns < calm_from_ns and not watch.violations:
        session.advance(line.time_ns)
    venue.faults.end()
    session.advance(venue.now_ns + CALM_NS)
    session.take(Commanded(session.wire.now_ns, Command.KILL, "the schedule has ended"))
    session.advance(venue.now_ns + CALM_NS)
    market.stop()
    session.advance(venue.now_ns + SETTLE_NS)
