"""The one place where evaluations are counted: a counter bound to a strategy, its candles and settings.

Single runs call the counter themselves; sweeps, walk-forwards and validations evaluate through `CountedEvaluator`.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.identity import strategy_sha256
from skills_lib.backtest.metrics import DAYS_PER_YEAR
from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.backtest.sweep.evaluator import COLUMNS, Evaluator, SpanWork
from skills_lib.backtest.trials import TrialCounter
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.time import DAY_NS
from skills_lib.ledger.ledger import Keys, Ledger, RecordedSharpes, union
from skills_lib.ledger.model import CandleIdentity, EvaluationContext, TrialCount
from skills_lib.market.candles.model import Candles

_LONGER = 2.0
"""A configuration's Sharpe ratio is noted again where a span is this much longer than the one noted before."""


class LedgerTrialCounter:
    """A `TrialCounter` and `own_trials.CountingBook` that writes into the trial ledger.

    What was noted goes with the next reservation, so that a batch costs one transaction.
    """

    def __init__(self, ledger: Ledger, context: EvaluationContext) -> None:
        self.notices: list[str] = []
        self.context, self._ledger = context, ledger
        self._reserved: Keys = union([])
        self._noted: dict[int, float] = {}
        self._pending: list[RecordedSharpes] = []
        self._last: tuple[Sequence[Parameters], Keys] | None = None

    def reserve(self, combinations: Sequence[Parameters]) -> None:
        new = np.setdiff1d(self._keys(combinations), self._reserved)
        if not len(new):
            return
        self._ledger.reserve(self.context, new, self._pending)
        self._pending = []
        if not len(self._reserved):
            self.notices.extend(self._ledger.notices())
        self._reserved = union([self._reserved, new])

    def note(self, combinations: Sequence[Parameters], daily_sharpes: FloatArray, days: float) -> None:
        keys = self._keys(combinations)
        news = np.array([days >= _LONGER * self._noted.get(key, 0.0) for key in keys.tolist()], dtype=np.bool_)
        if news.any():
            self._noted.update(dict.fromkeys(keys[news].tolist(), days))
            self._pending.append(RecordedSharpes(self.context, keys[news], daily_sharpes[news], days))

    def flush(self) -> None:
        if self._pending:
            self._ledger.record(self._pending)
        self._pending = []

    def count(self) -> TrialCount:
        """Everything ever tried on these candles, this work included."""
        self.flush()
        return self._ledger.count(self.context.data)

    def _keys(self, combinations: Sequence[Parameters]) -> Keys:
        """The walk-forward hands in one and the same list window after window."""
        if self._last is None or self._last[0] is not combinations:
            self._last = (combinations, configuration_keys(self.context, combinations))
        return self._last[1]


OpenLedgerCounter = Callable[[LoadedStrategy, Candles, BacktestSettings], LedgerTrialCounter]
"""`CountTrials` whose counters also tell the count."""


def ledger_counters(ledger: Ledger, origin: str) -> OpenLedgerCounter:
    """What pipelines open their counter with. `origin`: who asks, such as "twokey optimize (agent)"."""

    def count(subject: LoadedStrategy, candles: Candles, settings: BacktestSettings) -> LedgerTrialCounter:
        hashes = strategy_sha256(subject), settings_sha256(settings)
        return LedgerTrialCounter(ledger, EvaluationContext(origin, subject.name, *hashes, CandleIdentity.of(candles)))

    return count


class CountedEvaluator:
    """An `Evaluator` that has every combination counted before it is evaluated, and its Sharpe ratio kept."""

    def __init__(self, inner: Evaluator, counter: TrialCounter, bars: Bars) -> None:
        self.name, self.batch_size, self.notes = inner.name, inner.batch_size, inner.notes
        self._inner, self._counter, self._bars = inner, counter, bars

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        self._counter.reserve(combinations)
        return self._noted(combinations, span, self._inner.evaluate(combinations, span))

    def evaluate_spans(self, context: Sequence[SpanWork]) -> list[FloatArray]:
        for combinations, _ in context:
            self._counter.reserve(combinations)
        found = self._inner.evaluate_spans(context)
        return [self._noted(*pair, rows) for pair, rows in zip(context, found, strict=True)]

    def daily_returns(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        self._counter.reserve(combinations)
        return self._inner.daily_returns(combinations, span)

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        self._counter.reserve([parameters])
        return self._inner.execute(parameters, span, cash)

    def _noted(self, combinations: Sequence[Parameters], span: Span, rows: FloatArray) -> FloatArray:
        daily = rows[:, COLUMNS["sharpe"]] / np.sqrt(DAYS_PER_YEAR)
        self._counter.note(combinations, daily, _days(self._bars, span))
        return rows


@contextmanager
def open_counted(opened: AbstractContextManager[Evaluator], counter: TrialCounter, bars: Bars) -> Iterator[Evaluator]:
    """The opened evaluator, counted; what was found is written down at the end, also of work that was cut short."""
    with opened as inner:
        try:
            yield CountedEvaluator(inner, counter, bars)
        except BaseException:
            with suppress(OSError):
                counter.flush()
            raise
        counter.flush()
        inner.notes[:0] = counter.notices


def configuration_keys(context: EvaluationContext, combinations: Sequence[Parameters]) -> Keys:
    """uint64[combinations]: the same strategy code, settings, timeframe and parameters give the same key."""
    shared = f"{context.code_sha256} {context.settings_sha256} {context.data.timeframe}"
    seed = hashlib.blake2b(shared.encode(), digest_size=8)
    digests = []
    for parameters in combinations:
        one = seed.copy()
        one.update(repr(sorted(parameters.items())).encode())
        digests.append(one.digest())
    return np.frombuffer(b"".join(digests), dtype="<u8")


def settings_sha256(settings: BacktestSettings) -> str:
    """Without the engine: both give the same trades."""
    return hashlib.sha256(settings.model_dump_json(exclude={"engine"}).encode()).hexdigest()


def _days(bars: Bars, span: Span) -> float:
    return int(bars.open_time_ns[span.stop - 1] + bars.interval_ns - bars.open_time_ns[span.start]) / DAY_NS
