"""The kernel as an evaluator: many combinations of one strategy, compiled, on every core of this machine.

Signals are computed once a combination, on all bars, and cut to each span: for a strategy that uses nothing later
than each bar's close (the truncation test) that is the same as computing them on the span's own history.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, cached_property, partial
from itertools import groupby
from typing import TypeVar
from weakref import WeakValueDictionary

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.kernel.arrays import DONE, STATUS
from skills_lib.backtest.kernel.batch import (
    DAILY,
    FIGURES,
    Batch,
    BatchOutput,
    FirstDefined,
    Runner,
    is_defined_throughout,
    memory_of,
    problem_of,
    warm_up,
)
from skills_lib.backtest.kernel.entry_points import WARM_UP
from skills_lib.backtest.kernel.inputs import prepare_inputs
from skills_lib.backtest.kernel.run import execute, signals_of
from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.backtest.sweep.evaluator import SpanWork
from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals

T = TypeVar("T")

_BARS_A_BATCH = 400_000_000
"""Bars × combinations between two words of progress: about a second."""
_BARS_A_JOB = 600_000
"""Bars × combinations that a thread prepares before it runs them: their signals fit into the caches."""
_MIN_BARS_FOR_THREADS = 1_500_000
"""Bars × combinations below which starting threads takes longer than it saves."""
_MIN_BARS_FOR_THREADS_IN_ONE_SPAN = 400_000
"""The same where signals are known, so that threads only run them."""
_REMEMBERED_BYTES = 128_000_000
"""Signals kept between spans, for walk-forward."""
_BYTES_A_BAR = 28
"""Four boolean signals, and three arrays of floats where a strategy has them all."""


class KernelSweep:
    """An `Evaluator` on the compiled kernel; threads share everything, because compiled code releases the GIL."""

    name = "kernel"

    def __init__(
        self, strategy: type[SignalStrategy], bars: Bars, settings: BacktestSettings, threads: int = 0
    ) -> None:
        self.notes: list[str] = []
        self.batch_size = max(1, _BARS_A_BATCH // len(bars))
        self._strategy, self._whole = strategy, prepare_inputs(bars, settings)
        self._memory = memory_of(self._whole)
        self._threads = threads or _cpus()
        self._remembered = _Remembered(0)
        self._typical_capacity = _REMEMBERED_BYTES // (len(bars) * _BYTES_A_BAR)
        self._failures: Counter[str] = Counter()
        self._first_defined = FirstDefined()

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        return self._table(combinations, span, FIGURES)

    def evaluate_spans(self, work: Sequence[SpanWork]) -> list[FloatArray]:
        if not work:
            return []
        counts = [len(combinations) for combinations, _ in work]
        spans = np.repeat(np.array([span for _, span in work], dtype=np.int64).reshape(-1, 2), counts, axis=0)
        distinct = {id(combinations): len(combinations) for combinations, _ in work}
        jobs = None
        if sum(distinct.values()) <= self._typical_capacity:
            jobs = self._remembered_jobs([combinations for combinations, _ in work], spans[:, 1])
        if jobs is None:
            return [self.evaluate(combinations, span) for combinations, span in work]
        return np.split(self._record_failures(*self._side_by_side(jobs, spans)), np.cumsum(counts)[:-1])

    def daily_returns(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        return self._table(combinations, span, DAILY)

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        settings = self._whole.settings.model_copy(update={"cash": cash})
        with self._memory.active():
            signals = self._signals_of(parameters)
        return execute(self._whole.under(settings), signals, span, self._strategy.__name__)

    def _table(self, combinations: Sequence[Parameters], span: Span, wanted: BatchOutput) -> FloatArray:
        bars, stop = span.stop - span.start, np.array(span.stop)
        if bars * len(combinations) < _MIN_BARS_FOR_THREADS:
            if bars < len(self._whole.bars) and (jobs := self._remembered_jobs([combinations], stop)):
                return self._measured(self._runner, jobs, span, wanted)
            return self._rows(self._runner, combinations, span, wanted)
        step = max(1, min(_BARS_A_JOB // bars, -(-len(combinations) // self._threads)))
        order = _serpentine_order(combinations)
        places = [order[i : i + step] for i in range(0, len(order), step)]
        parts = self._spread([[combinations[place] for place in part] for part in places], span, wanted)
        rows = np.empty((len(combinations), parts[0].shape[1]))
        rows[order] = np.concatenate(parts)
        return rows

    def _side_by_side(self, jobs: Batch, spans: IntArray) -> tuple[FloatArray, IntArray]:
        """Figures and outcomes of every job on its own span; this thread takes a share too."""
        threads = self._threads if (spans[:, 1] - spans[:, 0]).sum() >= _MIN_BARS_FOR_THREADS_IN_ONE_SPAN else 1
        if threads == 1:
            return self._runner.run_part(jobs, slice(len(jobs)), spans)
        cuts = [len(jobs) * i // threads for i in range(threads + 1)]
        mine, *remaining = map(slice, cuts, cuts[1:])
        working = [_submit(threads, partial(Runner(self._whole).run_part, jobs, part, spans)) for part in remaining]
        found = [self._runner.run_part(jobs, mine, spans), *(work.result() for work in working)]
        return np.concatenate([rows for rows, _ in found]), np.concatenate([outcomes for _, outcomes in found])

    def _spread(self, chunks: Sequence[Sequence[Parameters]], span: Span, wanted: BatchOutput) -> list[FloatArray]:
        """Rows of every chunk; the thread that is done first takes the next."""
        found: dict[int, FloatArray] = {}
        waiting = enumerate(chunks)

        def work(runner: Runner) -> None:
            for place, chunk in waiting:
                found[place] = self._rows(runner, chunk, span, wanted)

        working = [_submit(self._threads, partial(work, Runner(self._whole))) for _ in range(self._threads)]
        try:
            for one in working:
                one.result()
        finally:
            for _ in waiting:  # interrupted: nobody takes another
                pass
        return [found[place] for place in range(len(chunks))]

    def _rows(self, runner: Runner, combinations: Sequence[Parameters], span: Span, wanted: BatchOutput) -> FloatArray:
        jobs, ready, name = Batch(len(combinations)), [], self._strategy.__name__
        with self._memory.active():
            for place, parameters in enumerate(combinations):
                try:
                    signals = self._signals_of(parameters)
                    jobs.add(signals, warm_up(name, signals, span, self._first_defined))
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

    def _remembered_jobs(self, work: Sequence[Sequence[Parameters]], stops: IntArray) -> Batch | None:
        """Jobs of all lists of combinations, one after the other; None where one of them has none before its stop.

        Signals are the same for every span: walk-forward computes them in its first window only.
        """
        lists = {id(combinations): combinations for combinations in work}
        self._evict([parameters for combinations in lists.values() for parameters in combinations])
        with self._memory.active():
            places = {key: [self._place_of(parameters) for parameters in lists[key]] for key in lists}
        rows = [place for combinations in work for place in places[id(combinations)]]
        if None in rows:
            return None
        jobs = self._remembered.jobs.at([row for row in rows if row is not None])
        return jobs if (jobs.table[:, WARM_UP] < stops).all() else None

    def _evict(self, combinations: Sequence[Parameters]) -> None:
        """Forget everything rather than some: places are positions in one table."""
        new = sum(tuple(parameters.values()) not in self._remembered.places for parameters in combinations)
        if new > self._remembered.jobs.capacity:
            self._remembered = _Remembered(max(len(combinations), self._typical_capacity))

    def _place_of(self, parameters: Parameters) -> int | None:
        """Where the signals of a combination are remembered; None where they cannot be."""
        key = tuple(parameters.values())
        if key in self._remembered.places:
            return self._remembered.places[key]
        try:
            signals = self._signals_of(parameters)
            first = warm_up(self._strategy.__name__, signals, Span(0, len(self._whole.bars)))
        except InputError:
            return None
        if not all(map(self._remembered.stays_defined, signals.indicators.values())):
            return None
        return self._remembered.add(key, signals, first)

    def _measured(self, runner: Runner, jobs: Batch, span: Span, wanted: BatchOutput) -> FloatArray:
        return self._record_failures(*runner.run(jobs, span, wanted))

    def _record_failures(self, rows: FloatArray, outcomes: IntArray) -> FloatArray:
        """The rows, once it is noted what could not run."""
        for outcome in outcomes[outcomes[:, STATUS] != DONE]:
            self._fail(problem_of(self._strategy.__name__, outcome) or "")
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
    """Jobs on all bars, by combination."""

    def __init__(self, capacity: int) -> None:
        self.jobs = Batch(capacity)
        self.places: dict[tuple[object, ...], int] = {}
        self._defined: WeakValueDictionary[int, FloatArray] = WeakValueDictionary()

    def add(self, key: tuple[object, ...], signals: Signals, first: int) -> int:
        self.places[key] = len(self.jobs)
        self.jobs.add(signals, first)
        return self.places[key]

    def stays_defined(self, indicator: FloatArray) -> bool:
        """`is_defined_throughout`, looked at once where combinations share an indicator."""
        if self._defined.get(id(indicator)) is not indicator:
            if not is_defined_throughout(indicator):
                return False
            self._defined[id(indicator)] = indicator
        return True


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that stay: to start some takes half a millisecond, joblib's twelve, of a sweep's thirty."""
    return ThreadPoolExecutor(threads, "kernel")


def _submit(threads: int, task: Callable[[], T]) -> "Future[T]":
    """Run `task` on a thread of the pool.

    A thread drops its work item only after the result is set, so the item holds no reference to the task: else a sweep
    could outlive its caller until the thread is scheduled again.
    """
    return _pool(threads).submit(_run_and_release, [task])


def _run_and_release(tasks: list[Callable[[], T]]) -> T:
    return tasks.pop()()


if hasattr(os, "register_at_fork"):  # threads do not live on in a fork
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _serpentine_order(combinations: Sequence[Parameters]) -> list[int]:
    """Places of the combinations, every other run of one first parameter backwards: neighbours share indicators,
    of which a memory holds few where bars are many."""
    firsts = groupby(range(len(combinations)), key=lambda place: next(iter(combinations[place].values()), None))
    ranges = [list(places) for _, places in firsts]
    return [place for i, places in enumerate(ranges) for place in (places[::-1] if i % 2 else places)]


def _cpus() -> int:
    """Processors this process may use; macOS and Windows only know how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
