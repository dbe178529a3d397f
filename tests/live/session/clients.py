"""Engines of a few lines, to see what a session does with any engine; the real one is tested with its own events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from live.binance.calls import CallWriter
from live.binance.requests import RequestWriter
from live.binance.signing import Signer
from live.client.engine_client import EngineClient
from live.client.market_streams import MarketStreams
from live.client.opening import contracts_of
from live.client.order_connection import OrderConnection
from live.client.user_stream import UserStream
from live.engine.actions import Action
from live.engine.contract import Contract
from live.engine.events import Event
from live.session.session import EngineSession, finish
from live.session.tape_market import TapeMarket
from live.session.virtual_wire import VirtualWire
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
    def orders(self) -> OrderConnection | None:
        """What carries orders by the WebSocket API."""
        return self.session.client.orders

    @property
    def venue(self) -> LocalVenue:
        """The exchange."""
        return self.session.venue


def open_session(
    decide: Decide = nothing,
    streamed: bool = False,
    faults: list[dict[str, Any]] | None = None,
    orders_by_websocket: bool = False,
    signer: Signer | None = None,
    **changes: Any,
) -> Opened:
    """A session on a tape of twelve seconds; without latency and faults, unless changed."""
    plan = FaultPlan.model_validate({"faults": faults or []})
    settings = BY_HAND.__class__(**{**vars(BY_HAND), "faults": plan, **changes})
    wire = VirtualWire(LocalVenue(settings, iter(tape())))
    calls = CallWriter(signer or Signer(DEFAULT_KEY, DEFAULT_SECRET))
    (contract,) = finish(wire, calls, contracts_of([SYMBOL]))
    recorder = Recorder(decide)
    lines = None if streamed else TapeMarket(wire, [SYMBOL], DEPTH)
    writer = RequestWriter(calls, {SYMBOL: contract})
    market = lines or MarketStreams(wire, [SYMBOL], DEPTH)
    orders = OrderConnection(wire, calls) if orders_by_websocket else None
    client = EngineClient(wire, writer, recorder, market, UserStream(wire, calls), orders)
    session = EngineSession(wire, client, lines)
    session.start()
    return Opened(session, recorder, contract)
