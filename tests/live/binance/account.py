"""An account at an exchange in process, through the bytes of `live/binance` only."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.binance.answers import broken, events_of
from live.binance.calls import CallWriter
from live.binance.exchange_info import contract_of
from live.binance.requests import Asked, RequestWriter, Sendable
from live.binance.signing import Signer
from live.binance.user_stream import events_of as user_events_of
from live.engine import intents
from live.engine.actions import Ask, PlaceOrder
from live.engine.contract import Contract
from live.engine.events import BookChanged, Event, Request
from live.engine.intents import Approved, Intent, Purpose
from live.enums import OrderType, Side, TimeInForce
from live.money import SCALE
from live.simulator.outputs import Frame, Output, Response
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.simulator.venue import LocalVenue
from live.wire import Opcode
from tests.live.simulator.venue_client import MS, S, open_client

SYMBOL = "BTCUSDT"


def intent(client_id: str, side: Side, quantity: int, **changes: Any) -> Intent:
    """A market order to enter, unless changed."""
    fields = {"position": client_id, "purpose": Purpose.ENTRY, "type": OrderType.MARKET, "reason": "a test"}
    return Intent(client_id=client_id, symbol=SYMBOL, side=side, quantity=quantity, **fields | changes)


def limit_order(client_id: str, side: Side, quantity: int, price: int, force: TimeInForce) -> Intent:
    """A limit order to enter."""
    return intent(client_id, side, quantity, type=OrderType.LIMIT, price=price, time_in_force=force)


def stop(client_id: str, side: Side, trigger_price: int) -> Intent:
    """A stop of the whole position."""
    return intent(client_id, side, 0, purpose=Purpose.STOP, type=OrderType.STOP_MARKET, trigger_price=trigger_price)


def place(order: Intent, time_ns: int = 0) -> PlaceOrder:
    """The action that sends an order."""
    return PlaceOrder(time_ns, Approved(intents._KEY, order, (), time_ns))


def ask(request: Request, client_id: str = "", from_ns: int = 0) -> Ask:
    """The action that asks."""
    return Ask(0, request, SYMBOL, client_id, from_ns)


@dataclass
class AccountClient:
    """Sends actions, reads what comes back. user_events: of the user stream, in order of arrival."""

    venue: LocalVenue
    contract: Contract
    user_events: list[Event] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    _asked: dict[int, Asked] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writer = RequestWriter(CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)), {SYMBOL: self.contract})

    def send(self, action: Sendable) -> list[Event]:
        """Send an action and return what its answer says; what the user stream says meanwhile is collected."""
        made = self.writer.write(action, self.venue.now_ns)
        number = self.venue.request(made.request)
        while True:
            for output in self.advance(MS):
                if isinstance(output, Response) and output.request == number:
                    answer = output.response
                    if answer is None:
                        return broken(made.asked, output.time_ns)
                    return events_of(made.asked, answer.status, answer.body, answer.headers, output.time_ns)

    def advance(self, nanoseconds: int) -> list[Output]:
        """Move the time; user frames are read, all outputs returned."""
        outputs = self.venue.advance(self.venue.now_ns + nanoseconds)
        for output in outputs:
            if isinstance(output, Frame) and output.opcode is Opcode.TEXT:
                self.frames.append(output.data)
                self.user_events += user_events_of(output.data, output.time_ns)
        return outputs

    def best(self, side: Side) -> int:
        """The best price of one side, in units of 1e-8."""
        return self.venue.feed.books[SYMBOL].best(side)

    def book(self) -> BookChanged:
        """The venue's own book, five levels."""
        levels = [[*self.venue.feed.books[SYMBOL].levels(side)][:5] for side in (Side.BUY, Side.SELL)]
        bids, asks = (tuple(number for level in one for number in level) for one in levels)
        return BookChanged(self.venue.now_ns, SYMBOL, 0, 0, True, bids, asks)


def open_account(tape: Path, **changes: Any) -> AccountClient:
    """An account with a user stream at an exchange without latency, unless changed."""
    client = open_client(tape, **changes)
    listing = json.dumps(client.body(client.get("/fapi/v1/exchangeInfo"))).encode()
    rates = json.dumps(client.call("GET", "/fapi/v1/commissionRate", symbol=SYMBOL)).encode()
    settings = json.dumps(client.call("GET", "/fapi/v1/symbolConfig", symbol=SYMBOL)).encode()
    account = AccountClient(client.venue, contract_of(SYMBOL, listing, rates, settings))
    key = client.body(client.get("/fapi/v1/listenKey", "POST"))["listenKey"]
    client.venue.connect(f"/private/ws/{key}")
    account.advance(S)
    return account


LOT = SCALE // 100
"""0.01 BTC."""
