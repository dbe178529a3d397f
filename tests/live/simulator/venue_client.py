"""A client of the exchange in process: signs requests, moves the time and collects what arrives."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from live.simulator.latency import NONE
from live.simulator.outputs import Frame, Output, Response
from live.simulator.settings import DEFAULT_KEY, SimulatorSettings, Start
from live.simulator.tape_source import TapeSource
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest, Opcode
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.signing import signed_params, signed_query

MS, S = 1_000_000, 1_000_000_000
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
BY_HAND = SimulatorSettings(speed=0, start=Start.HELD, inbound=NONE, outbound=NONE, balance="100000")


@dataclass
class VenueClient:
    """A client of a venue in process; collects outputs."""

    venue: LocalVenue
    outputs: list[Output] = field(default_factory=list)

    def make(self, method: str, path: str, **fields: Any) -> HttpRequest:
        """A signed request with the exchange's time."""
        query = signed_query({"timestamp": self.venue.now_ms} | fields)
        return HttpRequest(method, f"{path}?{query}", {"X-MBX-APIKEY": DEFAULT_KEY})

    def make_frame(self, method: str, **fields: Any) -> bytes:
        """A signed request of the WebSocket API with the exchange's time."""
        params = signed_params({"apiKey": DEFAULT_KEY, "timestamp": self.venue.now_ms} | fields)
        return json.dumps({"id": "1", "method": method, "params": params}).encode()

    def signed(self, method: str, path: str, **fields: Any) -> int:
        """Send a signed request; return its number."""
        return self.venue.request(self.make(method, path, **fields))

    def get(self, target: str, method: str = "GET") -> int:
        """Send a request with the key; return its number."""
        return self.venue.request(HttpRequest(method, target, {"X-MBX-APIKEY": DEFAULT_KEY}))

    def run(self, nanoseconds: int) -> list[Output]:
        """Advance the time; return what arrived meanwhile."""
        found = self.venue.advance(self.venue.now_ns + nanoseconds)
        self.outputs += found
        return found

    def keep_alive(self, connection: int, seconds: int) -> None:
        """Advance the time and answer the pings of a connection."""
        end_ns = self.venue.now_ns + seconds * S
        while self.venue.now_ns < end_ns:
            for output in self.run(min(60 * S, end_ns - self.venue.now_ns)):
                if isinstance(output, Frame) and output.opcode is Opcode.PING and output.connection == connection:
                    self.venue.send(connection, output.data, Opcode.PONG)

    def body(self, number: int) -> Any:
        """Advance until the response to a request has arrived; return its body."""
        while True:
            for output in self.run(MS):
                if isinstance(output, Response) and output.request == number:
                    assert output.response is not None
                    return json.loads(output.response.body)

    def frames(self, connection: int) -> list[bytes]:
        """The text frames of a connection so far."""
        texts = [found for found in self.outputs if isinstance(found, Frame) and found.opcode is Opcode.TEXT]
        return [found.data for found in texts if found.connection == connection]

    def call(self, method: str, path: str, **fields: Any) -> Any:
        """Send a signed request and return the body of its response."""
        return self.body(self.signed(method, path, **fields))


def open_client(tape: Path, **changes: Any) -> VenueClient:
    """A client of a venue without latency, unless changed."""
    settings: SimulatorSettings = replace(BY_HAND, **changes)
    return VenueClient(LocalVenue(settings, TapeSource().read(read_lines(tape))))
