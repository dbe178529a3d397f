"""The daemon's processes in a schedule, one after another: what `live/daemon/process.py` does, without sockets."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from live.account.preflight.facts import AccountFacts, read_facts
from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.order_connection import OrdersBy
from live.client.wire import S
from live.daemon.ending import RunEnd
from live.daemon.live_run import LiveRun
from live.daemon.recovery import Pending, recover
from live.engine.actions import Alert
from live.engine.events import Command, Event, Started
from live.journal.errors import JournalError
from live.journal.recorded_engine import RecordedEngine
from live.journal.settings import Fsync
from live.journal.writer import JournalWriter
from live.session.session import EngineSession, finish
from live.session.virtual_wire import VirtualWire
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.simulator.venue import LocalVenue
from live.torture.daemon.checks import CheckedRun, DaemonChecks
from live.torture.daemon.deaths import DiedError, MortalSink, PlannedDeath, mortal
from skills_lib.domain.errors import TwokeyError

START_AGAIN_NS: Final = 5 * S
"""A start that fails, as while the exchange does not answer, is tried again, as by a service manager."""


class Lives:
    """The exchange's account and the daemon that trades it, until a run has ended and nothing follows.

    ends: of runs, a clean one last. lives: how many processes there were. latch: on the disk; empty without one.
    """

    def __init__(
        self, venue: LocalVenue, journal: Path, started: Started, checks: DaemonChecks, orders_by: OrdersBy
    ) -> None:
        self.venue, self._journal, self._started, self._checks = venue, journal, started, checks
        self._orders_by = orders_by
        self._calls = CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
        self._deaths: list[PlannedDeath] = []
        self._sink: MortalSink
        self._writer: JournalWriter
        self.latched, self.lives = "", 0
        self.ends: list[RunEnd] = []
        self.wire: VirtualWire
        self.run: LiveRun
        self.session: EngineSession

    @property
    def is_settled(self) -> bool:
        """True once nothing follows: the run is over, or an invariant is broken."""
        return self.is_over or bool(self._checks.watch.violations)

    @property
    def is_over(self) -> bool:
        """True once a run has ended of which nothing is left."""
        return bool(self.ends) and self.ends[-1].clean

    def begin(self, deaths: Sequence[PlannedDeath]) -> None:
        """The first process."""
        self._deaths = list(deaths)
        self.wire = VirtualWire(self.venue)
        self._sink = mortal(None, self._journal, new=True)
        self._writer = JournalWriter(self._sink, Fsync.NEVER)
        self._writer.begin(self.wire.now_ns, self._started.run)
        engine = RecordedEngine(self._writer, self._started)
        self._sink.planned, self._sink.writes = self._next_death(), 0
        self._guarded(lambda: self._alive(engine, ()))

    def advance(self, until_ns: int) -> None:
        """Move the time; a process that dies or ends with something left is followed by the next one."""
        while self.venue.now_ns < until_ns and not self.is_settled:
            try:
                self.session.advance(until_ns)
            except DiedError:
                self._die()
            except Exception as error:  # noqa: BLE001 - as `live/sockets` does
                self._guarded(lambda error=error: self.run.fail(error))  # type: ignore[misc]
            if self.ends and not self.is_over and self.run.ended:
                self._next_life(S)

    def order(self, command: Command, reason: str) -> None:
        """A person's command."""
        if not self.is_over and not self.run.ended:
            self._guarded(lambda: self._ordered(command, reason))

    def close(self) -> None:
        """Let go of the journal."""
        self._sink.close()

    def _ordered(self, command: Command, reason: str) -> None:
        if command is Command.KILL:
            self.run.kill(reason)
        elif command is Command.STOP:
            self.run.stop(reason)
        else:
            self.run.command(command, reason)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except DiedError:
            self._die()

    def _next_death(self) -> PlannedDeath | None:
        return self._deaths.pop(0) if self._deaths else None

    def _die(self) -> None:
        gone_ns = self._sink.planned.gone_ns if self._sink.planned else S
        self._next_life(gone_ns)

    def _next_life(self, gone_ns: int) -> None:
        """The process is gone: its file is closed and its connections break. Then another one starts."""
        self._sink.close()
        self.wire.break_off()
        self.venue.advance(self.venue.now_ns + gone_ns)
        while True:
            try:
                self._recover()
                return
            except (DiedError, JournalError):
                self._sink.close()
                self.wire.break_off()
                self.venue.advance(self.venue.now_ns + S)

    def _recover(self) -> None:
        self.wire = VirtualWire(self.venue)
        planned = self._next_death()

        def opened(path: Path) -> MortalSink:
            self._sink = mortal(planned, path, new=False)
            return self._sink

        recovered = recover(self._journal, Fsync.NEVER, opened)
        assert recovered is not None
        self._writer = recovered.writer
        self._checks.born()
        self._checks.latch_stays(recovered.engine.state)
        self._alive(recovered.engine, recovered.pending)

    def _alive(self, engine: RecordedEngine, pending: Sequence[Pending]) -> None:
        self.lives += 1
        checked, facts = CheckedRun(engine, self._checks), self._facts()
        self.run = LiveRun(self.wire, self._calls, checked, facts, self._close_journal, self, orders_by=self._orders_by)
        self.session = EngineSession(self.wire, self.run.client)
        if pending or self.lives > 1:
            self.run.resume(pending)
        self.run.start()
        if self.latched:
            self.run.kill(self.latched)

    def _facts(self) -> AccountFacts:
        while True:
            try:
                return finish(self.wire, self._calls, read_facts(lambda: self.wire.now_ns, has_rights=False))
            except TwokeyError:
                self.venue.advance(self.venue.now_ns + START_AGAIN_NS)

    def _close_journal(self) -> None:
        try:
            self._writer.close()
        except JournalError:
            self._sink.close()

    def latch(self, reason: str) -> None:
        """Written to the disk."""
        self.latched = self.latched or reason

    def closing(self) -> None:
        """There is no budget of weights in a schedule."""

    def happened(self, event: Event) -> None:
        """Nothing is kept of it."""

    def said(self, alert: Alert) -> None:
        """Nobody reads it."""

    def defect(self, error: Exception) -> None:
        """Only a full disk is none of ours."""
        if not isinstance(error, JournalError):
            self._checks.watch.found("no_defect", f"{type(error).__name__}: {error}")

    def over(self, end: RunEnd) -> None:
        """The run has ended; if it says that nothing is left, that must be so now."""
        self.ends.append(end)
        if end.clean:
            self._check_flat()

    def _check_flat(self) -> None:
        """A kill leaves nothing in the account, a stop nothing of the run."""
        own, state = f"{self._started.run}-", self.venue.state
        (account,) = state.accounts.values()
        orders = [order.request.client_id for order in state.open_orders(account.name)]
        stops = [stop.client_id for stop in state.waiting_algos(account.name)]
        left = [name for name in (*orders, *stops) if self.latched or name.startswith(own)]
        others = {symbol for symbol, position in self.run.state.positions.items() if position.foreign or position.dust}
        held = [position.symbol for position in account.held() if self.latched or position.symbol not in others]
        if left or held:
            self._checks.watch.found("proven_flat", f"left at the end: {', '.join((*left, *held))}")
