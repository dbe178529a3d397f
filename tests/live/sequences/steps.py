"""Steps of a sequence. A step stands for itself: references are resolved when it runs, so any step can be left out."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Known:
    """What the account has been told of an open order or a position, counted from the newest; of any if none is open.

    kind: orderId, origClientOrderId, symbol, side; algoId, clientAlgoId; heldSymbol, heldSide, heldAmount, closingSide.
    """

    kind: str
    back: int


@dataclass(frozen=True, slots=True)
class Near:
    """A price near the market, in ticks from the last price, negative below it."""

    symbol: str | Known
    ticks: int


@dataclass(frozen=True, slots=True)
class Later:
    """A time so many milliseconds from now."""

    ms: int


@dataclass(frozen=True, slots=True)
class Many:
    """A JSON list of orders, as in batch requests."""

    entries: "tuple[Fields, ...]"


Value: TypeAlias = str | Near | Known | Later | Many
Fields: TypeAlias = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Play:
    """Play tape lines."""

    lines: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass, with what the tape holds for it."""

    ms: int


@dataclass(frozen=True, slots=True)
class Rest:
    """A REST request. form: parameters in the body. signed: False leaves the signature out."""

    account: int
    method: str
    path: str
    fields: Fields = ()
    form: bool = False
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A request over the WebSocket API."""

    account: int
    method: str
    fields: Fields = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that are no request: on the WebSocket API, or as a REST target and body."""

    data: bytes
    socket: bool


@dataclass(frozen=True, slots=True)
class Intervene:
    """Others act in an account: a command of `live.simulator.core.interventions`, or a liquidation."""

    command: object


Step: TypeAlias = Play | Wait | Rest | Call | Raw | Intervene
