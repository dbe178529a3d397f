"""What messages to a person cost an order: from the engine's decision to the bytes on the socket. Run by `make bench`.

Runs of the real engine in a `LiveRun` on a loopback socket, as in `bench_orders.py`, without forcing the disk. Each
order comes with an alert of its own, so that one message leaves with every order; the sending process is a real one.
Four channels, in turns: no address, a webhook that takes messages, one that refuses connections, one that never
answers. Microseconds of time, and of processor time, which other programs on the machine change less; the target is
that no channel changes the 99th percentile by 5 % of that without an address.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from live.account.preflight.facts import AccountFacts
from live.account.reads import Seen, Unknown
from live.alerts.channel import AlertChannel
from live.alerts.targets import targets_of
from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.wire import Unlimited, ignore
from live.daemon.ending import RunEnd
from live.daemon.live_run import LiveRun
from live.daemon.logs import open_log
from live.daemon.notices import Notices
from live.engine.actions import Action, Alert
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
from tests.benchmarks.bench_orders import PAUSE_S, Sample, Timed, answer_all
from tests.live.journal.examples import START_NS, started
from tests.live.journal.runs import BALANCED, BUYING, imbalanced, opening

TARGET_PERCENT = 5
NONE = "no address"
NOTHING = Unknown("")
FACTS = AccountFacts(
    NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, None, Seen(NOTHING, NOTHING, NOTHING, NOTHING), START_NS, START_NS
)
WEBHOOK = """
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@dataclass
class Alerting(Timed):
    """Adds an alert to each order that the engine decides. used_ns: processor time when it was decided and written."""

    orders: int = 0
    used_ns: tuple[int, int] = (0, 0)

    def decide(self, state: EngineState, event: Event) -> list[Action]:
        """The engine's step, an alert before an order, and when it ended."""
        actions = step(state, event)
        if len(actions) > 1:
            self.orders += 1
            actions.insert(0, Alert(event.time_ns, f"code_{self.orders}", "BTCUSDT", "A message with this order."))
        self.used_ns = (time.thread_time_ns(), 0)
        self.sample.decided_ns = time.perf_counter_ns()
        return actions

    def noting(self, send: Callable[[Exchange], None]) -> Callable[[Exchange], None]:
        """The pool's `send`, and when it ended by both clocks."""

        def noted(exchange: Exchange) -> None:
            self.sending(send)(exchange)
            self.used_ns = (self.used_ns[0], time.thread_time_ns())

        return noted


@dataclass
class Around:
    """What a run lets its process know; alerts go to the log and the channel, as in the daemon."""

    notices: Notices
    log: object
    defects: list[Exception] = field(default_factory=list)

    def happened(self, event: Event) -> None:
        """Notice trades."""
        self.notices.on_event(event)

    def said(self, alert: Alert) -> None:
        """Write it down and send it."""
        self.log.warning(alert.code, symbol=alert.symbol, text=alert.text)  # type: ignore[attr-defined]
        self.notices.on_alert(alert)

    def latch(self, reason: str) -> None:
        """No run is killed here."""

    def closing(self) -> None:
        """No account is closed here."""

    def defect(self, error: Exception) -> None:
        """Keep it: there must be none."""
        self.defects.append(error)

    def over(self, end: RunEnd) -> None:
        """No run ends here."""


@contextmanager
def channels() -> Iterator[dict[str, AlertChannel]]:
    """Each channel by its name; the sending processes end with it."""
    with ExitStack() as stack:
        taking = stack.enter_context(subprocess.Popen((sys.executable, "-c", WEBHOOK), stdout=subprocess.PIPE))
        stack.callback(taking.kill)
        assert taking.stdout is not None
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        ports = {"delivered": int(taking.stdout.readline()), "refused": 9, "silent": silent.getsockname()[1]}
        made = {name: AlertChannel(targets_of(f"json://127.0.0.1:{port}/")) for name, port in ports.items()}
        for channel in made.values():
            stack.callback(channel.close, 0)
        yield {NONE: AlertChannel(())} | made


def order(wire: SocketWire, path: Path, around: Around, timed: Alerting) -> tuple[float, float]:
    """Microseconds from the decision to the bytes, of one run up to its order, and of processor time."""
    engine = RecordedEngine(new_journal(path, START_NS, "bench", Fsync.NEVER), started())
    run = LiveRun(wire, CallWriter(Signer("the-key", "the-secret")), engine, FACTS, ignore_end, around)
    for event in [*opening(), *(imbalanced(number, BALANCED) for number in range(1, 5))]:
        engine.step(event)
    engine.journal.flush(START_NS)
    timed.sample = Sample()
    run.client.take(imbalanced(5, BUYING))
    assert timed.sample.written_ns, "the order was not sent"
    taken = (timed.sample.written_ns - timed.sample.decided_ns) / 1e3, (timed.used_ns[1] - timed.used_ns[0]) / 1e3
    run.client.take = ignore  # type: ignore[method-assign]  # the answer is no part of this
    run.ended = True
    return taken


def ignore_end() -> None:
    """The journal is let go with the run."""


async def measured(repeats: int, folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Microseconds of each order, by channel, and of processor time."""
    server = await asyncio.start_server(answer_all, "127.0.0.1", 0)
    address = VenueAddress.of(TradingVenue.SIMULATOR, f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    timed = Alerting()
    recorded_engine.step = timed.decide
    log = open_log(folder, "bench")
    async with SocketWire(address, print) as wire:
        line = wire._lines[address.rest]
        wire._lines[address.rest] = line._replace(weights=Unlimited())  # type: ignore[arg-type]  # takes more orders
        line.pool.send = timed.noting(line.pool.send)  # type: ignore[method-assign]
        with channels() as made:
            around = {name: Around(Notices(channel, START_NS), log) for name, channel in made.items()}
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in made}
            for number in range(repeats * len(made)):
                name = list(made)[number % len(made)]
                await asyncio.sleep(PAUSE_S)
                found[name].append(order(wire, folder / f"{number}.jsonl", around[name], timed))
            assert not [error for one in around.values() for error in one.defects]
            print({name: channel.counts for name, channel in made.items()})
    await asyncio.sleep(PAUSE_S)
    server.close()
    return found


def main() -> None:
    """Print a row for each channel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1_000)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as text:
        found = asyncio.run(measured(repeats, Path(text)))
    print(f"From decision to bytes with an alert; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for place, clock in enumerate(("time", "processor time")):
        taken = {name: [one[place] for one in times] for name, times in found.items()}
        quantiles = {name: statistics.quantiles(times, n=100, method="inclusive") for name, times in taken.items()}
        for name, values in quantiles.items():
            change = 100 * (values[98] / quantiles[NONE][98] - 1)
            print(
                f"  {clock:14}  {name:10}  median {values[49]:7.1f} us  p90 {values[89]:7.1f}  p99 {values[98]:7.1f}  "
                f"change of p99 {change:+.1f} % (target under {TARGET_PERCENT} %)"
            )


if __name__ == "__main__":
    main()
