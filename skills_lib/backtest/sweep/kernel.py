"""The kernel as an evaluator: many combinations of one strategy, compiled, on every core of this machine.

Data goes one way: combinations become batches of signals (`batches`), runners execute them on the arrays of the
market (`kernel/runner`), and their rows become the table. This module decides what runs on which thread.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.kernel.arrays import DONE, STATUS
from skills_lib.backtest.kernel.batch import Batch
from skills_lib.backtest.kernel.inputs import prepare_inputs
from skills_lib.backtest.kernel.run import execute
from skills_lib.backtest.kernel.runner import DAILY, FIGURES, BatchOutput, Runner, problem_of
from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.backtest.sweep.batches import Failures, SignalBatches
from skills_lib.backtest.sweep.evaluator import SpanWork
from skills_lib.backtest.sweep.processors import limited
from skills_lib.domain.bars import Bars, FloatArray, IntArray

if TYPE_CHECKING:
    from skills_lib.backtest.strategy import SignalStrategy

T = TypeVar("T")

_BARS_A_BATCH = 400_000_000
"""Bars × combinations between two words of progress: about a second."""
_BARS_A_JOB = 600_000
"""Bars × combinations that a thread prepares before it runs them: their signals fit into the caches."""
_MIN_BARS_FOR_THREADS = 1_500_000
"""Bars × combinations below which starting threads takes longer than it saves."""
_MIN_BARS_FOR_THREADS_IN_ONE_SPAN = 400_000
"""The same where signals are known, so that threads only run them."""


class KernelSweep:
    """An `Evaluator` on the compiled kernel; threads share everything, because compiled code releases the GIL."""

    name = "kernel"

    def __init__(
        self, strategy: "type[SignalStrategy]", bars: Bars, settings: BacktestSettings, threads: int = 0
    ) -> None:
        self.batch_size = max(1, _BARS_A_BATCH // len(bars))
        self._strategy, self._inputs = strategy, prepare_inputs(bars, settings)
        self._failures = Failures()
        self.notes = self._failures.notes
        self._batches = SignalBatches(strategy, self._inputs, self._failures)
        self._threads = threads or limited(_cpus())

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        return self._table(combinations, span, FIGURES)

    def evaluate_spans(self, work: Sequence[SpanWork]) -> list[FloatArray]:
        if not work:
            return []
        counts = [len(combinations) for combinations, _ in work]
        spans = np.repeat(np.array([span for _, span in work], dtype=np.int64).reshape(-1, 2), counts, axis=0)
        distinct = {id(combinations): len(combinations) for combinations, _ in work}
        batch = None
        if sum(distinct.values()) <= self._batches.max_remembered:
            batch = self._batches.remembered([combinations for combinations, _ in work], spans[:, 1])
        if batch is None:
            return [self.evaluate(combinations, span) for combinations, span in work]
        return np.split(self._checked(*self._side_by_side(batch, spans)), np.cumsum(counts)[:-1])

    def daily_returns(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        return self._table(combinations, span, DAILY)

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        settings = self._inputs.settings.model_copy(update={"cash": cash})
        return execute(self._inputs.under(settings), self._batches.signals(parameters), span, self._strategy.__name__)

    def _table(self, combinations: Sequence[Parameters], span: Span, wanted: BatchOutput) -> FloatArray:
        """One row a combination: on this thread where there is little to do, else on all of them."""
        bars, stop = span.stop - span.start, np.array(span.stop)
        if bars * len(combinations) < _MIN_BARS_FOR_THREADS:
            if bars < len(self._inputs.bars) and (batch := self._batches.remembered([combinations], stop)):
                return self._checked(*self._runner.run(batch, span, wanted))
            return self._rows(self._runner, combinations, span, wanted)
        step = max(1, min(_BARS_A_JOB // bars, -(-len(combinations) // self._threads)))
        order = _serpentine_order(combinations)
        places = [order[i : i + step] for i in range(0, len(order), step)]
        parts = self._spread([[combinations[place] for place in part] for part in places], span, wanted)
        rows = np.empty((len(combinations), parts[0].shape[1]))
        rows[order] = np.concatenate(parts)
        return rows

    def _rows(self, runner: Runner, combinations: Sequence[Parameters], span: Span, wanted: BatchOutput) -> FloatArray:
        """One row a combination: nan where it has no signals or cannot run."""
        batch, places = self._batches.computed(combinations, span)
        found = self._checked(*runner.run(batch, span, wanted))
        if len(places) == len(combinations):
            return found
        rows = np.full((len(combinations), found.shape[1]), np.nan)
        rows[places] = found
        return rows

    def _spread(self, chunks: Sequence[Sequence[Parameters]], span: Span, wanted: BatchOutput) -> list[FloatArray]:
        """Rows of every chunk; the thread that is done first takes the next."""
        found: dict[int, FloatArray] = {}
        waiting = enumerate(chunks)

        def work(runner: Runner) -> None:
            for place, chunk in waiting:
                found[place] = self._rows(runner, chunk, span, wanted)

        working = [_submit(self._threads, partial(work, Runner(self._inputs))) for _ in range(self._threads)]
        try:
            for one in working:
                one.result()
        finally:
            for _ in waiting:  # interrupted: nobody takes another
                pass
        return [found[place] for place in range(len(chunks))]

    def _side_by_side(self, batch: Batch, spans: IntArray) -> tuple[FloatArray, IntArray]:
        """Figures and outcomes of every job on its own span; this thread takes a share too."""
        threads = self._threads if (spans[:, 1] - spans[:, 0]).sum() >= _MIN_BARS_FOR_THREADS_IN_ONE_SPAN else 1
        if threads == 1:
            return self._runner.run_part(batch, slice(len(batch)), spans)
        cuts = [len(batch) * i // threads for i in range(threads + 1)]
        mine, *remaining = map(slice, cuts, cuts[1:])
        working = [_submit(threads, partial(Runner(self._inputs).run_part, batch, part, spans)) for part in remaining]
        found = [self._runner.run_part(batch, mine, spans), *(work.result() for work in working)]
        return np.concatenate([rows for rows, _ in found]), np.concatenate([outcomes for _, outcomes in found])

    def _checked(self, rows: FloatArray, outcomes: IntArray) -> FloatArray:
        """The rows, once it is noted what could not run."""
        for outcome in outcomes[outcomes[:, STATUS] != DONE]:
            self._failures.add(problem_of(self._strategy.__name__, outcome) or "")
        return rows

    @cached_property
    def _runner(self) -> Runner:
        return Runner(self._inputs)


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
