"""An account at the exchange in process: what it holds is made by hand, then a conversation has it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from live.account.closing.closing import close_account
from live.account.closing.model import Closed, ClosingRequest
from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.conversations import Conversation
from live.client.wire import TakeAnswer
from live.engine.contract import Contract
from live.session.session import finish
from live.session.virtual_wire import VirtualWire
from live.simulator.core.orders import Order
from live.simulator.faults import FaultPlan
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest
from tests.live.simulator.faults.tried import Tried, limit, tape
from tests.live.simulator.venue_client import BY_HAND

T = TypeVar("T")
SYMBOL = "BTCUSDT"
MS, S = 1_000_000, 1_000_000_000


class NotedWire(VirtualWire):
    """Notes when each request is sent, and its path."""

    def __init__(self, venue: LocalVenue) -> None:
        super().__init__(venue)
        self.sent: list[tuple[int, str]] = []

    def request(self, request: HttpRequest, take: TakeAnswer) -> None:
        """Send a request."""
        self.sent.append((self.now_ns, request.target.partition("?")[0]))
        super().request(request, take)


@dataclass
class Holding:
    """An account, a person who trades in it (`by_hand`), and a program that talks to the exchange.

    contracts: those that a test has read.
    """

    by_hand: Tried
    wire: NotedWire
    calls: CallWriter
    contracts: tuple[Contract, ...] = ()

    @property
    def sent(self) -> list[tuple[int, str]]:
        """When the program has sent requests, and their paths."""
        return self.wire.sent

    @property
    def venue(self) -> LocalVenue:
        """The exchange."""
        return self.wire.venue

    def now(self) -> int:
        """The time."""
        return self.wire.now_ns

    def have(self, conversation: Conversation[T]) -> T:
        """What a conversation returns; the time moves."""
        return finish(self.wire, self.calls, conversation)

    def close(self, **changes: Any) -> Closed:
        """Close everything."""
        return self.have(close_account(replace(ClosingRequest("test"), **changes), self.now))

    def later(self, milliseconds: int, call: Callable[[], None]) -> None:
        """Do something after a while, as another program would."""
        self.wire.later(milliseconds * MS, call)

    def request(self, method: str, path: str, **fields: Any) -> None:
        """Send a request now, as another program would; its answer is not read."""
        self.by_hand.send(method, path, **fields)

    @property
    def is_flat(self) -> bool:
        """The truth: no position, no order of either book."""
        state = self.venue.state
        (account,) = state.accounts.values()
        return not (account.held() or state.open_orders(account.name) or state.waiting_algos(account.name))

    @property
    def closing_orders(self) -> list[Order]:
        """The orders that a closing has made."""
        return [order for order in self.venue.state.orders.values() if order.client_id.startswith("test-")]

    def buy(self, quantity: str = "0.010") -> "Holding":
        """Open a position."""
        self.by_hand.market("BUY", quantity)
        return self

    def protect(self) -> "Holding":
        """Place a stop that closes the position."""
        order = {"symbol": SYMBOL, "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "50000.0"}
        self.by_hand.ask("POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", closePosition="true", **order)
        return self

    def rest(self, price: str = "59000.0") -> "Holding":
        """Place an order that rests."""
        self.request("POST", "/fapi/v1/order", **limit(price=price))
        self.by_hand.run(1)
        return self


def holding(*faults: dict[str, Any], updates: int = 240, **settings: Any) -> Holding:
    """An account under faults, half a second after the first line of a tape with 20 updates a second."""
    plan = FaultPlan.model_validate({"faults": list(faults)})
    venue = LocalVenue(replace(BY_HAND, faults=plan, **settings), iter(tape(updates)))
    opened = Holding(Tried(venue), NotedWire(venue), CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)))
    opened.by_hand.run(500)
    return opened
