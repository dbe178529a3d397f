"""A strategy on one-minute bars at the local exchange in virtual time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from live.bars.decider import in_process
from live.bars.klines import as_bars, bars_of
from live.bars.market import BarMarket
from live.bars.strategy import BarStrategy
from live.binance.calls import CallWriter
from live.binance.requests import RequestWriter
from live.binance.signing import Signer
from live.client.engine_client import EngineClient
from live.client.market_streams import MarketStreams
from live.client.opening import contracts_of
from live.client.user_stream import UserStream
from live.engine.actions import Action, PlaceOrder
from live.engine.events import BarDecided, Event, Started, StrategyReported
from live.engine.intents import Purpose
from live.engine.limits import Executor, effective
from live.engine.settings import BarSettings
from live.enums import Side
from live.journal.opening import memory_journal
from live.journal.recorded_engine import RecordedEngine
from live.journal.sinks import MemorySink
from live.money import SCALE
from live.schedules.watch import ExchangeWatch
from live.session.session import EngineSession, finish
from live.session.virtual_wire import VirtualWire
from live.simulator.faults import FaultPlan
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.simulator.tape_source import Played, TapeSource
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest, HttpResponse
from skills_lib.backtest.strategy import compute_signals
from skills_lib.domain.bars import Bars
from skills_lib.domain.signals import Signals
from skills_lib.market.depth.tape.lines import TapeLine
from strategies.sma_crossover import SmaCrossover
from tests.live.simulator.tapes import TapeWriter
from tests.live.simulator.venue_client import BY_HAND

SYMBOL = "BTCUSDT"
S = 1_000_000_000
MINUTE_NS, MINUTE_MS = 60 * S, 60_000
CAPITAL = 100_000 * SCALE
FAST = {"fast": 2, "slow": 5}
SETTINGS = BarSettings(strategy="sma_crossover", timeframe="1m", parameters={"fast": "2", "slow": "5"}, history_bars=50)


@cache
def minutes(count: int, seed: int = 10) -> tuple[Played, ...]:
    """A generated tape of so many minutes whose price moves; it begins 16 seconds into a minute."""
    raw = [line.partition(" ") for line in TapeWriter(seed, wanders=True, step_ms=500).lines(count * 120)]
    return tuple(TapeSource().read(TapeLine(text.encode(), int(time), "") for time, _, text in raw))


def sma(bars: Bars) -> Signals:
    """Two averages, of two bars and of five."""
    return compute_signals(SmaCrossover, bars, FAST)


@dataclass
class BarSession:
    """A session and its parts. events: all that the engine was given; orders: all that it sent."""

    session: EngineSession
    engine: RecordedEngine
    market: BarMarket
    journal: MemorySink
    watch: ExchangeWatch
    events: list[Event] = field(default_factory=list)
    orders: list[PlaceOrder] = field(default_factory=list)

    def on_step(self, event: Event, actions: list[Action]) -> None:
        """Keep what the engine was given and what it sends, before it leaves."""
        self.events.append(event)
        for action in actions:
            if isinstance(action, PlaceOrder):
                self.orders.append(action)
                self.watch.intents[action.approved.intent.client_id] = action.approved.intent

    def entries(self) -> list[tuple[int, Side]]:
        """Time and side of each entry that was sent."""
        intents = [(order.time_ns, order.approved.intent) for order in self.orders]
        return [(time_ns, intent.side) for time_ns, intent in intents if intent.purpose is Purpose.ENTRY]

    @property
    def now_ns(self) -> int:
        return self.session.wire.now_ns

    def decided(self) -> list[BarDecided]:
        return [event for event in self.events if isinstance(event, BarDecided)]

    def reported(self) -> list[StrategyReported]:
        return [event for event in self.events if isinstance(event, StrategyReported)]

    def run(self, minutes: float) -> None:
        self.session.advance(self.now_ns + int(minutes * MINUTE_NS))

    def listed(self) -> Bars:
        """The closed bars of the exchange's list."""
        answers: list[HttpResponse | None] = []
        request = HttpRequest("GET", f"/fapi/v1/klines?symbol={SYMBOL}&interval=1m&limit=1500")
        self.session.wire.request(request, answers.append)
        self.run(0.001)
        assert answers[0] is not None
        rows = bars_of(answers[0].body) or []
        return as_bars([row for row in rows if (row.open_ms + MINUTE_MS) * 1_000_000 <= self.now_ns], MINUTE_MS)


def open_bars(
    count: int = 12,
    signals: Callable[[Bars], Signals] = sma,
    faults: list[dict[str, Any]] | None = None,
    decided_ns: dict[str, int] | None = None,
    start_after: float = 0,
    settings: BarSettings = SETTINGS,
    make_wire: Callable[[LocalVenue], VirtualWire] = VirtualWire,
) -> BarSession:
    """A session that has started; start_after: minutes of the tape that have passed before."""
    plan = FaultPlan.model_validate({"faults": faults or []})
    wire = make_wire(LocalVenue(replace(BY_HAND, faults=plan), iter(minutes(count))))
    wire.venue.advance(wire.now_ns + int(start_after * MINUTE_NS))
    calls = CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
    (contract,) = finish(wire, calls, contracts_of([SYMBOL]))
    limits = effective(Executor.BARS, CAPITAL, {})
    writer, sink = memory_journal(wire.now_ns, "b")
    engine = RecordedEngine(writer, Started(wire.now_ns, "b", CAPITAL, None, limits, (contract,), bars=settings))
    strategy = BarStrategy(settings, in_process(signals))
    market = BarMarket(wire, MarketStreams(wire, [SYMBOL], 5), [SYMBOL], strategy, decided_ns)
    client = EngineClient(wire, RequestWriter(calls, {SYMBOL: contract}), engine, market, UserStream(wire, calls))
    watch = ExchangeWatch("b", limits)
    wire.venue.observe = watch.on_events
    opened = BarSession(EngineSession(wire, client), engine, market, sink, watch)
    client.watch = opened.on_step
    opened.session.start()
    return opened
