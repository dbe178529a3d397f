"""The daemon: one process that trades an account. Every start is a recovery; it creates no order of its own accord."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from live.account.preflight.mark import take_away
from live.alerts.channel import AlertChannel
from live.bars.strategy import BarStrategy
from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.books import load_compiled
from live.control.folder import SessionFolder
from live.control.heartbeat import EVERY_S, Beat, write_beat
from live.control.latch import KillLatch, killed_status, latched, set_latch
from live.control.lock import DaemonLock
from live.control.protocol import (
    AdoptAnswer,
    ControlCommand,
    ControlReply,
    ControlRequest,
    JournalStatus,
    LiveStatus,
)
from live.control.server import ControlServer
from live.daemon.adopting import forget_decision
from live.daemon.awaiting import finished
from live.daemon.ending import RunEnd
from live.daemon.live_run import LiveRun
from live.daemon.logs import Log
from live.daemon.notices import Notices
from live.daemon.runs import journal_of, last_run
from live.daemon.settings import DaemonSettings, kept_limits
from live.daemon.starting import OpenedRun, exchange_clock, open_run
from live.daemon.status import status_of
from live.daemon.strategy_process import StrategyProcess
from live.emergency.drill import last_drill
from live.engine.actions import Alert
from live.engine.decided import Adopted
from live.engine.events import Command, Event
from live.engine.risk.reducing import stop_id
from live.journal.writer import JournalWriter
from live.money import plain
from live.sockets.clock import MachineClock
from live.sockets.loop_wire import SocketWire
from skills_lib.domain.errors import TwokeyError

REPLIES_WITHIN_S: Final = 2.0
MARK_GONE_WITHIN_S: Final = 10.0
"""A mark that could not be taken away by then stays for an hour, which the next start says."""
OUTAGE_S: Final = 5.0
_SIGNALS: Final = {signal.SIGTERM: "stop", signal.SIGINT: "stop", signal.SIGUSR1: "kill"}


class DaemonProcess:
    """Runs one session until its run ends. alerts: sends messages. say: takes lines for whoever started it."""

    def __init__(
        self,
        settings: DaemonSettings,
        folder: SessionFolder,
        signer: Signer,
        log: Log,
        alerts: AlertChannel,
        say: Callable[[str], None],
    ) -> None:
        self._settings, self._folder, self._log, self._say = settings, folder, log, say
        self._calls, self._alerts = CallWriter(signer), alerts
        self._notices: Notices
        self._run: LiveRun | None = None
        self._writer: JournalWriter | None = None
        self._strategy: StrategyProcess | None = None
        self._wire: SocketWire
        self._over: asyncio.Future[RunEnd]
        self._latch: KillLatch | None = None
        self._is_reset = False
        self._beats = self._asked = 0

    async def run(self) -> int:
        """Start, trade, end; the exit code.

        Raises:
            AlreadyRunningError: another daemon has the session.
            TwokeyError: the session is killed, the exchange does not answer, or the account is not ready for a run.
        """
        self._folder.make()
        lock = DaemonLock(self._folder)
        try:
            return await self._locked()
        finally:
            lock.release()

    async def _locked(self) -> int:
        last = last_run(self._folder.journals)
        self._latch = self._latched_at_start()
        unfinished = last is not None and last.carried is None
        if self._latch is not None and not unfinished:
            raise TwokeyError(
                f"The session is killed: {self._latch.reason}. Find out why; then a person at a terminal may reset it: "
                "twokey live reset"
            )
        load_compiled()  # the loop stands still meanwhile: before anything is read
        clock = await self._exchange_clock(keeps_trying=unfinished)
        async with SocketWire(self._settings.address, self._failed, clock) as self._wire:
            self._over = asyncio.get_running_loop().create_future()
            self._notices = Notices(self._alerts, self._wire.now_ns)
            opened = await open_run(self._settings, self._folder, last, self._wire, self._calls)
            try:
                self._take_over(opened)
                return await self._trade()
            finally:
                if self._strategy is not None:
                    self._strategy.close()

    async def _exchange_clock(self, *, keeps_trying: bool) -> MachineClock:
        """keeps_trying: there is a run to look after, so an outage is waited for."""
        while True:
            try:
                return await exchange_clock(self._settings, self._calls, self._failed)
            except TwokeyError as error:
                if not keeps_trying:
                    raise
                self._say(f"{error} Trying again until it does: a run has to be looked after.")
                await asyncio.sleep(OUTAGE_S)

    def _take_over(self, opened: OpenedRun) -> None:
        state, self._writer = opened.engine.state, opened.writer
        self._is_reset = opened.flattens and self._latch is None
        how = "goes on: its process ended before it did" if opened.goes_on else "begins"
        self._say(f"Run {state.run} {how}. Symbols: {', '.join(state.markets)}.")
        strategy, by = self._bar_strategy(), self._settings.orders_by
        self._run = LiveRun(self._wire, self._calls, opened.engine, opened.facts, opened.close, self, strategy, by)
        self._run.resume(opened.pending)
        if opened.goes_on:
            for line in kept_limits(state, self._settings):
                self._say(line)
            self._run.tighten(self._settings.limits)
        if opened.adopted is not None:
            self._run.take_in(opened.adopted)
            forget_decision(self._folder)

    def _bar_strategy(self) -> BarStrategy | None:
        settings, program = self._settings.bars, self._settings.program
        if settings is None or program is None:
            return None
        self._strategy = StrategyProcess(program, self._log, self._failed)
        return BarStrategy(settings, self._strategy)

    def _latched_at_start(self) -> KillLatch | None:
        if self._folder.kill_file.exists():
            return set_latch(self._folder, "the file KILL was there at the start", time.time_ns())
        return latched(self._folder)

    async def _trade(self) -> int:
        """From the start of the streams to the end of the run."""
        run = self._live_run
        loop = asyncio.get_running_loop()
        for number, what in _SIGNALS.items():
            loop.add_signal_handler(number, partial(getattr(run, what), f"signal {number.name}"))
        server = ControlServer(self._folder.socket, self._answer)
        await server.start()
        run.start()
        if self._latch is not None:
            run.kill(self._latch.reason)
        beating = asyncio.ensure_future(self._beat())
        try:
            end = await self._over
            if end.clean:
                await self._take_mark_away()
        finally:
            beating.cancel()
            await self._replied()
            await server.close()
        return self._ended(end)

    async def _take_mark_away(self) -> None:
        """Nothing of the run is left: the next start, wherever it is, finds the account without a daemon."""
        with suppress(TwokeyError, TimeoutError):
            await asyncio.wait_for(finished(self._wire, self._calls, take_away()), MARK_GONE_WITHIN_S)

    def _ended(self, end: RunEnd) -> int:
        self._write_status(running=False)
        if end.clean:  # an orderly end: the watchdog waits for another process
            with suppress(OSError):
                write_beat(self._folder.heartbeat, Beat(self._beats + 1, time.time_ns(), process=0))
        self._log.info("ended", clean=end.clean, text=end.text)
        self._notices.on_end(self._wire.now_ns, end.clean, end.text)
        self._alerts.close()
        self._say(end.text)
        return 0 if end.clean and not self._live_run.killed else 1

    async def _replied(self) -> None:
        """Give those who wait for the end of the run their answer."""
        loop = asyncio.get_running_loop()
        until = loop.time() + REPLIES_WITHIN_S
        while self._asked and loop.time() < until:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)

    @property
    def _live_run(self) -> LiveRun:
        assert self._run is not None
        return self._run

    async def _beat(self) -> None:
        """Each second: the file KILL, the heartbeat, the status; nothing that fails ends it."""
        while True:
            try:
                self._beat_once()
            except Exception as error:  # noqa: BLE001 - a disk or a channel: the next second tries again
                self._log.warning("no heartbeat", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(EVERY_S)

    def _beat_once(self) -> None:
        run = self._live_run
        if self._folder.kill_file.exists():
            run.kill("the file KILL")
        self._beats += 1
        write_beat(self._folder.heartbeat, Beat(self._beats, time.time_ns(), os.getpid()))
        self._write_status(running=True)
        self._notices.on_time(run.state, self._wire.now_ns, self._head, run.account.balance_ns)

    async def _answer(self, request: ControlRequest) -> ControlReply:
        """One request of the control socket."""
        self._asked += 1
        try:
            return await self._done(request)
        finally:
            self._asked -= 1

    async def _done(self, request: ControlRequest) -> ControlReply:
        run, reason = self._live_run, request.reason or "no reason was given"
        match request.command:
            case ControlCommand.STATUS:
                return ControlReply(status=self._status())
            case ControlCommand.PAUSE:
                run.command(Command.PAUSE, reason)
                return ControlReply(done="Entries are paused; what is open is looked after.")
            case ControlCommand.RESUME:
                run.command(Command.RESUME, reason)
                return ControlReply(done="Entries go on, unless they have ended for this run: see `status`.")
            case ControlCommand.ADOPT:
                return await self._adopted(request.symbol)
            case ControlCommand.STOP:
                run.stop(reason)
            case ControlCommand.KILL:
                run.kill(reason)
        end = await asyncio.shield(self._over)
        return ControlReply(kill=end.answer, done=end.text)

    async def _adopted(self, symbol: str) -> ControlReply:
        """The answer to ADOPT."""
        found: asyncio.Future[Adopted] = asyncio.get_running_loop().create_future()
        self._live_run.adopt(symbol, found.set_result, found.set_exception)
        try:
            event = await found
        except TwokeyError as error:
            return ControlReply(error=str(error))
        stop = stop_id(self._live_run.state.positions[symbol].id)
        return ControlReply(adopted=AdoptAnswer(symbol, plain(event.quantity), stop))

    def _status(self) -> LiveStatus:
        state, writer = self._live_run.state, self._writer
        assert writer is not None
        file = str(journal_of(self._folder.journals, state.run))
        return status_of(
            state,
            self._wire.now_ns,
            self._folder.name,
            self._settings.venue.value,
            killed_status(latched(self._folder)),
            JournalStatus(file, writer.head, writer.sequence - 1),
            last_drill(self._folder),
            self._live_run.observed,
        )

    @property
    def _head(self) -> str:
        return self._writer.head if self._writer is not None else ""

    def _write_status(self, *, running: bool) -> None:
        status = msgspec.structs.replace(self._status(), running=running)
        other = self._folder.status.with_suffix(".new")
        with suppress(OSError):
            other.write_bytes(msgspec.json.encode(status))
            other.replace(self._folder.status)

    def _failed(self, error: Exception) -> None:
        """The client raised while it was called from the sockets."""
        if self._run is not None:
            self._run.fail(error)
        else:
            self.defect(error)

    def latch(self, reason: str) -> None:
        """Write the latch before anything else; a run that a person reset is only brought to its end."""
        try:
            if not self._is_reset:
                self._latch = set_latch(self._folder, reason, time.time_ns())
        except OSError as error:
            self._log.error("the latch is not on the disk", error=str(error))
        asyncio.get_running_loop().call_soon(self._say_killed, reason)  # orders leave first

    def _say_killed(self, reason: str) -> None:
        self._say(f"Killed: {reason}. Closing everything of the account.")
        self._log.error("killed", reason=reason)
        self._notices.on_kill(self._wire.now_ns, reason)

    def closing(self) -> None:
        """Reads may use the whole of the request weight."""
        self._wire.weights.closing = True

    def happened(self, event: Event) -> None:
        """Notice trades."""
        self._notices.on_event(event)

    def said(self, alert: Alert) -> None:
        """Write what the engine says to the log, and to whoever started it."""
        self._log.warning(alert.code, symbol=alert.symbol, text=alert.text)
        self._notices.on_alert(alert)
        if alert.code != Command.KILL:
            self._say(alert.text)

    def defect(self, error: Exception) -> None:
        """Write a failure to the log."""
        text = f"{type(error).__name__}: {error}"
        self._log.error("failed", error=text)
        if self._run is not None:
            self._notices.on_defect(self._wire.now_ns, text)

    def over(self, end: RunEnd) -> None:
        """The run has ended."""
        if not self._over.done():
            self._over.set_result(end)
