"""A run at the exchange in process, and what it asks of its process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from live.account.preflight.facts import read_facts
from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.opening import contracts_of
from live.client.order_connection import OrdersBy
from live.client.wire import S
from live.daemon.ending import RunEnd
from live.daemon.live_run import LiveRun
from live.daemon.recovery import Recovered
from live.engine.actions import Alert
from live.engine.events import CarriedOver, Event, Started
from live.journal.recorded_engine import RecordedEngine
from live.journal.settings import Fsync
from live.journal.sinks import FileSink
from live.journal.writer import JournalWriter
from live.session.session import EngineSession, finish
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from tests.live.daemon.lives import CAPITAL, LIMITS, RUN, SETTINGS, WatchedWire, exchange

STEP_NS = S // 20


@dataclass
class Host:
    """What a run needs of its process, and what it was given. sent_before: orders sent when the latch was set."""

    latches: list[str] = field(default_factory=list)
    sent_before: list[int] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    ends: list[RunEnd] = field(default_factory=list)
    closings: int = 0

    def latch(self, reason: str) -> None:
        """Keep it."""
        self.latches.append(reason)
        self.sent_before.append(len(self.sent))

    def closing(self) -> None:
        """Count it."""
        self.closings += 1

    def happened(self, event: Event) -> None:
        """Nothing is kept of it."""

    def said(self, alert: Alert) -> None:
        """Keep it."""
        self.alerts.append(alert.code)

    def defect(self, error: Exception) -> None:
        """Keep it."""
        self.defects.append(type(error).__name__)

    def over(self, end: RunEnd) -> None:
        """Keep it."""
        self.ends.append(end)


class Hosted:
    """A run, its exchange and its host."""

    def __init__(
        self,
        journal: Path,
        faults: Sequence[dict[str, Any]] = (),
        carried: CarriedOver | None = None,
        seed: int = 2,
        steps: int = 100,
        venue: dict[str, Any] | None = None,
        orders_by: OrdersBy = OrdersBy.REST,
        **settings: Any,
    ) -> None:
        self.host, self.journal, self._orders_by = Host(), journal, orders_by
        self.symbols, self.calm_from_ns, self.venue = exchange(seed, steps, faults, **(venue or {}))
        self.wire = WatchedWire(self.venue, self.host.sent)
        self.calls = CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
        listed = finish(self.wire, self.calls, contracts_of(self.symbols))
        self.sink = FileSink.create(journal)
        writer = JournalWriter(self.sink, Fsync.NEVER)
        writer.begin(self.wire.now_ns, RUN)
        strategy = msgspec.structs.replace(SETTINGS, **settings)
        started = Started(self.wire.now_ns, RUN, CAPITAL, strategy, LIMITS, listed, carried=carried)
        self.begin(RecordedEngine(writer, started), writer)

    def begin(self, engine: RecordedEngine, writer: JournalWriter) -> None:
        """Join an engine with the exchange."""
        facts = finish(self.wire, self.calls, read_facts(lambda: self.wire.now_ns, has_rights=False))
        self.run = LiveRun(self.wire, self.calls, engine, facts, writer.close, self.host, None, self._orders_by)
        self.session = EngineSession(self.wire, self.run.client)

    def crash(self) -> None:
        """The process is gone: its file is closed and its connections break."""
        self.sink.close()
        for number in list(self.wire._listeners):
            self.venue.close(number)
        self.wire = WatchedWire(self.venue, self.host.sent)

    def go_on(self, recovered: Recovered) -> None:
        """A run that is continued."""
        assert isinstance(recovered.writer._sink, FileSink)
        self.sink = recovered.writer._sink
        self.begin(recovered.engine, recovered.writer)
        self.run.resume(recovered.pending)
        self.run.start()

    @property
    def end(self) -> RunEnd:
        """How the run ended."""
        (end,) = self.host.ends
        return end

    @property
    def holds(self) -> bool:
        """True while the exchange has a position of the account."""
        return any(account.held() for account in self.venue.state.accounts.values())

    @property
    def rests(self) -> list[str]:
        """Orders and stops that rest at the exchange."""
        state, name = self.venue.state, next(iter(self.venue.state.accounts))
        orders = [order.request.client_id for order in state.open_orders(name)]
        return orders + [stop.client_id for stop in state.waiting_algos(name)]

    def play_until_held(self) -> None:
        """On until the exchange has a position whose stop rests."""
        self.run.start()
        while not any(p.quantity and p.stop and p.stop.state == "resting" for p in self.run.state.positions.values()):
            self.advance(STEP_NS)

    def play_until_over(self, within_ns: int = 300 * S) -> None:
        """On until the run has ended."""
        until_ns = self.wire.now_ns + within_ns
        while not self.host.ends:
            assert self.wire.now_ns < until_ns, "the run does not end"
            self.advance(STEP_NS)

    def advance(self, duration_ns: int) -> None:
        """Move the time; what the client raises is caught as the sockets catch it."""
        until_ns = self.wire.now_ns + duration_ns
        while self.wire.now_ns < until_ns:
            try:
                self.session.advance(until_ns)
            except Exception as error:  # noqa: BLE001 - as `live/sockets` does
                self.run.fail(error)
