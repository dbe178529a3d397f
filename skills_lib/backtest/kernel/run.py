"""The compiled executor: the same trades as the reference, for strategies that give `Signals`.

`unsupported_reason` names what it cannot run; the reference runs that instead. numba is imported on first use.
"""

from typing import TYPE_CHECKING

import numpy as np

from skills_lib.backtest.execution import EXIT_REASONS, TRADE_COLUMNS, Execution
from skills_lib.backtest.kernel.inputs import KernelInputs, prepare_inputs
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals

if TYPE_CHECKING:
    import pandas as pd
    from backtesting import Strategy

    from skills_lib.backtest.strategy import SignalStrategy


def unsupported_reason(strategy: "type[Strategy]", settings: BacktestSettings) -> str | None:
    """Why the kernel cannot run `strategy` under `settings`, in words; None where it can."""
    from skills_lib.backtest.strategy import SignalStrategy

    name = strategy.__name__
    if not issubclass(strategy, SignalStrategy):
        return f"{name} has its own next() instead of signals()"
    for method in ("init", "next", "_enter"):
        if getattr(strategy, method) is not getattr(SignalStrategy, method):
            return f"{name} overrides {method}() of SignalStrategy"
    if not settings.costs.is_proportional:
        return f"the commission of costs '{settings.costs.name}' is not a plain share of notional"
    return None


def run_kernel(
    strategy: "type[SignalStrategy]", bars: Bars, parameters: dict[str, Value], settings: BacktestSettings
) -> Execution:
    """Run `strategy` on `bars`; equal to `run_reference(...).execution` wherever `unsupported_reason` is None.

    Raises:
        InputError: refused, the strategy raised, or there are fewer bars than its indicators need.
    """
    reason = unsupported_reason(strategy, settings)
    if reason:
        raise InputError(f"The kernel does not run this: {reason}. Use the reference engine.")
    prepared = prepare_inputs(bars, settings)
    signals = signals_of(strategy, prepared.bars, parameters)
    return execute(prepared, signals, Span(0, len(bars)), strategy.__name__)


def signals_of(strategy: "type[SignalStrategy]", bars: Bars, parameters: dict[str, Value]) -> Signals:
    """The strategy's signals, failing as the reference runner fails.

    Raises:
        InputError: the strategy raised.
    """
    from skills_lib.backtest.strategy import compute_signals

    try:
        return compute_signals(strategy, bars, parameters)
    except InputError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise InputError(f"{strategy.__name__} failed while it ran: {reason}. Fix the strategy.") from error


def execute(prepared: KernelInputs, signals: Signals, span: Span, name: str = "The strategy") -> Execution:
    """Execute signals that were computed on `prepared.bars` on a span of them, as the reference would.

    Raises:
        InputError: an indicator that is never defined, a stop or target at or below 0, or a position too large.
    """
    from skills_lib.backtest.kernel.arrays import CANCELLED, TRADES
    from skills_lib.backtest.kernel.batch import Batch, warm_up
    from skills_lib.backtest.kernel.runner import Runner, problem_of

    jobs, runner = Batch(1), Runner(prepared)
    first_bar = warm_up(name, signals, span)
    jobs.add(signals, first_bar)
    outcome = runner.run(jobs, span)[1][0]
    if found := problem_of(name, outcome):
        raise InputError(found)
    return Execution(
        trades=_trades(runner.trades, int(outcome[TRADES]), prepared, span),
        equity=runner.equity(outcome, span),
        cash=prepared.settings.cash,
        first_bar=first_bar - span.start,
        warnings=_cancelled_entries(int(outcome[CANCELLED])),
    )


def _trades(closed_trades: FloatArray, count: int, prepared: KernelInputs, span: Span) -> "pd.DataFrame":
    import pandas as pd

    from skills_lib.backtest.kernel.arrays import TradeTable

    times = prepared.bars.open_time_ns.view("datetime64[ns]")
    closed = dict(zip(TradeTable._fields, closed_trades[:, :count], strict=True))
    entered, left = closed["entry_bar"].astype(np.int64), closed["exit_bar"].astype(np.int64)
    columns = {
        "entry_time": times[entered],
        "exit_time": times[left],
        "side": np.where(closed["units"] > 0, "long", "short"),
        "size": closed["units"],
        "entry_price": closed["entry"],
        "exit_price": closed["exit"],
        "pnl": closed["pnl"],
        "return_pct": closed["returns"],
        "commission": closed["commission"],
        "funding": closed["funding"],
        "entry_bar": entered - span.start,
        "exit_bar": left - span.start,
        "stop_price": closed["stop"],
        "target_price": closed["target"],
        "exit_reason": np.array(EXIT_REASONS)[closed["reason"].astype(np.int64)],
    }
    return pd.DataFrame(columns, columns=list(TRADE_COLUMNS))


def _cancelled_entries(count: int) -> tuple[str, ...]:
    text = f"{count} entries were cancelled: equity could not pay for one unit and its costs"
    return (text,) if count else ()
