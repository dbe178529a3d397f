"""What the engine wants done. The caller writes each to the journal and then carries it out, in order."""

import msgspec

from live.engine.events import Request
from live.engine.intents import Approved, LimitUse, Refused


class PlaceOrder(msgspec.Struct, frozen=True, tag="order_intent"):
    """Send an order or a stop. book: the levels the decision was made on; state: what else it rested on, as text.

    again: a stop in doubt is sent once more under the same id.
    """

    time_ns: int
    approved: Approved
    book_update_id: int = 0
    bids: tuple[int, ...] = ()
    asks: tuple[int, ...] = ()
    state: dict[str, str] = {}
    again: bool = False


class CancelOrder(msgspec.Struct, frozen=True, tag="cancel_intent"):
    """Cancel an order; sending it again does no harm."""

    time_ns: int
    symbol: str
    client_id: str
    reason: str


class CancelStop(msgspec.Struct, frozen=True, tag="cancel_stop_intent"):
    """Cancel a stop."""

    time_ns: int
    symbol: str
    client_id: str
    reason: str


class Ask(msgspec.Struct, frozen=True, tag="query"):
    """Ask the venue. from_ns: of TRADES, the first time wanted."""

    time_ns: int
    request: Request
    symbol: str
    client_id: str = ""
    from_ns: int = 0


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """Risk refused an entry that the signal wanted."""

    time_ns: int
    refused: Refused


class Alert(msgspec.Struct, frozen=True, tag="alert"):
    """Something a person should know. code: a fixed word, such as `risk_limit_approached`."""

    time_ns: int
    code: str
    symbol: str
    text: str
    use: LimitUse | None = None


class WakeAt(msgspec.Struct, frozen=True, tag="wake"):
    """Send a `Tick` at this time; a later one replaces it."""

    time_ns: int
    due_ns: int


Action = PlaceOrder | CancelOrder | CancelStop | Ask | Refusal | Alert | WakeAt
