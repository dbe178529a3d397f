"""Runs a strategy on the engine of the settings and returns a result that can be measured and plotted."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy
from backtesting._stats import compute_stats
from backtesting._util import _Data

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.fill_notes import fill_notes
from skills_lib.backtest.kernel.compiling import compiling_reported
from skills_lib.backtest.kernel.run import run_kernel, unsupported_reason
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import reference_backtest, run_reference
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.progress import Progress, no_progress


@dataclass(frozen=True, slots=True)
class EngineRun:
    """An execution, and what makes the backtesting.py object that plots it: it may fail, the execution has not."""

    execution: Execution
    plottable: Callable[[], Backtest]


def run_engine(
    strategy: type[Strategy],
    bars: Bars,
    parameters: dict[str, Value],
    settings: BacktestSettings,
    progress: Progress = no_progress,
) -> EngineRun:
    """Run on the engine of `settings`, with notes on the fills.

    The reference runs, with a warning, where the kernel cannot.

    Raises:
        InputError: the strategy raised, or there are fewer bars than its indicators need.
    """
    settings = settings.with_unit_for(bars)
    run = _run(strategy, bars, parameters, settings, progress)
    notes = (*run.execution.warnings, *fill_notes(run.execution, bars))
    return replace(run, execution=replace(run.execution, warnings=notes))


def _run(
    strategy: type[Strategy], bars: Bars, parameters: dict[str, Value], settings: BacktestSettings, progress: Progress
) -> EngineRun:
    if settings.engine_for(len(bars)) == "reference":
        run = run_reference(strategy, bars, parameters, settings)
        return EngineRun(run.execution, lambda: run.backtest)
    if reason := unsupported_reason(strategy, settings):
        run = run_reference(strategy, bars, parameters, settings)
        warning_text = (*run.execution.warnings, f"The reference ran instead of the kernel: {reason}")
        return EngineRun(replace(run.execution, warnings=warning_text), lambda: run.backtest)
    assert issubclass(strategy, SignalStrategy)
    with compiling_reported(progress):
        execution = run_kernel(strategy, bars, parameters, settings)
    return EngineRun(execution, lambda: _plottable(strategy, bars, parameters, settings, execution))


def _plottable(
    strategy: type[SignalStrategy],
    bars: Bars,
    parameters: dict[str, Value],
    settings: BacktestSettings,
    execution: Execution,
) -> Backtest:
    """A backtesting.py object that plots the kernel's trades as its own."""
    backtest, frame = reference_backtest(strategy, bars, settings), bars.to_frame()
    instance = strategy(None, _Data(frame), parameters)
    instance.init()
    found = execution.trades
    trades = pd.DataFrame(
        {
            "Size": found["size"],
            "EntryBar": found["entry_bar"],
            "ExitBar": found["exit_bar"],
            "EntryPrice": found["entry_price"],
            "ExitPrice": found["exit_price"],
            "SL": found["stop_price"],
            "TP": found["target_price"],
            "PnL": found["pnl"],
            "Commission": found["commission"],
            "ReturnPct": found["return_pct"] / 100,
            "EntryTime": found["entry_time"],
            "ExitTime": found["exit_time"],
            "Duration": found["exit_time"] - found["entry_time"],
            "Tag": None,
        }
    )
    with np.errstate(all="ignore"):  # figures that are undefined are not shown in the plot
        backtest._results = compute_stats(trades, execution.equity, frame, instance)
    return backtest
