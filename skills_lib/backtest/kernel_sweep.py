"""The kernel as an evaluator: many combinations of one strategy, compiled, on every core of this machine.

Signals are computed once a combination, on all bars, and cut to each span: for a strategy that uses nothing later
than each bar's close (the truncation test) that is the same as computing them on the span's own history.
"""

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from skills_lib.backtest.evaluator import Parameters, Span
from skills_lib.backtest.execution import Execution
from skills_lib.backtest.kernel import execute, signals_of
from skills_lib.backtest.kernel_batch import Jobs, Runner, memory_of, problem, warm_up
from skills_lib.backtest.kernel_prepared import Prepared, prepare
from skills_lib.backtest.metrics import METRICS
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.spans import cut_signals
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals

_BARS_A_BATCH = 400_000_000
"""Bars × combinations between two words of progress: about a second."""
_BARS_A_JOB = 400_000
"""Bars × combinations that a thread prepares before it runs them: their signals fit into the caches."""
_REMEMBERED_BYTES = 128_000_000
"""Signals kept between spans, for walk-forward."""


class KernelSweep:
    """An `Evaluator` on the compiled kernel; threads share everything, because compiled code releases the GIL."""

    name = "kernel"

    def __init__(
        self, strategy: type[SignalStrategy], bars: Bars, settings: BacktestSettings, threads: int = 0
    ) -> None:
        self.notes: list[str] = []
        self.batch_size = max(1, _BARS_A_BATCH // len(bars))
        self._strategy, self._whole = strategy, prepare(bars, settings)
        self._memory = memory_of(self._whole)
        self._threads = threads or len(os.sched_getaffinity(0))
        self._signals: dict[tuple[object, ...], Signals] = {}
        self._room, self._at_once = _REMEMBERED_BYTES, False
        self._failures: Counter[str] = Counter()

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        prepared, bars = self._on(span, self._whole.settings), span.stop - span.start
        self._at_once = bars == len(self._whole.bars)  # then no other span will ask for these signals again
        step = max(1, min(_BARS_A_JOB // bars, -(-len(combinations) // self._threads)))
        chunks = [combinations[i : i + step] for i in range(0, len(combinations), step)]
        rows = self._run(prepared, span, chunks)
        return np.concatenate(rows) if rows else np.empty((0, len(METRICS)))

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        settings = self._whole.settings.model_copy(update={"cash": cash})
        with self._memory.active():
            signals = self._signals_of(parameters)
        part = cut_signals(signals, slice(span.start, span.stop))
        return execute(self._on(span, settings), part, self._strategy.__name__)

    def _run(self, prepared: Prepared, span: Span, chunks: Sequence[Sequence[Parameters]]) -> list[FloatArray]:
        if len(chunks) == 1:
            return [self._rows(Runner(prepared), span, chunks[0])]
        share = [chunks[i :: self._threads] for i in range(self._threads)]
        # joblib's threading backend takes 12 ms to start, a quarter of a sweep; the standard library's pool 0.3 ms
        with ThreadPoolExecutor(self._threads) as pool:
            found = list(pool.map(lambda part: self._rows_of_all(prepared, span, part), share))
        return [found[i % self._threads][i // self._threads] for i in range(len(chunks))]

    def _rows_of_all(self, prepared: Prepared, span: Span, chunks: Sequence[Sequence[Parameters]]) -> list[FloatArray]:
        runner = Runner(prepared)
        return [self._rows(runner, span, chunk) for chunk in chunks]

    def _rows(self, runner: Runner, span: Span, combinations: Sequence[Parameters]) -> FloatArray:
        jobs, ready, part = Jobs(len(combinations)), [], slice(span.start, span.stop)
        with self._memory.active():
            for place, parameters in enumerate(combinations):
                try:
                    signals = self._signals_of(parameters)
                    jobs.add(signals, warm_up(self._strategy.__name__, signals, part), part)
                except InputError as error:
                    self._fail(str(error))
                    continue
                ready.append(place)
        rows = np.full((len(combinations), len(METRICS)), np.nan)
        rows[ready], outcomes = runner.run(jobs)
        for outcome in outcomes:
            if trouble := problem(self._strategy.__name__, outcome):
                self._fail(trouble)
        return rows

    def _signals_of(self, parameters: Parameters) -> Signals:
        key = tuple(parameters.values())
        if known := self._signals.get(key):
            return known
        signals = signals_of(self._strategy, self._whole.scaled, dict(parameters))
        if self._room > 0 and not self._at_once:
            self._signals[key] = signals
            self._room -= 4 * len(signals) + sum(
                8 * len(a) for a in (signals.stop_price, signals.target_price) if a is not None
            )
        return signals

    def _on(self, span: Span, settings: BacktestSettings) -> Prepared:
        part = slice(span.start, span.stop)
        return Prepared(self._whole.bars[part], self._whole.scaled[part], settings)

    def _fail(self, reason: str) -> None:
        if not self._failures[reason]:
            self.notes.append(f"Some combinations could not run: {reason}")
        self._failures[reason] += 1
