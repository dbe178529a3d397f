"""The kernel on a cluster: each worker opens the sweep once and evaluates its shares of the combinations."""

import threading
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.backtest.sweep.evaluator import SpanWork
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.backtest.sweep.reference import ReferenceTask, pack_task
from skills_lib.backtest.sweep.workers import Workers, unpacked
from skills_lib.domain.bars import Bars, FloatArray

if TYPE_CHECKING:
    from skills_lib.backtest.strategy import SignalStrategy
    from skills_lib.backtest.sweep.local_workers import Payload

_SHARES_PER_SLOT = 4
"""So that a slow worker does not hold up the rest."""


class Share(NamedTuple):
    """Some combinations for one worker, and which table is wanted of them."""

    table: Literal["evaluate", "daily_returns"]
    combinations: tuple[Parameters, ...]
    span: Span


class KernelCluster:
    """An `Evaluator` whose sweeps run in `workers`; single runs stay in this process."""

    name = "kernel"

    def __init__(
        self, strategy: "type[SignalStrategy]", bars: Bars, settings: BacktestSettings, workers: Workers
    ) -> None:
        self.notes: list[str] = []
        self._here = KernelSweep(strategy, bars, settings, threads=1)
        own = np.frombuffer(
            uuid.uuid4().bytes, dtype=np.uint8
        )  # behind the pickle: what an earlier sweep noted is not ours
        self._workers, self._payload = (
            workers,
            np.concatenate([pack_task(ReferenceTask(strategy, bars, settings)), own]),
        )
        self.batch_size = self._here.batch_size * workers.slots

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        return self._table("evaluate", combinations, span)

    def evaluate_spans(self, work: Sequence[SpanWork]) -> list[FloatArray]:
        return [self.evaluate(combinations, span) for combinations, span in work]

    def daily_returns(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        return self._table("daily_returns", combinations, span)

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        return self._here.execute(parameters, span, cash)

    def _table(
        self, table: Literal["evaluate", "daily_returns"], combinations: Sequence[Parameters], span: Span
    ) -> FloatArray:
        size = -(-len(combinations) // (_SHARES_PER_SLOT * self._workers.slots))
        parts = [tuple(combinations[first : first + size]) for first in range(0, len(combinations), size)]
        notes_seen = len(self._workers.notes)
        found = self._workers.run(evaluate_share, self._payload, [Share(table, part, span) for part in parts])
        self.notes += self._workers.notes[notes_seen:]
        for _, notes in found:
            self.notes += [note for note in notes if note not in self.notes]
        return np.concatenate([rows for rows, _ in found])


def evaluate_share(payload: "Payload", share: Share) -> tuple[FloatArray, list[str]]:
    """The rows of a share and what the kernel noted about them; runs in a worker."""
    sweep = _opened(payload)
    known = len(sweep.notes)
    rows: FloatArray = getattr(sweep, share.table)(share.combinations, share.span)
    return rows, sweep.notes[known:]


_open = threading.local()
"""The sweep a thread of a worker opened last: its buffers are not to be shared."""


def _opened(payload: "Payload") -> KernelSweep:
    job = unpacked(payload)
    if getattr(_open, "job", None) is not job:
        _open.job, _open.sweep = job, KernelSweep(job.strategy, job.bars, job.settings, threads=1)
    sweep: KernelSweep = _open.sweep
    return sweep
