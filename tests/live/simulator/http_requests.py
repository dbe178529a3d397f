"""A minimal HTTP and WebSocket client of the simulator: signed requests and bare sockets."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from tests.live.conftest import KEY, SECRET, Running, Serve
from tests.live.signing import signed_params, signed_query

TIMEOUT_S = 60


@dataclass(frozen=True)
class Reply:
    """Status, body and headers of a response."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class HttpClient:
    """An HTTP session with a key. `offset_ms` is added to the machine's time."""

    host: str
    key: str = KEY
    secret: str = SECRET
    offset_ms: int = 0
    session: aiohttp.ClientSession = field(init=False)

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    async def request(self, method: str, path: str, **fields: Any) -> Reply:
        """An unsigned request with the key."""
        return await self._send(method, path, urlencode(fields), b"")

    async def signed(self, method: str, path: str, **fields: Any) -> Reply:
        """A signed request, parameters in the query."""
        return await self._send(method, path, self.sign(fields), b"")

    async def signed_form(self, method: str, path: str, **fields: Any) -> Reply:
        """A signed request, parameters in the form body."""
        return await self._send(method, path, "", self.sign(fields).encode())

    async def order(self, side: str = "BUY", quantity: str = "0.010", price: str = "59990.0", **fields: Any) -> Reply:
        """A limit order."""
        fields = {"type": "LIMIT", "timeInForce": "GTC", "price": price} | fields
        return await self.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side=side, quantity=quantity, **fields)

    async def market(self, side: str = "BUY", quantity: str = "0.010", **fields: Any) -> Reply:
        """A market order."""
        fields |= {"symbol": "BTCUSDT", "side": side, "quantity": quantity, "type": "MARKET"}
        return await self.signed("POST", "/fapi/v1/order", newOrderRespType="RESULT", **fields)

    def sign(self, fields: dict[str, Any]) -> str:
        """Query text with timestamp and signature."""
        return signed_query({"timestamp": time.time_ns() // 1_000_000 + self.offset_ms} | fields, self.secret)

    async def listen_key(self) -> str:
        """A listen key of the account."""
        return str((await self.request("POST", "/fapi/v1/listenKey")).body["listenKey"])

    async def socket(self, path: str) -> aiohttp.ClientWebSocketResponse:
        """A bare WebSocket."""
        return await self.session.ws_connect(f"ws://{self.host}{path}")

    async def _send(self, method: str, path: str, query: str, body: bytes) -> Reply:
        headers = {"X-MBX-APIKEY": self.key} if self.key else {}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        url = URL(f"http://{self.host}{path}?{query}", encoded=True)  # the signature covers every character
        async with self.session.request(method, url, data=body or None, headers=headers) as answer:
            return Reply(answer.status, json.loads(await answer.read()), dict(answer.headers))


async def event(socket: aiohttp.ClientWebSocketResponse, kind: str = "") -> Any:
    """The next message, or the next event of a kind."""
    while True:
        message = await socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        found = json.loads(message.data)
        if not kind or isinstance(found, list) or found.get("e") == kind or found.get("data", {}).get("e") == kind:
            return found


async def call(socket: aiohttp.ClientWebSocketResponse, method: str, signed: bool = True, **fields: Any) -> Any:
    """One request of the WebSocket API, signed over its sorted parameters."""
    params = {name: str(value) for name, value in fields.items()}
    if signed:
        params = signed_params(params | {"apiKey": KEY, "timestamp": str(time.time_ns() // 1_000_000)})
    await socket.send_json({"id": "7", "method": method, "params": params})
    return await event(socket)


Scenario = Callable[[HttpClient, Running], Awaitable[None]]


def run_scenario(serve: Serve, scenario: Scenario, **settings: Any) -> None:
    """Run a scenario with a new exchange, with a timeout."""

    async def run() -> None:
        async with serve(**settings) as running, HttpClient(running.host) as client:
            await asyncio.wait_for(scenario(client, running), TIMEOUT_S)

    asyncio.run(run())
