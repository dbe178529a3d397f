"""Before a run trades: the exchange's clock, and the engine, continued or new."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from live.account.preflight.facts import AccountFacts, read_facts
from live.binance.calls import CallWriter
from live.client.wire import S, Wire
from live.control.folder import SessionFolder
from live.daemon.adopting import adoption_at_start, decision_of
from live.daemon.awaiting import finished, opened
from live.daemon.opening import check_start, read_clock
from live.daemon.recovery import Pending, Recovered, recover
from live.daemon.runs import LastRun, carried_to_next, journal_of, next_run, require_no_loss, with_ledger
from live.daemon.settings import DaemonSettings
from live.engine.decided import Adopted
from live.engine.events import Started
from live.journal.errors import JournalError
from live.journal.opening import new_journal
from live.journal.recorded_engine import RecordedEngine
from live.journal.writer import JournalWriter
from live.sockets.clock import MachineClock
from live.sockets.loop_wire import SocketWire
from live.sockets.tls import require_certificates
from skills_lib.domain.errors import TwokeyError

LATEST_NS: Final = 1 * S
"""The exchange's time may be before the end of a run that goes on by this much: readings are not exact."""


class OpenedRun(NamedTuple):
    """A run that may start. facts: of its account. pending: requests without an answer. goes_on: it is continued.

    adopted: the position that it begins with.
    """

    engine: RecordedEngine
    writer: JournalWriter
    facts: AccountFacts
    pending: tuple[Pending, ...] = ()
    goes_on: bool = False
    adopted: Adopted | None = None

    @property
    def flattens(self) -> bool:
        """True if it was killed, by whatever, before it was continued."""
        latch = self.engine.state.latch
        return latch is not None and latch.flatten

    def close(self) -> None:
        """Let go of the journal."""
        with suppress(JournalError):
            self.writer.close()


async def exchange_clock(
    settings: DaemonSettings, calls: CallWriter, failed: Callable[[Exception], None]
) -> MachineClock:
    """The exchange's time, which goes on by our clock from here.

    A tape has a time of its own, and it stands still until the first stream is open.

    Raises:
        TwokeyError: the exchange does not answer, or its certificate is refused.
    """
    await require_certificates(settings.address)
    clock = MachineClock(speed=settings.speed)
    async with SocketWire(settings.address, failed, clock) as wire:
        await opened(wire, f"/public/stream?streams={settings.symbols[0].lower()}@depth@100ms")
        skew = await finished(wire, calls, read_clock(lambda: wire.now_ns))
    return clock.set_ahead(skew.ahead_ns)


async def open_run(
    settings: DaemonSettings, folder: SessionFolder, last: LastRun | None, wire: Wire, calls: CallWriter
) -> OpenedRun:
    """The run that goes on, or a new one.

    Raises:
        JournalError, JournalDamagedError, DecisionsDifferError: as `recover` does.
        TwokeyError: the account is not ready for a new run, or the exchange is not the one of the run that goes on.
    """
    if last is not None and last.carried is None and (recovered := recover(last.path, settings.fsync)):
        _require_later(recovered, wire.now_ns)
        facts = await finished(wire, calls, read_facts(lambda: wire.now_ns, has_rights=False))
        return OpenedRun(recovered.engine, recovered.writer, facts, recovered.pending, goes_on=True)
    return await _new_run(settings, folder, last, wire, calls)


async def _new_run(
    settings: DaemonSettings, folder: SessionFolder, last: LastRun | None, wire: Wire, calls: CallWriter
) -> OpenedRun:
    carried = carried_to_next(folder, last) if last else None
    require_no_loss(carried, settings.limits, wire.now_ns)
    name, decision = next_run(folder.journals, time.time_ns()), decision_of(folder)
    known = decision.position if decision else None
    ready = await finished(wire, calls, check_start(settings, name, lambda: wire.now_ns, known))
    now_ns = wire.now_ns
    carried = with_ledger(carried, ready.ledger, now_ns)
    require_no_loss(carried, settings.limits, now_ns)
    started = Started(
        time_ns=now_ns,
        run=name,
        capital=settings.capital,
        settings=settings.imbalance,
        limits=settings.limits,
        contracts=ready.contracts,
        carried=carried,
        bars=settings.bars,
    )
    adopted = None
    if decision is not None:
        adopted = await finished(wire, calls, adoption_at_start(decision, started, lambda: wire.now_ns))
    writer = new_journal(journal_of(folder.journals, name), now_ns, name, settings.fsync)
    return OpenedRun(RecordedEngine(writer, started), writer, ready.facts, adopted=adopted)


def _require_later(run: Recovered, now_ns: int) -> None:
    behind_ns = run.engine.state.now_ns - now_ns
    if behind_ns <= LATEST_NS:
        return
    run.writer.close()
    raise TwokeyError(
        f"The exchange's time is {behind_ns / S:.0f} s before the end of the run that goes on, so this is another "
        "exchange, or its tape began anew. See docs/daemon.md, section Another exchange."
    )
