"""One symbol of a run on bars: its closed bars, each checked, and what the strategy decides on each."""

from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from live.bars.decider import Computed, StrategyStoppedError, decide
from live.bars.klines import ClosedBar, as_bars
from live.bars.reading import BarList
from live.bars.series import LONGEST_LIST, BarSeries, Doubt
from live.bars.strategy import BarStrategy
from live.client.wire import MS, Wire
from live.engine.events import STRATEGY_STOPPED, BarDecided, StrategyReported
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals
from skills_lib.domain.time import utc

GRACE_MS: Final = 2_000
"""The stream's closed frame of a bar is waited for so long; then the exchange's list is asked without it."""
FAILURES: Final = 3
"""After so many answers in a row that cannot be used, `bars_unreadable` is reported."""
_TEXTS: Final = {
    "bars_changed": "the exchange's list has changed {bars} that were settled; the list is taken",
    "bars_differ": "the stream and the exchange's list differ in {bars}; the list is asked again, and is then taken",
    "bars_missing": "the exchange's list lacks {bars}; without them the strategy goes on",
    "bars_skipped": "nothing is decided on {bars}, which closed while nothing ran and are too many to decide on",
    "bars_not_streamed": "the stream did not close {bars}; two equal answers of the exchange's list are taken",
}


class _Due(NamedTuple):
    """Bars to decide on, the last of which closed at `close_ns`."""

    bars: Bars
    close_ns: int


class FollowedBars:
    """Emits a `BarDecided` for each bar that closes after `decided_ms`, in their order, once it is settled.

    The strategy sees the last `history_bars` settled bars, whenever the run was started: a restart changes no decision.
    """

    def __init__(self, wire: Wire, symbol: str, strategy: BarStrategy, decided_ms: int) -> None:
        settings = strategy.settings
        self._wire, self._symbol, self._strategy, self.decided_ms = wire, symbol, strategy, decided_ms
        self._history = settings.history_bars
        self._limit = self._history + 1 if decided_ms >= wire.now_ns // MS else LONGEST_LIST
        self.stopped = False
        self.series = BarSeries(strategy.interval_ms, self._history)
        self._list = BarList(wire, symbol, settings.timeframe, self._take)
        self._due: deque[_Due] = deque()
        self._computing = self._in_loop = False
        self._said_unreadable = False

    def on_stream(self, bar: ClosedBar) -> None:
        """The stream says that a bar has closed."""
        if self.series.on_stream(bar):
            self.check(at_once=True)

    def check(self, at_once: bool = False) -> None:
        """Ask the exchange's list if a bar has closed that is not settled."""
        now_ms = self._wire.now_ns // MS
        if not self.series.next_ms:
            self._list.ask(self._limit)
        elif at_once or self.series.is_due(now_ms, GRACE_MS):
            closed = max(1, (now_ms - self.series.next_ms) // self.series.interval_ms)
            self._list.ask(min(closed + 2, LONGEST_LIST), self.series.known_ms)
        self._say_if_unreadable()

    def _take(self, rows: list[ClosedBar], asked_ms: int) -> bool:
        if not self.series.next_ms:
            self._doubt(self.series.load(rows, asked_ms, self.decided_ms, whole=len(rows) < self._limit))
            return bool(self.series.next_ms)
        found = self.series.on_list(rows, asked_ms)
        self._doubt(found.doubts)
        held = list(self.series.bars)
        first = len(held) - len(found.bars)
        for place in range(first, len(held)):
            self._add(held[max(0, place + 1 - self._history) : place + 1])
        self._compute_next()
        return not found.waits

    def _add(self, window: Sequence[ClosedBar]) -> None:
        close_ns = (window[-1].open_ms + self.series.interval_ms) * MS
        self._due.append(_Due(as_bars(window, self.series.interval_ms), close_ns))

    def _compute_next(self) -> None:
        """One decision after another; `compute` may answer within its call, or later."""
        if self._in_loop:
            return
        self._in_loop = True
        while self._due and not self._computing:
            self._computing = True
            due = self._due.popleft()
            self._strategy.compute(due.bars, partial(self._on_computed, due))
        self._in_loop = False

    def _on_computed(self, due: _Due, found: Computed) -> None:
        self._decide(due, found)
        self._computing = False
        self._compute_next()

    def _decide(self, due: _Due, found: Computed) -> None:
        try:
            decision = decide(_signals(found), due.bars)
        except StrategyStoppedError as error:
            self._report(STRATEGY_STOPPED, f"entries stopped: {error}")
            self.stopped = True
        except InputError as error:
            self._report("strategy_failed", f"nothing is decided at the close of {utc(due.close_ns)}. {error}")
        else:
            if not self.stopped:
                self._wire.emit(BarDecided(self._wire.now_ns, self._symbol, due.close_ns, *decision))

    def _say_if_unreadable(self) -> None:
        """Once for each time that the list begins to fail."""
        if self._list.failures < FAILURES:
            self._said_unreadable = self._said_unreadable and self._list.failures > 0
        elif not self._said_unreadable:
            self._said_unreadable = True
            self._report(
                "bars_unreadable", "the exchange's list of bars cannot be read; nothing is decided until it can"
            )

    def _report(self, code: str, text: str) -> None:
        if not self.stopped:
            self._wire.emit(
                StrategyReported(self._wire.now_ns, self._symbol, code, f"{self._symbol}: {text.rstrip('.')}.")
            )

    def _doubt(self, doubts: Sequence[Doubt]) -> None:
        for doubt in doubts:
            bars = f"{doubt.bars} bar{'s' if doubt.bars > 1 else ''} from {utc(doubt.open_ms * MS)} on"
            self._report(doubt.code, _TEXTS[doubt.code].format(bars=bars))


def _signals(found: Computed) -> Signals:
    """The signals.

    Raises:
        InputError: the strategy raised, or gave something else. Only its own words are repeated, not those of others.
    """
    if isinstance(found, Signals):
        return found
    if isinstance(found, InputError):
        raise found
    raise InputError(f"The strategy gave {type(found).__name__} instead of Signals.")
