"""One run at the exchange: its engine, the commands it gets, and how it ends. Without sockets, clock and files.

A kill does not depend on the engine: where its journal or its code fails, the account is closed all the same.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, Protocol

from live.account.closing.closing import close_account
from live.account.closing.model import Closed, ClosingRequest
from live.account.preflight.facts import AccountFacts
from live.account.reads import Seen, read_account
from live.account.world import READ_EVERY_NS, WatchedAccount
from live.bars.market import market_of
from live.bars.strategy import BarStrategy
from live.binance.calls import CallWriter
from live.binance.requests import RequestWriter
from live.client.conversations import converse
from live.client.engine_client import EngineClient
from live.client.market_streams import MarketStreams
from live.client.order_connection import OrderConnection, OrdersBy
from live.client.user_stream import UserStream
from live.client.wire import MS, S, Wire, ignore
from live.daemon.adopting import adoption
from live.daemon.ending import KILL_WITHIN_NS, READS, STOP_WITHIN_NS, Ending, RunEnd, is_quiet
from live.daemon.observed import EndedAction, Observed
from live.daemon.opening import Skew, read_skew
from live.daemon.recovery import Pending
from live.daemon.supervision import Supervision
from live.engine.actions import Action, Alert, CancelOrder, CancelStop
from live.engine.adopting import refusal
from live.engine.decided import Adopted, LimitsTightened
from live.engine.events import Command, Commanded, Ended, Event
from live.engine.intents import Purpose
from live.engine.limits import Limits, tightest
from live.engine.risk.profit import carried_over
from live.engine.settings import ImbalanceSettings, StrategySettings
from live.engine.state import EngineState
from live.journal.errors import JournalError
from skills_lib.domain.errors import TwokeyError

LOOK_NS: Final = 250 * MS
"""How often the run is looked at."""
CLOCK_EVERY_NS: Final = 10 * S
HEAD_START_NS: Final = 500 * MS
"""The engine's own exits after a kill, before the account is read and closed by whoever it is."""
FAILURES_KEPT: Final = 10
CLOSE_AGAIN_NS: Final = 10 * S
"""Between two closings of an account that could not be proven flat."""


class RunEngine(Protocol):
    """What a run needs of its engine, such as `live/journal/recorded_engine.py`."""

    @property
    def state(self) -> EngineState: ...

    def step(self, event: Event) -> list[Action]:
        """Write the event, and what is decided on it; what may be carried out."""


class Surroundings(Protocol):
    """What a run needs of its process."""

    def latch(self, reason: str) -> None:
        """Make a kill outlive the process, before anything else is done. Raises nothing."""

    def closing(self) -> None:
        """The account is being closed: reads may use all of the request weight."""

    def happened(self, event: Event) -> None:
        """The engine was given an event."""

    def said(self, alert: Alert) -> None:
        """The engine wants a person to know something."""

    def defect(self, error: Exception) -> None:
        """Something failed that should not have."""

    def over(self, end: RunEnd) -> None:
        """The run has ended."""


