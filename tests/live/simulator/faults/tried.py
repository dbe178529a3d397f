"""A client of a venue in process under a fault plan: requests, streams and the books afterwards."""

import json
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from typing import Any

from live.simulator.core.audit import audit
from live.simulator.faults import FaultModel, FaultPlan
from live.simulator.outputs import Closed, Frame, Opened, Output, Response
from live.simulator.tape_source import Played, TapeSource
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest, HttpResponse, Opcode
from skills_lib.market.depth.tape.lines import TapeLine
from tests.live.conftest import BY_HAND, KEY
from tests.live.signing import signed_params, signed_query
from tests.live.simulator.tapes import TapeWriter

MS, S = 1_000_000, 1_000_000_000
ORDER, ALGO = "/fapi/v1/order", "/fapi/v1/algoOrder"


@cache
def tape(updates: int = 240) -> tuple[Played, ...]:
    """A generated tape of 12 seconds whose price falls from 60000 to 59995, decoded."""
    raw = [line.partition(" ") for line in TapeWriter(7, wanders=True).lines(updates)]
    return tuple(TapeSource().read(TapeLine(text.encode(), int(time), "") for time, _, text in raw))


@dataclass
class Tried:
    """A venue under faults. Its methods advance the time until what they asked for has arrived."""

    venue: LocalVenue
    outputs: list[Output] = field(default_factory=list)
    _answers: dict[int, HttpResponse | None] = field(default_factory=dict)
    _ids: Any = field(default_factory=lambda: count(1))

    def run(self, milliseconds: int) -> "Tried":
        """Advance the time."""
        for output in self.venue.advance(self.venue.now_ns + milliseconds * MS):
            self.outputs.append(output)
            if isinstance(output, Response):
                self._answers[output.request] = output.response
        return self

    def send(self, method: str, path: str, **fields: Any) -> int:
        """Send a signed request; return its number."""
        query = signed_query({"timestamp": self.venue.now_ms} | fields)
        return self.venue.request(HttpRequest(method, f"{path}?{query}", {"X-MBX-APIKEY": KEY}))

    def raw(self, method: str, path: str, **fields: Any) -> HttpResponse | None:
        """The response to a signed request; None if the connection broke."""
        number = self.send(method, path, **fields)
        self.run(1)
        return self._answers[number]

    def ask(self, method: str, path: str, **fields: Any) -> Any:
        """The body of the response to a signed request."""
        found = self.raw(method, path, **fields)
        assert found is not None
        return json.loads(found.body)

    def get(self, path: str, **fields: Any) -> Any:
        """The body of the response to a query of BTCUSDT."""
        return self.ask("GET", path, symbol="BTCUSDT", **fields)

    def answered(self, number: int) -> bool:
        """True if the response to a request has arrived."""
        return number in self._answers

    def answer_of(self, number: int) -> Any:
        """The body of a response that has arrived."""
        found = self._answers[number]
        assert found is not None
        return json.loads(found.body)

    def limit(self, side: str = "BUY", price: str = "59000.0", quantity: str = "0.010", **fields: Any) -> Any:
        """Place a limit order."""
        return self.ask("POST", ORDER, **limit(side, price, quantity), **fields)

    def market(self, side: str = "BUY", quantity: str = "0.010", **fields: Any) -> Any:
        """Place a market order."""
        order = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": quantity}
        return self.ask("POST", ORDER, newOrderRespType="RESULT", **order, **fields)

    def stop(self, side: str = "SELL", trigger: str = "50000.0", quantity: str = "0.010", **fields: Any) -> Any:
        """Place a stop."""
        order = {"symbol": "BTCUSDT", "side": side, "type": "STOP_MARKET", "quantity": quantity}
        return self.ask("POST", ALGO, algoType="CONDITIONAL", triggerPrice=trigger, **order, **fields)

    def user_stream(self) -> int:
        """Open the user stream."""
        key = self.ask("POST", "/fapi/v1/listenKey")["listenKey"]
        return self.open(f"/private/ws/{key}")

    def open(self, path: str) -> int:
        """Open a socket."""
        connection = self.venue.connect(path)
        self.run(1)
        return connection

    def is_open(self, connection: int) -> bool:
        """True if the handshake was answered and the socket not closed."""
        own = [output for output in self.outputs if not isinstance(output, Response)]
        kinds = [type(output) for output in own if output.connection == connection]
        return Opened in kinds and Closed not in kinds

    def closed(self, connection: int) -> Closed | None:
        """How a socket was closed."""
        ends = [output for output in self.outputs if isinstance(output, Closed) and output.connection == connection]
        return ends[0] if ends else None

    def texts(self, connection: int) -> list[bytes]:
        """The text frames of a socket so far."""
        texts = [output for output in self.outputs if isinstance(output, Frame) and output.opcode is Opcode.TEXT]
        return [output.data for output in texts if output.connection == connection]

    def events(self, connection: int, kind: str = "") -> list[Any]:
        """The events of a socket so far, or those of one kind."""
        found = [json.loads(text) for text in self.texts(connection)]
        return [event for event in found if kind in ("", event.get("e"))]

    def orders(self, connection: int) -> list[tuple[str, str]]:
        """Execution type and status of the order events of a socket."""
        return [(event["o"]["x"], event["o"]["X"]) for event in self.events(connection, "ORDER_TRADE_UPDATE")]

    def call(self, connection: int, method: str, **fields: Any) -> int:
        """Send a signed request of the WebSocket API; return its id."""
        params = {name: str(value) for name, value in fields.items()}
        params |= {"apiKey": KEY, "timestamp": str(self.venue.now_ms)}
        number = next(self._ids)
        message = {"id": number, "method": method, "params": signed_params(params)}
        self.venue.send(connection, json.dumps(message).encode())
        self.run(1)
        return int(number)

    def position(self) -> str:
        """The position as queries show it; 0 if there is none."""
        found = self.get("/fapi/v3/positionRisk")
        return found[0]["positionAmt"] if found else "0"

    def check_books(self) -> None:
        """Check the accounting rules."""
        assert audit(self.venue.state) == []


def limit(side: str = "BUY", price: str = "59000.0", quantity: str = "0.010") -> dict[str, str]:
    """The fields of a limit order."""
    fields = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC"}
    return fields | {"price": price, "quantity": quantity}


def tried(*faults: dict[str, Any] | FaultModel, seed: int = 0, updates: int = 240, **settings: Any) -> Tried:
    """A client of a new venue under these faults."""
    plan = FaultPlan.model_validate({"faults": list(faults)})
    return Tried(LocalVenue(replace(BY_HAND, faults=plan, seed=seed, **settings), iter(tape(updates))))
