"""What the model venue keeps of orders and stops, and the events that say it."""

from dataclasses import dataclass, field

from live.engine.events import AccountTrade, Fill, OrderReport, StopReport, Witness
from live.engine.intents import Intent
from live.enums import AlgoStatus, OrderStatus, Side
from tests.live.engine.states import SYMBOL


@dataclass
class VenueOrder:
    """An order at the venue. hidden_until_ns: queries do not find it before."""

    client_id: str
    order_id: int
    side: Side
    quantity: int
    price: int
    reduce_only: bool
    status: OrderStatus = OrderStatus.NEW
    filled: int = 0
    hidden_until_ns: int = 0

    def report(self, time_ns: int, event_ns: int, witness: Witness, fill: Fill | None = None) -> OrderReport:
        """The order as it is now."""
        return OrderReport(
            time_ns,
            SYMBOL,
            self.client_id,
            self.order_id,
            self.side,
            self.status,
            self.quantity,
            self.filled,
            self.reduce_only,
            event_ns,
            witness,
            fill,
        )


@dataclass
class VenueStop:
    """A conditional order at the venue."""

    intent: Intent
    algo_id: int
    status: AlgoStatus = AlgoStatus.NEW
    order_id: int = 0
    hidden_until_ns: int = 0

    @property
    def open(self) -> bool:
        """True while it can still fire."""
        return self.status is AlgoStatus.NEW

    def report(self, time_ns: int, event_ns: int, witness: Witness) -> StopReport:
        """The stop as it is now."""
        return StopReport(
            time_ns, SYMBOL, self.intent.client_id, self.algo_id, self.status, event_ns, witness, self.order_id
        )


@dataclass
class Ledger:
    """Position and trades of the account. cost: signed, at average price; money in units of 1e-8."""

    quantity: int = 0
    cost: int = 0
    realised: int = 0
    fees: int = 0
    trades: list[AccountTrade] = field(default_factory=list)
    updated_ns: int = 0
