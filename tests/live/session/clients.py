"""Engines of a few lines, to see what a session does with any engine; the real one is tested with its own events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from live.binance.requests import RequestWriter
from live.binance.signing import Signer
from live.engine.actions import Action
from live.engine.contract import Contract
from live.engine.events import Event
from live.session.opening import contracts
from live.session.session import EngineSession, MarketData
from live.session.streamed_market import StreamedMarket
from live.session.tape_market import TapeMarket
from live.session.user_stream import UserStream
from live.session.wire import Wire
from live.simulator.faults import FaultPlan
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.simulator.venue import LocalVenue
from tests.live.simulator.faults.tried import tape
from tests.live.simulator.venue_client import BY_HAND

SYMBOL = "BTCUSDT"
DEPTH = 5
Decide = Callable[[Event], list[Action]]


def nothing(_: Event) -> list[Action]:
    """Decides nothing."""
    return []


@dataclass
class Recorder:
    """An engine that keeps what it is given and decides by a function."""

    decide: Decide = nothing
    events: list[Event] = field(default_factory=list)

    def step(self, event: Event) -> list[Action]:
        """Keep the event."""
        self.events.append(event)
        return self.decide(event)

    def of(self, *kinds: type) -> list[Any]:
        """The events of some kinds."""
        return [event for event in self.events if isinstance(event, kinds)]


@dataclass
class Opened:
    """A session and its parts."""

    session: EngineSession
    recorder: Recorder
    contract: Contract

    @property
    def venue(self) -> LocalVenue:
        """The exchange."""
        return self.session.venue


def open_session(
    decide: Decide = nothing, streamed: bool = False, faults: list[dict[str, Any]] | None = None, **changes: Any
) -> Opened:
    """A session on a tape of twelve seconds; without latency and faults, unless changed."""
    plan = FaultPlan.model_validate({"faults": faults or []})
    settings = BY_HAND.__class__(**{**vars(BY_HAND), "faults": plan, **changes})
    wire = Wire(LocalVenue(settings, iter(tape())))
    signer = Signer(DEFAULT_KEY, DEFAULT_SECRET)
    (contract,) = contracts(wire, signer, [SYMBOL])
    recorder = Recorder(decide)
    made: MarketData = StreamedMarket(wire, [SYMBOL], DEPTH) if streamed else TapeMarket(wire, [SYMBOL], DEPTH)
    writer = RequestWriter(signer, {SYMBOL: contract})
    session = EngineSession(wire, writer, recorder, made, UserStream(wire, DEFAULT_KEY))
    session.start()
    return Opened(session, recorder, contract)
