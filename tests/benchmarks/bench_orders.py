"""How long an order takes from the engine's decision to its bytes on the socket, with its journal flushed.

Run by `make bench`. Runs of the real engine on a loopback socket, for each policy of forcing the journal to the disk
and each way of an order, with an HMAC key. Between them, on the same bytes: HMAC-SHA256 alone, the write of the
journal's records alone (and fsync, where the policy has it), and the write to a socket alone, each after the same
pause, for a processor that has done something else is slower. Microseconds, median and best of `--repeats`; the target
is twice the sum of the three.
"""

import argparse
import asyncio
import hashlib
import hmac
import os
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve

from live.binance.calls import CallWriter
from live.binance.requests import RequestWriter
from live.binance.signing import Signer
from live.client.engine_client import EngineClient
from live.client.order_connection import OrderConnection, OrdersBy
from live.client.user_stream import UserStream
from live.client.wire import ignore
from live.engine.actions import Action
from live.engine.engine import step
from live.engine.events import Event
from live.engine.state import EngineState
from live.journal import recorded_engine
from live.journal.opening import new_journal
from live.journal.recorded_engine import RecordedEngine
from live.journal.settings import Fsync
from live.sockets.endpoints import TradingVenue, VenueAddress
from live.sockets.http.connection import Exchange
from live.sockets.loop_wire import SocketWire
from tests.live.journal.examples import CONTRACT, START_NS, started
from tests.live.journal.runs import BALANCED, BUYING, imbalanced, opening

