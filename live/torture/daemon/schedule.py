"""Runs one schedule: the daemon at an exchange with faults, in virtual time, its process dying now and then.

Market, faults and what a person orders are those of `live/schedules`; the deaths come on top.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from live.client.order_connection import OrdersBy
from live.client.wire import S
from live.engine.events import Command, Started
from live.journal.replaying import replay_journal
from live.schedules.numbers import PARTS, ScheduleNumber
from live.schedules.plans import plan_of
from live.schedules.run import CALM_NS, MOVES_MONEY, STEPS, TAPES, ScheduleResult, listed_contracts, tape_of
from live.schedules.variations import CAPITAL, variation_of
from live.schedules.watch import ExchangeWatch
from live.simulator.schedule import MS
from live.simulator.settings import SimulatorSettings
from live.simulator.venue import LocalVenue
from live.torture.daemon.checks import DaemonChecks, WatchSteps
from live.torture.daemon.deaths import deaths_of
from live.torture.daemon.lives import Lives
from skills_lib.domain.errors import TwokeyError

RUN: Final = "d"
ENDS_WITHIN_NS: Final = 45 * 60 * S
"""After the last kill: more than any order may stay hidden."""
LOOK_NS: Final = 10 * S
WEBSOCKET_TURN: Final = 2
"""A third of all seeds sends orders by the WebSocket API."""


def run_daemon_schedule(integer: int, watch_steps: WatchSteps | None = None) -> ScheduleResult:
    """Run a schedule to its end, or to its first violation. watch_steps: called with each event and its actions."""
    number = ScheduleNumber.of(integer)
    orders_by = OrdersBy.WEBSOCKET if number.seed % 3 == WEBSOCKET_TURN else OrdersBy.REST
    tape = tape_of(number.seed % TAPES, STEPS * number.parts // PARTS)
    settings = SimulatorSettings(
        seed=number.seed, balance="40000", faults=plan_of(number.seed, number.left_out, orders_by)
    )
    venue, variation = LocalVenue(settings, iter(tape.lines)), variation_of(number.seed)
    watch = ExchangeWatch(RUN, variation.limits)
    venue.observe = watch.on_events
    checks = DaemonChecks(watch, venue, watch_steps)
    with TemporaryDirectory(prefix="twokey-torture-") as folder:
        journal = Path(folder) / "d.journal"
        contracts = listed_contracts(tape.symbols)
        started = Started(venue.now_ns, RUN, CAPITAL, variation.settings, variation.limits, contracts)
        lives = Lives(venue, journal, started, checks, orders_by)
        lives.begin(deaths_of(number.seed))
        _play(lives, tape.calm_from_ms * MS, variation.commands)
        result = ScheduleResult(integer, checks.events, watch.trades, dict(venue.faults.applied_by_kind))
        if not watch.violations:
            _check_end(lives, watch, result)
        lives.close()
        if not (watch.violations or lives.run.detached):
            _check_journal(journal, watch)
    result.violations = watch.violations
    return result


def _play(lives: Lives, calm_from_ns: int, commands: Sequence[tuple[int, Command]]) -> None:
    """The tape with its commands, then calm without faults, then a kill."""
    venue, waiting = lives.venue, deque(commands)
    started_ns = venue.now_ns
    while (line := venue.next_line) is not None and line.time_ns < calm_from_ns and not lives.is_settled:
        while waiting and started_ns + waiting[0][0] * MS < line.time_ns:
            after_ms, command = waiting.popleft()
            lives.advance(started_ns + after_ms * MS)
            lives.order(command, "of the schedule")
        lives.advance(line.time_ns)
    venue.faults.end()
    lives.advance(venue.now_ns + CALM_NS)
    lives.order(Command.KILL, "the schedule has ended")
    until_ns = venue.now_ns + ENDS_WITHIN_NS
    while venue.now_ns < until_ns and not lives.is_settled:
        lives.advance(venue.now_ns + LOOK_NS)


def _check_end(lives: Lives, watch: ExchangeWatch, result: ScheduleResult) -> None:
    """The run has ended, and what it says of the account is true."""
    if not lives.is_over:
        watch.found("ends", f"a run has not ended {ENDS_WITHIN_NS // S // 60} minutes after its kill")
        return
    state = lives.run.state
    if lives.run.detached or state.working or state.funding_check_ns:
        return
    outside = bool(MOVES_MONEY & {kind for kind, count in result.kinds.items() if count}) or watch.others
    account = next(iter(lives.venue.state.accounts.values()))
    watch.at_the_end(state, account.wallet - account.deposited, outside)


def _check_journal(journal: Path, watch: ExchangeWatch) -> None:
    try:
        unwritten = replay_journal(journal).unwritten
    except TwokeyError as error:
        watch.found("journal_whole", str(error))
        return
    if unwritten:
        watch.found("journal_whole", f"{unwritten} actions are not in it")
