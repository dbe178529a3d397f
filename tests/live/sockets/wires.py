"""A wire on the local exchange over loopback, with listeners and answers that a test can wait for."""

import asyncio
import selectors
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from live.binance.calls import Call, CallWriter
from live.binance.signing import Signer
from live.simulator.faults import FaultPlan
from live.sockets.clock import MachineClock
from live.sockets.endpoints import TradingVenue, VenueAddress
from live.sockets.http.pool import CONNECTIONS
from live.sockets.loop_wire import SocketWire
from live.wire import HttpRequest, HttpResponse
from tests.live.conftest import KEY, SECRET, Running, Serve

TIMEOUT_S = 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class MovedClock:
    """The machine's time, moved by the test: what has passed, and what the system clock says, in nanoseconds."""

    passed_ns: int = 0
    wall_ns: int = 1_700_000_000_000_000_000

    def clock(self) -> MachineClock:
        """The client's clock on it."""
        return MachineClock(lambda: self.wall_ns, lambda: self.passed_ns)

    def advance(self, nanoseconds: int) -> None:
        """Let time pass."""
        self.passed_ns += nanoseconds
        self.wall_ns += nanoseconds


@dataclass
class Listening:
    """A listener that keeps what it is given, in order: "opened", frames, "closed"."""

    given: asyncio.Queue[str | bytes] = field(default_factory=asyncio.Queue)

    def on_opened(self) -> None:
        self.given.put_nowait("opened")

    def on_frame(self, data: bytes) -> None:
        self.given.put_nowait(data)

    def on_closed(self) -> None:
        self.given.put_nowait("closed")


@dataclass
class Client:
    """A client of the exchange: a wire, the errors that it reported, and signed calls."""

    wire: SocketWire
    errors: list[Exception]
    calls: CallWriter = field(default_factory=lambda: CallWriter(Signer(KEY, SECRET)))

    def signed(self, method: str, path: str, **parameters: str) -> HttpRequest:
        """A signed request of this moment."""
        return self.calls.write(Call(method, path, parameters), self.wire.now_ns)

    def send(self, request: HttpRequest) -> "asyncio.Future[HttpResponse | None]":
        """Send a request; its answer."""
        answer: asyncio.Future[HttpResponse | None] = asyncio.get_running_loop().create_future()
        self.wire.request(request, answer.set_result)
        return answer

    async def get(self, target: str) -> HttpResponse | None:
        """The answer to a request without a signature."""
        return await self.send(HttpRequest("GET", target))

    async def ready(self) -> None:
        """Return once connections are open."""
        answer = await self.get("/fapi/v1/ping")
        assert answer is not None


class BareServer:
    """A listening socket whose connections a test reads and writes byte by byte. Nothing is accepted unasked."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)

    @property
    def address(self) -> VenueAddress:
        """Its address."""
        return VenueAddress.of(TradingVenue.SIMULATOR, f"127.0.0.1:{self._socket.getsockname()[1]}")

    async def accept(self) -> socket.socket:
        """The next connection."""
        connection, _ = await asyncio.get_running_loop().sock_accept(self._socket)
        connection.setblocking(False)
        return connection

    async def accept_all(self, wire: SocketWire) -> list[socket.socket]:
        """All connections of a client, the first of which it is known to hold open: it has carried a request."""
        connections = [await self.accept() for _ in range(CONNECTIONS)]
        answer: asyncio.Future[HttpResponse | None] = asyncio.get_running_loop().create_future()
        wire.request(HttpRequest("GET", "/first"), answer.set_result)
        while not any(requests := bytes_waiting(connections)):
            await asyncio.sleep(0)
        carrier = next(number for number, request in enumerate(requests) if request)
        connections[carrier].send(OK)
        await answer
        return [connections.pop(carrier), *connections]

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


def bytes_waiting(connections: list[socket.socket]) -> list[bytes]:
    """What each connection has received up to now, without waiting."""
    found = []
    for connection in connections:
        try:
            found.append(connection.recv(1 << 16))
        except BlockingIOError:
            found.append(b"")
    return found


SPEED = 10


class _QuickSelector(selectors.DefaultSelector):
    """Waits a fraction of the time that it is asked to wait."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / SPEED)


class QuickLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes `SPEED` times as fast, so that what ends after ten seconds ends soon."""

    def __init__(self) -> None:
        super().__init__(_QuickSelector())

    def time(self) -> float:
        return super().time() * SPEED


def run_with_server(
    scenario: Callable[[SocketWire, BareServer], Awaitable[None]], clock: MachineClock, quickly: bool = False
) -> None:
    """Run a scenario of a wire and a bare server; an error of the client fails it."""
    errors: list[Exception] = []

    async def run() -> None:
        server = BareServer()
        async with SocketWire(server.address, errors.append, clock) as wire:
            await asyncio.wait_for(scenario(wire, server), TIMEOUT_S * (SPEED if quickly else 1))
        server.close()

    run_loop(run(), quickly)
    assert errors == []


def run_loop(work: Coroutine[Any, Any, None], quickly: bool) -> None:
    """Run it to its end, on a `QuickLoop` or on one of asyncio's."""
    with asyncio.Runner(loop_factory=QuickLoop if quickly else asyncio.new_event_loop) as runner:
        runner.run(work)


Scenario = Callable[[Client, Running], Awaitable[None]]


def run_client(
    serve: Serve,
    scenario: Scenario,
    clock: MachineClock | None = None,
    faults: list[dict[str, Any]] | None = None,
    quickly: bool = False,
    **settings: Any,
) -> None:
    """Run a scenario with a new exchange and a new client, with a timeout."""

    async def run() -> None:
        plan = FaultPlan.model_validate({"faults": faults or []})
        async with serve(faults=plan, **settings) as running:
            errors: list[Exception] = []
            address = VenueAddress.of(TradingVenue.SIMULATOR, running.host)
            async with SocketWire(address, errors.append, clock) as wire:
                await asyncio.wait_for(scenario(Client(wire, errors), running), TIMEOUT_S * (SPEED if quickly else 1))

    run_loop(run(), quickly)
