"""Runs one schedule: an engine and an exchange with faults in virtual time, and every invariant after every step."""

from collections import deque
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache, partial

from live.binance.calls import CallWriter
from live.binance.requests import RequestWriter
from live.binance.signing import Signer
from live.client.engine_client import EngineClient
from live.client.market_streams import MarketStreams
from live.client.opening import contracts_of
from live.client.order_connection import OrderConnection, OrdersBy
from live.client.user_stream import UserStream
from live.client.wire import S
from live.engine.actions import Action
from live.engine.contract import Contract
from live.engine.events import Command, Commanded, Event, Started
from live.engine.state import EngineState, Position
from live.schedules.checked_engine import CheckedEngine
from live.schedules.contact import Contact
from live.schedules.deadlines import Deadlines
from live.schedules.numbers import PARTS, ScheduleNumber
from live.schedules.plans import plan_of
from live.schedules.tape import ScheduleTape
from live.schedules.variations import CAPITAL, Variation, variation_of
from live.schedules.watch import ExchangeWatch, Violation
from live.session.session import EngineSession, finish
from live.session.virtual_wire import VirtualWire
from live.simulator.scaled_messages import scaled_tape
from live.simulator.schedule import MS
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET, SimulatorSettings
from live.simulator.venue import LocalVenue

RUN = "s"
STEPS = 160
TAPES = 400
"""So many tapes are drawn; schedules take turns with them."""
CALM_NS = 5 * S
"""Between the end of the faults and the last kill, and as long with market data after it."""
MOVES_MONEY = frozenset({"foreign_action", "liquidate", "partial_liquidation", "adl"})
"""Faults after which the wallet has changed in ways that the engine does not count, such as a transfer."""
SETTLE_NS, LOOK_NS = 45 * 60 * S, 60 * S
"""After the last kill: at the longest, which is more than any order may stay hidden, and between two looks at it."""

WHOLE_SETTLES = 8
"""One of so many schedules waits until the engine gives up what has never come to the exchange."""

WatchSteps = Callable[[Event, list[Action]], None]


@dataclass(slots=True)
class ScheduleResult:
    """What a schedule came to. kinds: how often each kind of fault applied. trades: entries with a fill."""

    number: int
    events: int = 0
    trades: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)


@lru_cache(maxsize=2 * TAPES)
def tape_of(seed: int, steps: int) -> ScheduleTape:
    tape = ScheduleTape(seed)
    tape.lines = list(scaled_tape(tape.draw(steps)))
    return tape


def run_schedule(
    integer: int, watch_steps: WatchSteps | None = None, orders_by: OrdersBy = OrdersBy.REST
) -> ScheduleResult:
    """Run a schedule to its end, or to its first violation. watch_steps: called with each event and its actions."""
    number = ScheduleNumber.of(integer)
    tape = tape_of(number.seed % TAPES, STEPS * number.parts // PARTS)
    plan = plan_of(number.seed, number.left_out, orders_by)
    venue = LocalVenue(SimulatorSettings(seed=number.seed, balance="40000", faults=plan), iter(tape.lines))
    variation, wire = variation_of(number.seed), VirtualWire(venue)
    watch = ExchangeWatch(RUN, variation.limits)
    venue.observe = watch.on_events
    engine, session, market = _joined(variation, wire, watch, tape.symbols, orders_by)
    session.client.watch = watch_steps
    _play(session, market, tape.calm_from_ms * MS, variation.commands, watch)
    _settle(session, engine.state, watch, whole=not number.seed % WHOLE_SETTLES)
    result = ScheduleResult(integer, engine.events, watch.trades, dict(venue.faults.applied_by_kind))
    engine.check_journal()
    if not watch.violations:
        account = next(iter(venue.state.accounts.values()))
        outside = bool(MOVES_MONEY & {kind for kind, count in result.kinds.items() if count})
        watch.at_the_end(engine.state, account.wallet - account.deposited, outside)
    result.violations = watch.violations
    return result


def _joined(
    variation: Variation, wire: VirtualWire, watch: ExchangeWatch, symbols: tuple[str, ...], orders_by: OrdersBy
) -> tuple[CheckedEngine, EngineSession, MarketStreams]:
    """The engine and its session with the exchange."""
    calls, settings, listed = (
        CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)),
        variation.settings,
        listed_contracts(symbols),
    )
    started = Started(wire.now_ns, RUN, CAPITAL, settings, variation.limits, listed)
    engine = CheckedEngine(started, watch, Deadlines(watch, Contact(wire.venue)))
    writer = RequestWriter(calls, {contract.symbol: contract for contract in listed})
    market = MarketStreams(wire, symbols, settings.depth)
    orders = OrderConnection(wire, calls) if orders_by is OrdersBy.WEBSOCKET else None
    client = EngineClient(wire, writer, engine, market, UserStream(wire, calls), orders)
    return engine, EngineSession(wire, client), market


