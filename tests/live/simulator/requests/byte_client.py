"""Sends requests as exact bytes to an exchange in process, and reads whole responses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from live.simulator.outputs import Frame, Response
from live.simulator.tape_source import TapeSource
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.conftest import BY_HAND, KEY
from tests.live.signing import sign, signed_params
from tests.live.simulator.venue_client import MS, VenueClient

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
LIMIT_ORDER = ORDER | {"price": "59990.0"}
MARKET_ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}


@dataclass(frozen=True)
class Reply:
    """A response; `code` is that of its body, None if the body is no refusal."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int | None:
        return self.body.get("code") if isinstance(self.body, dict) else None


class ByteClient(VenueClient):
    """A client that chooses every byte of its requests."""

    def send(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None, key: str = KEY
    ) -> Reply:
        """Send a request and return its response."""
        named = {"X-MBX-APIKEY": key} | dict(headers or {})
        number = self.venue.request(HttpRequest(method, target, named, body))
        while True:
            for output in self.run(MS):
                if isinstance(output, Response) and output.request == number:
                    assert output.response is not None
                    found = output.response
                    assert found.headers["Content-Type"] == "application/json"
                    return Reply(found.status, json.loads(found.body), found.headers)

    def ask(self, method: str, path: str, **fields: Any) -> Reply:
        """A signed request with its parameters in the query."""
        return self.ask_text(method, path, urlencode(fields))

    def ask_text(self, method: str, path: str, query: str = "", body: str = "", timestamp: str = "") -> Reply:
        """A signed request with this query and body, whatever they hold."""
        stamp = f"timestamp={timestamp or self.venue.now_ms}"
        query = f"{query}&{stamp}" if query else stamp
        return self.send(method, f"{path}?{query}&signature={sign(query + body)}", body.encode())

    def say(self, connection: int, data: bytes) -> Any:
        """Send a frame and return the next one, decoded; None if nothing comes."""
        seen = len(self.frames(connection))
        self.venue.send(connection, data)
        self.run(MS)
        found = self.frames(connection)[seen:]
        return json.loads(found[0]) if found else None

    def api(self, connection: int, method: str, **fields: Any) -> Any:
        """A signed call of the WebSocket API."""
        params = {name: str(value) for name, value in fields.items()}
        params |= {"apiKey": KEY, "timestamp": str(self.venue.now_ms)}
        return self.say(connection, json.dumps({"id": 7, "method": method, "params": signed_params(params)}).encode())


def batch(*entries: Any) -> str:
    """A list of orders or ids as the query holds it."""
    return quote(json.dumps(entries, separators=(",", ":")))


def open_bytes(tape: Path, **changes: Any) -> ByteClient:
    """A client of a venue without latency, unless changed."""
    return ByteClient(LocalVenue(replace(BY_HAND, **changes), TapeSource().read(read_lines(tape))))


__all__ = ["LIMIT_ORDER", "MARKET_ORDER", "MS", "ORDER", "ByteClient", "Frame", "Reply", "batch", "open_bytes", "sign"]
