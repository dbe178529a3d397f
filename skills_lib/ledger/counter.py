"""Counts evaluations in the trial ledger, by a counter bound to a strategy, its candles and settings.

Single runs call the counter directly; sweeps, walk-forwards and validations evaluate through `CountedEvaluator`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.identity import strategy_sha256
from skills_lib.backtest.metrics import DAYS_PER_YEAR
from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.backtest.source import StrategySource
from skills_lib.backtest.sweep.evaluator import COLUMNS, Evaluator, SpanWork
from skills_lib.backtest.trials import TrialCount, TrialCounter
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.time import DAY_NS
from skills_lib.ledger.ledger import Keys, Ledger, RecordedSharpes, union
from skills_lib.ledger.model import CandleIdentity, EvaluationContext
from skills_lib.market.candles.model import Candles

_LONGER = 2.0
"""A configuration's Sharpe ratio is recorded again if its span is this many times longer than the recorded one."""


class LedgerTrialCounter:
    """A `TrialCounter` that writes to the trial ledger.

    Noted results are written with the next reservation, so that a batch costs one transaction.
    """

    def __init__(self, ledger: Ledger, context: EvaluationContext) -> None:
        self.notices: list[str] = []
        self.context, self._ledger = context, ledger
        self._reserved: Keys = union([])
        self._noted: dict[int, float] = {}
        self._pending: list[RecordedSharpes] = []
        self._last: tuple[Sequence[Parameters], Keys] | None = None

    def reserve(self, combinations: Sequence[Parameters]) -> None:
        unreserved = np.setdiff1d(self._keys(combinations), self._reserved)
        if not len(unreserved):
            return
        self._ledger.reserve(self.context, unreserved, self._pending)
        self._pending = []
        if not len(self._reserved):
            self.notices.extend(self._ledger.notices())
        self._reserved = union([self._reserved, unreserved])

    def note(self, combinations: Sequence[Parameters], daily_sharpes: FloatArray, days: float) -> None:
        keys = self._keys(combinations)
        is_new = np.array([days >= _LONGER * self._noted.get(key, 0.0) for key in keys.tolist()], dtype=np.bool_)
        if is_new.any():
            self._noted.update(dict.fromkeys(keys[is_new].tolist(), days))
            self._pending.append(RecordedSharpes(self.context, keys[is_new], daily_sharpes[is_new], days))

    def flush(self) -> None:
        if self._pending:
            self._ledger.record(self._pending)
        self._pending = []

    def count(self) -> TrialCount:
        """All trials recorded on these candles, this work included."""
        self.flush()
        return self._ledger.count(self.context.data)

    def _keys(self, combinations: Sequence[Parameters]) -> Keys:
        """Cached for the last list: walk-forward passes the same list for every window."""
        if self._last is None or self._last[0] is not combinations:
            self._last = (combinations, configuration_keys(self.context, combinations))
        return self._last[1]


def open_trial_counter(
    ledger: Ledger, origin: str, strategy: StrategySource, candles: Candles, settings: BacktestSettings
) -> LedgerTrialCounter:
    """An `OpenTrialCounter` once `ledger` and `origin` (such as "twokey optimize (agent)") are bound by `partial`."""
    hashes = strategy_sha256(strategy), settings_sha256(settings)
    return LedgerTrialCounter(ledger, EvaluationContext(origin, strategy.name, *hashes, CandleIdentity.of(candles)))


class CountedEvaluator:
    """An `Evaluator` that counts every combination before it is evaluated and records its Sharpe ratio."""

    def __init__(self, inner: Evaluator, counter: TrialCounter, bars: Bars) -> None:
        self.name, self.batch_size, self.notes = inner.name, inner.batch_size, inner.notes
        self._inner, self._counter, self._bars = inner, counter, bars

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        self._counter.reserve(combinations)
        return self._noted(combinations, span, self._inner.evaluate(combinations, span))

    def evaluate_spans(self, work: Sequence[SpanWork]) -> list[FloatArray]:
        for combinations, _ in work:
            self._counter.reserve(combinations)
        results = self._inner.evaluate_spans(work)
        return [self._noted(*pair, rows) for pair, rows in zip(work, results, strict=True)]

    def daily_returns(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        self._counter.reserve(combinations)
        return self._inner.daily_returns(combinations, span)

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        self._counter.reserve([parameters])
        return self._inner.execute(parameters, span, cash)

    def _noted(self, combinations: Sequence[Parameters], span: Span, rows: FloatArray) -> FloatArray:
        sharpes = rows[:, COLUMNS["sharpe"]]
        daily = np.where(np.isfinite(sharpes), sharpes, np.nan) / np.sqrt(DAYS_PER_YEAR)
        self._counter.note(combinations, daily, _days(self._bars, span))
        return rows


@contextmanager
def open_counted(opened: AbstractContextManager[Evaluator], counter: TrialCounter, bars: Bars) -> Iterator[Evaluator]:
    """The opened evaluator, counted; its results are recorded at the end, also when the work is interrupted."""
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
    """uint64[combinations]: equal strategy code, settings, timeframe and parameters give equal keys."""
    shared = f"{context.code_sha256} {context.settings_sha256} {context.data.timeframe}"
    seed = hashlib.blake2b(shared.encode(), digest_size=8)
    digests = []
    for parameters in combinations:
        digest = seed.copy()
        digest.update(repr(sorted(parameters.items())).encode())
        digests.append(digest.digest())
    return np.frombuffer(b"".join(digests), dtype="<u8")


def settings_sha256(settings: BacktestSettings) -> str:
    """Hash of the settings without the engine, because all give the same trades, and what follows from the symbol."""
    kept = settings.model_dump_json(exclude={"engine", "margin_tiers"})
    return hashlib.sha256(kept.encode()).hexdigest()


def _days(bars: Bars, span: Span) -> float:
    return int(bars.open_time_ns[span.stop - 1] + bars.interval_ns - bars.open_time_ns[span.start]) / DAY_NS