@lru_cache
def listed_contracts(symbols: tuple[str, ...]) -> tuple[Contract, ...]:
    """The contracts, asked of an exchange without faults: an engine does not start without them."""
    tape = next(tape for tape in map(partial(tape_of, steps=0), range(TAPES)) if tape.symbols == symbols)
    wire = VirtualWire(LocalVenue(SimulatorSettings(balance="40000"), iter(tape.lines)))
    return finish(wire, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)), contracts_of(symbols))


def _play(
    session: EngineSession,
    market: MarketStreams,
    calm_from_ns: int,
    commands: Sequence[tuple[int, Command]],
    watch: ExchangeWatch,
) -> None:
    """The tape with its commands, then calm without faults, then a kill."""
    venue, waiting = session.venue, deque(commands)
    started_ns = venue.now_ns
    session.start()
    while (line := venue.next_line) is not None and line.time_ns < calm_from_ns and not watch.violations:
        while waiting and started_ns + waiting[0][0] * MS < line.time_ns:
            after_ms, command = waiting.popleft()
            session.advance(started_ns + after_ms * MS)
            session.take(Commanded(session.wire.now_ns, command, "of the schedule"))
        session.advance(line.time_ns)
    venue.faults.end()
    session.advance(venue.now_ns + CALM_NS)
    session.take(Commanded(session.wire.now_ns, Command.KILL, "the schedule has ended"))
    session.advance(venue.now_ns + CALM_NS)
    market.stop()


def _settle(session: EngineSession, state: EngineState, watch: ExchangeWatch, whole: bool) -> None:
    """Let everything come to rest: until nothing was left to do at two looks in a row.

    whole: if not, orders and stops that have never come to the exchange are left in doubt: for half an hour the engine
    would do no more than ask for them.
    """
    venue, at_rest = session.venue, 0
    until_ns = venue.now_ns + SETTLE_NS
    while venue.now_ns < until_ns and at_rest < 2 and not watch.violations:
        session.advance(venue.now_ns + LOOK_NS)
        hidden = any(entry.until_ms * MS > venue.now_ns for entry in venue.fault_runner.visibility.hidden)
        vain = frozenset[str]() if whole else watch.intents.keys() - watch.accepted
        at_rest = 0 if hidden or _is_busy(state, vain) else at_rest + 1


def _is_busy(state: EngineState, vain: Set[str]) -> bool:
    """True while the engine waits for something: the end of an order, a position, a stop, funding or its stream.

    vain: client ids of orders and stops whose end is not waited for.
    """
    closed = all(_is_closed(position, vain) for position in state.positions.values())
    waits = state.working.keys() - vain or state.unattributed or state.funding_check_ns
    return not closed or bool(waits) or not state.user_up


def _is_closed(position: Position, vain: Set[str]) -> bool:
    if position.dust or position.quantity or position.stop is None:
        return position.idle or (position.dust and not position.differs_ns)
    return position.stop.intent.client_id in vain and position.compared and not position.differs_ns