TARGET = 2.0
PAUSE_S = 0.005
LISTED = (
    b'{"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":2400},'
    b'{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":1000000},'
    b'{"rateLimitType":"ORDERS","interval":"MINUTE","intervalNum":1,"limit":1000000}]}'
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class NoMarket:
    """Market data that the bench gives itself."""

    def start(self) -> None:
        """Nothing to open."""


@dataclass
class Sample:
    """One order: the bytes written, and when it was decided and written, in nanoseconds."""

    decided_ns: int = 0
    written_ns: int = 0
    records: bytes = b""
    request: bytes = b""


@dataclass
class Timed:
    """Notes the decision and the write of the sample at hand."""

    sample: Sample = field(default_factory=Sample)

    def decide(self, state: EngineState, event: Event) -> list[Action]:
        """The engine's step, and when it ended."""
        actions = step(state, event)
        if actions:
            self.sample.decided_ns = time.perf_counter_ns()
        return actions

    def sending(self, send: Callable[[Exchange], None]) -> Callable[[Exchange], None]:
        """The pool's `send`, and when it ended."""

        def timed(exchange: Exchange) -> None:
            send(exchange)
            self.sample.written_ns, self.sample.request = time.perf_counter_ns(), exchange.data

        return timed

    def framing(self, send: Callable[[int, bytes], bool]) -> Callable[[int, bytes], bool]:
        """The `send` of WebSockets, and when it ended."""

        def timed(connection: int, data: bytes) -> bool:
            sent = send(connection, data)
            self.sample.written_ns, self.sample.request = time.perf_counter_ns(), data
            return sent

        return timed


@dataclass
class Bare:
    """The three parts alone. fsync: forces the file to the disk, too."""

    file: int
    ours: socket.socket
    theirs: socket.socket
    fsync: bool

    def hash(self, sample: Sample) -> None:
        """Sign."""
        payload = sample.request.rpartition(b"\r\n\r\n")[2].partition(b"&signature=")[0]
        hmac.new(b"the-secret", payload, hashlib.sha256).hexdigest()

    def write(self, sample: Sample) -> None:
        """Write the records."""
        os.write(self.file, sample.records)
        if self.fsync:
            os.fsync(self.file)

    def send(self, sample: Sample) -> None:
        """Write the request."""
        self.ours.send(sample.request)

    async def microseconds_of(self, sample: Sample) -> list[float]:
        """How long each takes, after a pause."""
        taken = []
        for part in (self.hash, self.write, self.send):
            await asyncio.sleep(PAUSE_S)
            began = time.perf_counter_ns()
            part(sample)
            taken.append((time.perf_counter_ns() - began) / 1e3)
        self.theirs.recv(1 << 16)
        return taken


async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request on a connection."""
    while await reader.read(1 << 16):
        writer.write(ANSWER)
    writer.close()


async def take_all(connection: ServerConnection) -> None:
    """Take each frame of a connection."""
    async for _ in connection:
        pass


async def measured(fsync: Fsync, by: OrdersBy, repeats: int, folder: Path) -> tuple[list[float], list[list[float]]]:
    """Microseconds of an order in each of `repeats` runs of the engine, and those of the parts."""
    timed, whole, parts = Timed(), [], []
    recorded_engine.step = timed.decide
    file = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        bare = Bare(file, ours, listening.accept()[0], fsync is not Fsync.NEVER)
    async with listening_to(by) as port, connected(port, timed) as wire:
        orders = await opened(wire) if by is OrdersBy.WEBSOCKET else None
        for number in range(repeats):
            await asyncio.sleep(PAUSE_S)
            timed.sample = Sample()
            run(wire, orders, folder / f"{fsync}-{by}-{number}.jsonl", fsync, timed.sample)
            whole.append((timed.sample.written_ns - timed.sample.decided_ns) / 1e3)
            parts.append(await bare.microseconds_of(timed.sample))
    return whole, parts


@asynccontextmanager
async def listening_to(by: OrdersBy) -> AsyncIterator[int]:
    """A server that takes orders; its port."""
    serving = (
        await serve(take_all, "127.0.0.1", 0)
        if by is OrdersBy.WEBSOCKET
        else await asyncio.start_server(answer_all, "127.0.0.1", 0)
    )
    yield next(iter(serving.sockets)).getsockname()[1]
    serving.close()


@asynccontextmanager
async def connected(port: int, timed: Timed) -> AsyncIterator[SocketWire]:
    """A client of it, which may send as many orders as are measured."""
    async with SocketWire(VenueAddress.of(TradingVenue.SIMULATOR, f"127.0.0.1:{port}"), print) as wire:
        (line,) = wire._lines.values()
        line.pool.send = timed.sending(line.pool.send)
        wire._sockets.send = timed.framing(wire._sockets.send)
        wire.weights.learn(LISTED)
        yield wire


async def opened(wire: SocketWire) -> OrderConnection:
    """The connection of its orders, open."""
    orders = OrderConnection(wire, CallWriter(Signer("the-key", "the-secret")))
    orders.start()
    while not orders.up:
        await asyncio.sleep(PAUSE_S)
    return orders


def run(wire: SocketWire, orders: OrderConnection | None, path: Path, fsync: Fsync, sample: Sample) -> None:
    """One run up to its order."""
    writer = new_journal(path, START_NS, "bench", fsync)
    calls = CallWriter(Signer("the-key", "the-secret"))
    engine = RecordedEngine(writer, started())
    requests = RequestWriter(calls, {CONTRACT.symbol: CONTRACT})
    client = EngineClient(wire, requests, engine, NoMarket(), UserStream(wire, calls), orders)
    for event in [*opening(), *(imbalanced(number, BALANCED) for number in range(1, 5))]:
        engine.step(event)
    writer.flush(START_NS)
    before = path.stat().st_size
    client.take(imbalanced(5, BUYING))
    client.take = ignore  # the answer is no part of this
    sample.records = path.read_bytes()[before:]
    writer.close()


def main() -> None:
    """Print a row for each policy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=300)
    repeats = parser.parse_args().repeats
    print(f"From decision to bytes on the socket; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as text:
        for fsync, by in product((Fsync.EACH_ORDER, Fsync.NEVER), OrdersBy):
            whole, parts = asyncio.run(measured(fsync, by, repeats, Path(text)))
            median, bare = statistics.median(whole), [statistics.median(part) for part in zip(*parts, strict=True)]
            print(
                f"  fsync {fsync:10}  by {by:9}  median {median:7.1f} us  best {min(whole):7.1f}  bare "
                f"{' + '.join(f'{part:.1f}' for part in bare)} = {sum(bare):.1f} us  ratio {median / sum(bare):.2f}"
                f"  (target at most {TARGET})"
            )


if __name__ == "__main__":
    main()
