"""The reference as an evaluator: backtesting.py once a combination, spread over processes or machines."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.metrics import count_days, execution_returns, measure
from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.backtest.spans import run_span
from skills_lib.backtest.sweep.evaluator import SpanWork
from skills_lib.backtest.sweep.processors import limited
from skills_lib.backtest.sweep.workers import Workers, unpacked
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.errors import InputError

if TYPE_CHECKING:
    from backtesting import Strategy

    from skills_lib.backtest.sweep.local_workers import Payload

BARS_WORTH_WORKERS = 500_000
"""Bars to run through before workers are worth the time they take to start."""
_BATCHES_PER_SLOT = 8


class ReferenceTask(NamedTuple):
    """What every combination of a sweep shares."""

    strategy: "type[Strategy]"
    bars: Bars
    settings: BacktestSettings


Row = tuple[list[float] | None, str]
"""Figures of one combination, or None and why it cannot run."""
Measure = Callable[[ReferenceTask, Parameters, Span], Row]


class ReferenceSweep:
    """An `Evaluator` on backtesting.py.

    `connect` opens workers when they are worth it, from the beginning where `always`; without it all work is done in
    this process.
    """

    name = "reference"

    def __init__(self, job: ReferenceTask, connect: Callable[[], Workers] | None = None, always: bool = False) -> None:
        self.notes: list[str] = []
        self._job, self._connect, self._always = job, connect, always
        self._workers: Workers | None = connect() if connect and always else None
        self._payload: Payload | None = None
        self._failures: Counter[str] = Counter()
        self._bars_run = 0
        slots = self._workers.slots if self._workers else _cpus()
        self.batch_size = _BATCHES_PER_SLOT * slots

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        return self._rows(measure_metrics, combinations, span, len(METRICS))

    def evaluate_spans(self, work: Sequence[SpanWork]) -> list[FloatArray]:
        return [self.evaluate(combinations, span) for combinations, span in work]

    def daily_returns(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        bars = self._job.bars
        days = count_days(bars.open_time_ns[span.start : span.stop], bars.interval_ns)
        return self._rows(measure_days, combinations, span, days)

    def _rows(self, measured: Measure, combinations: Sequence[Parameters], span: Span, columns: int) -> FloatArray:
        if self._connect and (self._always or self._bars_run >= BARS_WORTH_WORKERS):
            found = self._spread(measured, combinations, span)
        else:
            found = [measured(self._job, combination, span) for combination in combinations]
        self._bars_run += len(combinations) * (span.stop - span.start)
        for _, failure in found:
            self._note(failure)
        missing = np.full(columns, np.nan)
        rows = [missing if row is None else row for row, _ in found]
        return np.array(rows, dtype=np.float64).reshape(len(combinations), columns)

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        settings = self._job.settings.model_copy(update={"cash": cash})
        return run_span(self._job.strategy, self._job.bars, parameters, settings, span)

    def _spread(self, measured: Measure, combinations: Sequence[Parameters], span: Span) -> list[Row]:
        if self._workers is None:
            assert self._connect is not None
            self._workers = self._connect()
        if self._payload is None:
            self._payload = pack_task(self._job)
        notes_seen = len(self._workers.notes)
        items = [(measured, dict(values), span) for values in combinations]
        found = self._workers.run(run_packed_task, self._payload, items)
        self.notes.extend(self._workers.notes[notes_seen:])
        return found

    def _note(self, failure: str) -> None:
        """One note a kind of failure, however many combinations it struck."""
        if failure and not self._failures[failure]:
            self.notes.append(f"Some combinations could not run: {failure}")
        self._failures[failure] += 1


def measure_metrics(job: ReferenceTask, parameters: Parameters, span: Span) -> Row:
    """Figures in the order of METRICS."""
    return _run(job, parameters, span, lambda run, bars: list(measure(run, bars, job.settings.costs).values()))


def measure_days(job: ReferenceTask, parameters: Parameters, span: Span) -> Row:
    """Returns by day."""
    return _run(job, parameters, span, lambda run, bars: execution_returns(run, bars).tolist())


def _run(
    job: ReferenceTask, parameters: Parameters, span: Span, figures: Callable[[Execution, Bars], list[float]]
) -> Row:
    try:
        execution = run_span(job.strategy, job.bars, parameters, job.settings, span)
    except InputError as error:
        return None, str(error)
    return figures(execution, job.bars[span.start : span.stop]), ""


def pack_task(job: ReferenceTask) -> "Payload":
    """The job as bytes that any worker can open: the strategy travels by value, its file need not be there."""
    import cloudpickle

    module = sys.modules[job.strategy.__module__]
    with ExitStack() as stack:
        if module.__name__ != "__main__":  # which always travels by value
            cloudpickle.register_pickle_by_value(module)
            stack.callback(cloudpickle.unregister_pickle_by_value, module)
        packed: bytes = cloudpickle.dumps(job)
    return np.frombuffer(packed, dtype=np.uint8)


def run_packed_task(payload: "Payload", item: tuple[Measure, Parameters, Span]) -> Row:
    """`measure_metrics` or `measure_days` in a worker, which opens each job once."""
    measured, parameters, span = item
    return measured(unpacked(payload), parameters, span)


def _cpus() -> int:
    from joblib import cpu_count

    return limited(int(cpu_count()))