class LiveRun:
    """A run from `start` to `over`. killed: why it was; empty while it was not. detached: the engine is not used.

    strategy: of a run on bars. orders_by: the engine's way; closing without it goes by REST.
    uninformed: what the process raised when it was let know of something.
    """

    def __init__(
        self,
        wire: Wire,
        calls: CallWriter,
        engine: RunEngine,
        facts: AccountFacts,
        close_journal: Callable[[], None],
        around: Surroundings,
        strategy: BarStrategy | None = None,
        orders_by: OrdersBy = OrdersBy.REST,
    ) -> None:
        self.wire, self.engine = wire, engine
        self._calls, self._around, self._close_journal = calls, around, close_journal
        symbols = tuple(engine.state.markets)
        writer = RequestWriter(calls, {symbol: market.contract for symbol, market in engine.state.markets.items()})
        streams = MarketStreams(wire, symbols, _depth(engine.state.settings))
        market = market_of(wire, streams, engine.state, strategy)
        orders = OrderConnection(wire, calls) if orders_by is OrdersBy.WEBSOCKET else None
        self.client = EngineClient(wire, writer, self, market, UserStream(wire, calls), orders)
        self.client.watch = self._watch
        run, may_send = f"{engine.state.run}-", self.client.may_send
        self.account = WatchedAccount(
            wire, calls, facts, run, symbols, may_send, self._is_idle, self.client.contracts_ns
        )
        self.supervision = Supervision(wire.now_ns)
        self.observed = Observed()
        self.killed, self.detached, self.ended = "", False, False
        self._ending: Ending | None = None
        self.uninformed: deque[Exception] = deque(maxlen=FAILURES_KEPT)

    @property
    def state(self) -> EngineState:
        """The engine's state, to look at."""
        return self.engine.state

    def _is_idle(self, symbol: str) -> bool:
        """True if the engine takes a symbol for flat and asks for nothing of it."""
        return self.state.positions[symbol].idle

    def step(self, event: Event) -> list[Action]:
        """What the engine decides; nothing once it is not used any more."""
        return [] if self.detached else self.engine.step(event)

    def start(self) -> None:
        """Open the streams, and look at the run from time to time."""
        self._look()
        try:
            self.client.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, what is open has to be closed
            self.fail(error)
        self.wire.later(READ_EVERY_NS, self.account.start)
        self._read_clock()

    def resume(self, pending: Iterable[Pending]) -> None:
        """Before the start of a run that goes on. pending: requests that were under way when its process ended."""
        now_ns = self.wire.now_ns
        try:
            self.client.resume(self.state.wake_ns, [one.answered(now_ns) for one in pending])
        except Exception as error:  # noqa: BLE001 - whatever it is, what is open has to be closed
            self.fail(error)

    def tighten(self, limits: Limits) -> None:
        """Of a run that goes on: those of `limits` that are tighter than its own hold from now on."""
        if tightest(self.state.limits, limits) != self.state.limits:
            self._take(LimitsTightened(self.wire.now_ns, limits))

    def command(self, command: Command, reason: str) -> None:
        """Pause or resume entries."""
        self._take(Commanded(self.wire.now_ns, command, reason))

    def adopt(self, symbol: str, done: Callable[[Adopted], None], failed: Callable[[TwokeyError], None]) -> None:
        """Take a position of somebody else into the run, as a person wants it; one of the two is called, once."""

        def found(event: Adopted) -> None:
            if reason := "The run has ended." if self.ended else refusal(self.state, event):
                failed(TwokeyError(reason))
            else:
                self.take_in(event)
                done(event)

        conversation = adoption(symbol, self.state, lambda: self.wire.now_ns)
        converse(self.wire, self._calls, conversation, found, failed)

    def take_in(self, event: Adopted) -> None:
        """Give the engine a position that a person adopts: it protects it in the same step."""
        self._take(event)

    def stop(self, reason: str) -> None:
        """No entries any more, close what this run holds, and end."""
        if self._ending is None:
            self._begin_ending()
            self._take(Commanded(self.wire.now_ns, Command.STOP, reason))

    def kill(self, reason: str) -> None:
        """Close the account, whoever opened what, until it is proven flat, and end."""
        if self.killed or self.ended:
            return
        self.killed = reason
        self._inform(partial(self._around.latch, reason))
        self.wire.later(HEAD_START_NS, self._close)
        self._inform(self._around.closing)
        self._begin_ending()
        if not (self.state.latch and self.state.latch.flatten):
            self._take(Commanded(self.wire.now_ns, Command.KILL, reason))

    def fail(self, error: Exception) -> None:
        """Something raised what nothing caught: the engine is used no more, and the account is closed without it."""
        if self.ended:
            return
        self.detached = True
        self._inform(partial(self._around.defect, error))
        if self.killed:
            self.wire.later(S, self._close)
        else:
            self.kill(f"journal: {error}" if isinstance(error, JournalError) else f"defect: {type(error).__name__}")

    def _inform(self, call: Callable[[], None]) -> None:
        """Let the process know; whatever fails there must not keep a kill from going on."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 - a log, a disk, a channel: the run depends on none of them
            self.uninformed.append(error)

    def _take(self, event: Event) -> None:
        """Give the engine an event; where it fails, go on without it."""
        try:
            self.client.take(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, a kill has to go on
            self.fail(error)

    def _watch(self, event: Event, actions: list[Action]) -> None:
        self.supervision.on_event(event)
        if ended := self.observed.on_event(event, actions, self.state):
            self.wire.later(0, partial(self._end_action, ended))
        self._inform(partial(self._around.happened, event))
        for action in actions:
            if isinstance(action, Alert):
                self.wire.later(0, partial(self._inform, partial(self._around.said, action)))  # orders leave first
            elif self._ending and isinstance(action, CancelOrder | CancelStop):
                self._ending.cancelled.add(action.client_id)
        latch = self.state.latch
        if latch and latch.flatten and not self.killed:
            self.kill(latch.reason)

    def _end_action(self, ended: EndedAction) -> None:
        """The same refusal again and again: no entries until a person resumes; what cannot exit is closed otherwise."""
        if ended.purpose is Purpose.ENTRY and not self.state.paused:
            self.command(Command.PAUSE, ended.text)
        elif ended.purpose is Purpose.EXIT:
            self.kill(f"refused: {ended.text}")

    def _begin_ending(self) -> None:
        self._ending = self._ending or Ending(self.wire.now_ns)
        self._ending.note(self.state)

    def _look(self) -> None:
        """See whether the run must or may end."""
        if self.ended:
            return
        self.wire.later(LOOK_NS, self._look)
        if not self.killed and (reason := self.supervision.reason(self.state, self.wire.now_ns)):
            self.kill(reason)
        if self.killed:
            self._look_after_kill()
        elif self.state.stopping:
            self._look_after_stop()

    def _look_after_kill(self) -> None:
        ending = self._ending
        if ending is None:
            return
        if not self.detached and ending.doubt(self.state):
            if self.wire.now_ns >= ending.since_ns + KILL_WITHIN_NS:
                text = "Reads show nothing, but the end of an entry is unknown. The next start goes on with it."
                self._finish(clean=False, text=f"Killed: {self.killed}. {text}")
        elif ending.doubted:
            ending.doubted = False
            self._close()
        elif ending.is_over_after_kill(self.state, self.detached, self.wire.now_ns):
            self._finish(clean=True, text=f"Killed: {self.killed}. The account is flat, by two reads.")

    def _look_after_stop(self) -> None:
        ending, now_ns = self._ending, self.wire.now_ns
        if ending is None:  # it was being stopped when its process ended
            self._begin_ending()
        elif ending.flat_reads >= READS:
            self._finish(clean=True, text="Stopped. Nothing of this run is left, by two reads.")
        elif now_ns >= ending.since_ns + STOP_WITHIN_NS:
            text = "Stopped, but something is left or unknown. The next start goes on with it: twokey live run"
            self._finish(clean=False, text=text)
        elif is_quiet(self.state) and ending.is_read_due(now_ns):
            converse(self.wire, self._calls, read_account(tuple(self.state.markets)), self._on_read, ignore_error)

    def _on_read(self, seen: Seen) -> None:
        if self._ending is not None and not self.ended:
            self._ending.note_read(seen, self.state)

    def _close(self) -> None:
        """Close the account by reads and orders of its own."""
        if self.ended:
            return
        asked = ClosingRequest("kill", named=tuple(self.state.markets))
        conversation = close_account(asked, lambda: self.wire.now_ns)
        converse(self.wire, self._calls, conversation, self._on_closed, self._close_failed)

    def _on_closed(self, result: Closed) -> None:
        if self._ending is None or self.ended:
            return
        self._ending.note_closed(result, self.wire.now_ns)
        if not result.flat:
            self.wire.later(CLOSE_AGAIN_NS, self._close)

    def _close_failed(self, error: TwokeyError) -> None:
        self._inform(partial(self._around.defect, error))
        self.wire.later(S, self._close)

    def _finish(self, *, clean: bool, text: str) -> None:
        """The end. A run of which nothing is left says so in its journal; any other one is continued."""
        if clean and is_quiet(self.state) and not self.detached:
            self._take(Ended(self.wire.now_ns, self.killed or "stopped", carried_over(self.state)))
        self.ended = True
        self.wire.emit = ignore
        self.client.user.end()
        self._close_journal()
        ending = self._ending or Ending(self.wire.now_ns)
        self._around.over(RunEnd(clean, text, ending.answer(clean, self.wire.now_ns, self.state)))

    def _read_clock(self) -> None:
        """Compare the exchange's clock with ours now and then."""
        if self.ended:
            return
        converse(self.wire, self._calls, read_skew(lambda: self.wire.now_ns), self._on_skew, ignore_error)
        self.wire.later(CLOCK_EVERY_NS, self._read_clock)

    def _on_skew(self, skew: Skew | None) -> None:
        if skew is not None:
            self.supervision.on_time(skew)


def _depth(settings: StrategySettings) -> int:
    """Levels a side that a strategy reads; one on bars reads the best."""
    return settings.depth if isinstance(settings, ImbalanceSettings) else 1


def ignore_error(_: TwokeyError) -> None:
    """A read that failed proves nothing; it is made again."""
