"""The kernel as an evaluator: many combinations of one strategy, compiled, on every core of this machine.

Signals are computed once a combination, on all bars, and cut to each span: for a strategy that uses nothing later
than each bar's close (the truncation test) that is the same as computing them on the span's own history.
"""

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import groupby

import numpy as np

from skills_lib.backtest.evaluator import Parameters, Span
from skills_lib.backtest.execution import Execution
from skills_lib.backtest.kernel import execute, signals_of
from skills_lib.backtest.kernel_batch import (
    DAILY,
    FIGURES,
    Jobs,
    Runner,
    Wanted,
    is_defined_from,
    memory_of,
    problem,
    warm_up,
)
from skills_lib.backtest.kernel_jobs import WARM_UP
from skills_lib.backtest.kernel_model import DONE, STATUS
from skills_lib.backtest.kernel_prepared import prepare
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals

_BARS_A_BATCH = 400_000_000
"""Bars × combinations between two words of progress: about a second."""
_BARS_A_JOB = 400_000
"""Bars × combinations that a thread prepares before it runs them: their signals fit into the caches."""
_BARS_WORTH_THREADS = 1_500_000
"""Bars × combinations below which starting threads takes longer than it saves."""
_REMEMBERED_BYTES = 128_000_000
"""Signals kept between spans, for walk-forward."""
_BYTES_A_BAR = 28
"""Four wishes, and three arrays of floats where a strategy has them all."""


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
        self._threads = threads or _cpus()
        self._remembered = _Remembered(0)
        self._failures: Counter[str] = Counter()

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        return self._table(combinations, span, FIGURES)

    def daily_returns(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        return self._table(combinations, span, DAILY)

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        settings = self._whole.settings.model_copy(update={"cash": cash})
        with self._memory.active():
            signals = self._signals_of(parameters)
        return execute(self._whole.under(settings), signals, span, self._strategy.__name__)

    def _table(self, combinations: Sequence[Parameters], span: Span, wanted: Wanted) -> FloatArray:
        bars = span.stop - span.start
        if bars * len(combinations) < _BARS_WORTH_THREADS:
            if bars < len(self._whole.bars) and (jobs := self._remembered_jobs(combinations, span)):
                return self._measured(self._runner, jobs, span, wanted)
            return self._rows(self._runner, combinations, span, wanted)
        step = max(1, min(_BARS_A_JOB // bars, -(-len(combinations) // self._threads)))
        order = _there_and_back(combinations)
        places = [order[i : i + step] for i in range(0, len(order), step)]
        parts = self._spread([[combinations[place] for place in part] for part in places], span, wanted)
        rows = np.empty((len(combinations), parts[0].shape[1]))
        rows[order] = np.concatenate(parts)
        return rows

    def _spread(self, chunks: Sequence[Sequence[Parameters]], span: Span, wanted: Wanted) -> list[FloatArray]:
        share = [chunks[i :: self._threads] for i in range(self._threads)]
        runners = [Runner(self._whole) for _ in share]
        # joblib's threading backend takes 12 ms to start, a quarter of a sweep; the standard library's pool 0.3 ms
        with ThreadPoolExecutor(self._threads) as pool:
            work = pool.map(lambda one, part: [self._rows(one, chunk, span, wanted) for chunk in part], runners, share)
            found = list(work)
        return [found[i % self._threads][i // self._threads] for i in range(len(chunks))]

    def _rows(self, runner: Runner, combinations: Sequence[Parameters], span: Span, wanted: Wanted) -> FloatArray:
        jobs, ready, name = Jobs(len(combinations)), [], self._strategy.__name__
        with self._memory.active():
            for place, parameters in enumerate(combinations):
                try:
                    signals = self._signals_of(parameters)
                    jobs.add(signals, warm_up(name, signals, span))
                except InputError as error:
                    self._fail(str(error))
                    continue
                ready.append(place)
        measured = self._measured(runner, jobs, span, wanted)
        if len(ready) == len(combinations):
            return measured
        rows = np.full((len(combinations), measured.shape[1]), np.nan)
        rows[ready] = measured
        return rows

    def _remembered_jobs(self, combinations: Sequence[Parameters], span: Span) -> Jobs | None:
        """Signals are the same for every span: walk-forward computes them in its first window only."""
        known = self._remembered.asked_before(combinations)
        if known is None:
            self._make_room(combinations)
            places = [self._place_of(parameters) for parameters in combinations]
            if None in places:
                return None
            known = self._remembered.keep(combinations, [place for place in places if place is not None])
        return known if known.table[:, WARM_UP].max() < span.stop else None

    def _make_room(self, combinations: Sequence[Parameters]) -> None:
        """Forget everything rather than some: places are positions in one table."""
        new = sum(tuple(parameters.values()) not in self._remembered.places for parameters in combinations)
        if new > self._remembered.jobs.room:
            usual = _REMEMBERED_BYTES // (len(self._whole.bars) * _BYTES_A_BAR)
            self._remembered = _Remembered(max(len(combinations), usual))

    def _place_of(self, parameters: Parameters) -> int | None:
        """Where the signals of a combination are remembered; None where they cannot be."""
        key = tuple(parameters.values())
        if key in self._remembered.places:
            return self._remembered.places[key]
        with self._memory.active():
            try:
                signals = self._signals_of(parameters)
                first = warm_up(self._strategy.__name__, signals, Span(0, len(self._whole.bars)))
            except InputError:
                return None
        return self._remembered.add(key, signals, first) if is_defined_from(signals, first) else None

    def _measured(self, runner: Runner, jobs: Jobs, span: Span, wanted: Wanted) -> FloatArray:
        rows, outcomes = runner.run(jobs, span, wanted)
        for outcome in outcomes[outcomes[:, STATUS] != DONE]:
            self._fail(problem(self._strategy.__name__, outcome) or "")
        return rows

    def _signals_of(self, parameters: Parameters) -> Signals:
        return signals_of(self._strategy, self._whole.scaled, dict(parameters))

    @cached_property
    def _runner(self) -> Runner:
        return Runner(self._whole)

    def _fail(self, reason: str) -> None:
        if not self._failures[reason]:
            self.notes.append(f"Some combinations could not run: {reason}")
        self._failures[reason] += 1


class _Remembered:
    """Jobs on all bars, by combination, and those of the list of combinations asked for last."""

    def __init__(self, capacity: int) -> None:
        self.jobs = Jobs(capacity)
        self.places: dict[tuple[object, ...], int] = {}
        self._last: tuple[list[Parameters], Jobs] | None = None

    def add(self, key: tuple[object, ...], signals: Signals, first: int) -> int:
        self.places[key] = len(self.jobs)
        self.jobs.add(signals, first)
        return self.places[key]

    def asked_before(self, combinations: Sequence[Parameters]) -> Jobs | None:
        """A walk-forward asks for the same combinations window after window."""
        return self._last[1] if self._last and self._last[0] == combinations else None

    def keep(self, combinations: Sequence[Parameters], places: Sequence[int]) -> Jobs:
        jobs = self.jobs.at(places)
        if len(combinations) > 1:
            self._last = (list(combinations), jobs)
        return jobs


def _there_and_back(combinations: Sequence[Parameters]) -> list[int]:
    """Places of the combinations, every other stretch of one first parameter backwards: neighbours share indicators,
    of which a memory holds few where bars are many."""
    firsts = groupby(range(len(combinations)), key=lambda place: next(iter(combinations[place].values()), None))
    stretches = [list(places) for _, places in firsts]
    return [place for i, places in enumerate(stretches) for place in (places[::-1] if i % 2 else places)]


def _cpus() -> int:
    """Processors this process may use; macOS and Windows only know how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
