"""Which engine evaluates: the one asked for, or the reference with a note that says why."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from skills_lib.backtest.kernel.compiling import compiling_reported
from skills_lib.backtest.kernel.run import unsupported_reason
from skills_lib.backtest.kinds import gives_signals
from skills_lib.backtest.model import BacktestSettings, EngineName
from skills_lib.backtest.sweep.evaluator import Evaluator
from skills_lib.backtest.sweep.reference import ReferenceSweep, ReferenceTask
from skills_lib.backtest.sweep.workers import Workers, open_workers
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.progress import Progress, no_progress

if TYPE_CHECKING:
    from backtesting import Strategy

    from skills_lib.backtest.strategy import SignalStrategy

_ENGINES: tuple[EngineName, ...] = ("kernel", "reference")


def parse_engine(name: str) -> EngineName:
    """Check what was typed.

    Raises:
        InputError: no such engine.
    """
    for engine in _ENGINES:
        if name == engine:
            return engine
    raise InputError(f"Unknown engine '{name}'.{did_you_mean(name, _ENGINES)} Allowed: {', '.join(_ENGINES)}.")


@contextmanager
def open_evaluator(
    engine: EngineName,
    strategy: "type[Strategy]",
    bars: Bars,
    settings: BacktestSettings,
    cluster: str | None = None,
    progress: Progress = no_progress,
) -> Iterator[Evaluator]:
    """The evaluator for `strategy` on `bars`; what it holds open is closed at the end.

    A kernel that has to be compiled first is reported to `progress`.

    Raises:
        InputError: a cluster address that does not answer.
    """
    reason = unsupported_reason(strategy, settings) if engine == "kernel" else None
    job = ReferenceTask(strategy, bars, settings)
    with ExitStack() as stack:
        if engine == "kernel" and reason is None and gives_signals(strategy):
            stack.enter_context(compiling_reported(progress))
            yield _kernel(strategy, job, stack.enter_context(open_workers(cluster)) if cluster else None)
            return
        sweep = ReferenceSweep(job, lambda: stack.enter_context(open_workers(cluster)), always=cluster is not None)
        if reason:
            sweep.notes.append(f"The reference ran instead of the kernel: {reason}.")
        yield sweep


def _kernel(strategy: "type[SignalStrategy]", job: ReferenceTask, workers: Workers | None) -> Evaluator:
    """On this machine's threads, or on a cluster's workers."""
    from skills_lib.backtest.sweep.cluster import KernelCluster
    from skills_lib.backtest.sweep.kernel import KernelSweep

    if workers is None:
        return KernelSweep(strategy, job.bars, job.settings)
    return KernelCluster(strategy, job.bars, job.settings, workers)
