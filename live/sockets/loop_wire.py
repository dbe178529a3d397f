"""A `Wire` over sockets on a running asyncio loop, which must be asyncio's own: uvloop writes later, not at once."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple, Self

from live.binance.weights import cost_of
from live.client.wire import MS, TIMEOUT_NS, Listener, S, TakeAnswer, ignore
from live.engine.events import Event
from live.sockets.clock import MachineClock
from live.sockets.endpoints import RestHost, VenueAddress
from live.sockets.http.connection import Exchange
from live.sockets.http.messages import body_limit, bytes_of
from live.sockets.http.pool import HttpPool
from live.sockets.tasks import OnError
from live.sockets.web_sockets import WebSockets
from live.sockets.weights import RequestWeights
from live.wire import HttpRequest, HttpResponse
from skills_lib.market.depth.feed.socket import import_picows

BEAT_NS: Final = 100 * MS
LISTING: Final = "/fapi/v1/exchangeInfo"


class _Line(NamedTuple):
    """What carries the requests to one host, and what may leave to it. name: with its port."""

    name: str
    pool: HttpPool
    weights: RequestWeights


class SocketWire:
    """Requests, WebSockets and time of one client; use `async with`.

    emit: takes events. on_error: takes what the client raised while it was called; nothing of it is lost. weights: what
    may leave to the host of futures.

    Before anything is handed on after the loop has not run for a while, all connections are closed and their listeners
    know, and reads that were under way have no answer: whoever was stopped reads before it acts.
    """

    def __init__(self, address: VenueAddress, on_error: OnError, clock: MachineClock | None = None) -> None:
        self.emit: Callable[[Event], None] = ignore
        self.address, self.clock = address, clock or MachineClock()
        self._freezes = 0
        self._on_error = on_error
        self._lines: dict[str, _Line] = {}
        self.weights = self._line(address.rest).weights
        self._sockets = WebSockets(self._guard, on_error)
        self._running = False

    async def __aenter__(self) -> Self:
        """Open the connections of requests, and let the clock beat.

        Raises:
            InputError: the extra `live` is missing.
        """
        import_picows()
        self._loop, self._running = asyncio.get_running_loop(), True
        self._lines[self.address.rest].pool.start()
        self._beat()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything. The client is called no more."""
        self._running = False
        for line in self._lines.values():
            await line.pool.stop()
        await self._sockets.stop()

    @property
    def now_ns(self) -> int:
        """The time, in nanoseconds since 1970; see `clock.py`."""
        return self.clock.now_ns

    @property
    def freezes(self) -> int:
        """How often everything was opened again because the loop had not run; looks whether it has."""
        self.check()
        return self._freezes

    def request(self, request: HttpRequest, take: TakeAnswer) -> None:
        """Send a request: written in this call if a connection is free. `take` is called once, later.

        A request that must not leave now is answered in the exchange's place: see `weights.py`.
        """
        self.check()
        base, cost = self.address.base_of(request.target), cost_of(request)
        name, pool, weights = self._lines.get(base) or self._begin(base)
        if refusal := weights.refusal(cost):
            self._loop.call_soon(self._guard, partial(take, refusal))
            return
        data, limit = bytes_of(request, name), body_limit(request.target)
        take = self._in_time(take) if cost.reads else take
        exchange = Exchange(data, limit, cost.reads, partial(self._on_answer, weights, request.target, take))
        pool.send(exchange)
        if not cost.reads:
            self._loop.call_soon(weights.left, cost)
        exchange.timer = self._loop.call_later(TIMEOUT_NS / S / self.clock.speed, pool.give_up, exchange)

    def connect(self, target: str, listener: Listener) -> int:
        """Open a WebSocket; returns its number. A connection that cannot be opened is one that closes."""
        return self._sockets.connect(self.address.websocket(target), listener)

    def send(self, connection: int, data: bytes) -> bool:
        """Write a text frame in this call; False if the WebSocket is not open."""
        return self._sockets.send(connection, data)

    def close(self, connection: int) -> None:
        """Close a WebSocket: its listener gets nothing more."""
        self._sockets.close(connection)

    def later(self, delay_ns: int, call: Callable[[], None]) -> None:
        """Call after some time."""
        self._loop.call_later(delay_ns / S / self.clock.speed, self._guard, call)

    def check(self) -> None:
        """Open everything again if the loop has not run for too long."""
        if not (self._running and self.clock.frozen):
            return
        self.clock.beat()
        self._freezes += 1
        unanswered = [one for line in self._lines.values() for one in line.pool.renew()]
        self._sockets.end_all()
        for exchange in unanswered:
            exchange.end(None)

    def _line(self, base: str) -> _Line:
        host = RestHost.of(base)
        pool = HttpPool(host.name, host.port, host.tls, self._on_error, self.check)
        line = self._lines[base] = _Line(host.netloc, pool, RequestWeights(host.netloc))
        return line

    def _begin(self, base: str) -> _Line:
        """Connections to another host, opened with the first request that goes there."""
        line = self._line(base)
        line.pool.start()
        return line

    def _in_time(self, take: TakeAnswer) -> TakeAnswer:
        """Takes the answer to a read, or that there is none: after a freeze it is too old."""
        before = self._freezes
        return lambda answer: take(answer if self.freezes == before else None)

    def _on_answer(self, weights: RequestWeights, target: str, take: TakeAnswer, answer: HttpResponse | None) -> None:
        if answer is not None:
            weights.observe(answer)
            if answer.status == 200 and target.startswith(LISTING):
                weights.learn(answer.body)
        self._guard(partial(take, answer))

    def _guard(self, call: Callable[[], None]) -> None:
        """Call the client, unless it was stopped meanwhile."""
        self.check()
        if not self._running:
            return
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever it is, the client did not finish what it was doing
            self._on_error(error)

    def _beat(self) -> None:
        if self._running:
            self.check()
            self.clock.beat()
            self._loop.call_later(BEAT_NS / S, self._beat)
