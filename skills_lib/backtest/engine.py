"""Runs a strategy on the engine of the settings and returns what it did, with notes on the fills."""

from dataclasses import replace

from backtesting import Strategy

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.fill_notes import fill_notes
from skills_lib.backtest.kernel.compiling import compiling_reported
from skills_lib.backtest.kernel.run import run_kernel, unsupported_reason
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.progress import Progress, no_progress


def run_engine(
    strategy: type[Strategy],
    bars: Bars,
    parameters: dict[str, Value],
    settings: BacktestSettings,
    progress: Progress = no_progress,
) -> Execution:
    """Run on the engine of `settings`, with notes on the fills.

    The reference runs, with a warning, where the kernel cannot.

    Raises:
        InputError: the strategy raised, or there are fewer bars than its indicators need.
    """
    settings = settings.with_unit_for(bars)
    execution = _run(strategy, bars, parameters, settings, progress)
    return replace(execution, warnings=(*execution.warnings, *fill_notes(execution, bars)))


def _run(
    strategy: type[Strategy], bars: Bars, parameters: dict[str, Value], settings: BacktestSettings, progress: Progress
) -> Execution:
    if settings.engine_for(len(bars)) == "reference":
        return run_reference(strategy, bars, parameters, settings).execution
    if reason := unsupported_reason(strategy, settings):
        execution = run_reference(strategy, bars, parameters, settings).execution
        warning = f"The reference ran instead of the kernel: {reason}"
        return replace(execution, warnings=(*execution.warnings, warning))
    assert issubclass(strategy, SignalStrategy)
    with compiling_reported(progress):
        return run_kernel(strategy, bars, parameters, settings)
