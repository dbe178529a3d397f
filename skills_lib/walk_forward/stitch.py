"""One out-of-sample run out of many windows: each bar once, money carried from part to part."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skills_lib.backtest.execution import TRADE_COLUMNS, Execution
from skills_lib.backtest.model import Parameters, Span
from skills_lib.backtest.sweep.evaluator import Evaluator
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError


@dataclass(frozen=True, slots=True)
class WindowRun:
    """One window's own bars and what happened on them."""

    span: Span
    execution: Execution


def run_windows(
    evaluator: Evaluator, spans: Sequence[Span], chosen: Sequence[Parameters | None], cash: float
) -> list[WindowRun]:
    """Run each span with what its window chose, beginning with the money the part before ended with.

    Every part starts flat and closes what it holds at its end, so all costs of turning over are paid. A span without
    choice, too short to trade on, or reached without money stays flat.
    """
    parts = []
    for span, parameters in zip(spans, chosen, strict=True):
        execution = _run(evaluator, span, parameters, cash)
        parts.append(WindowRun(span, execution))
        cash = float(execution.equity[-1])
    return parts


def stitch(parts: Sequence[WindowRun], bars: Bars) -> tuple[Execution, Bars]:
    """The parts as one execution on their bars put together; bars of trades are counted from the first."""
    executions = [bars[part.span.start : part.span.stop] for part in parts]
    offsets = np.cumsum([0, *(len(execution) for execution in executions[:-1])])
    moved = [_shift_trades(part.execution.trades, int(by)) for part, by in zip(parts, offsets, strict=True)]
    traded = [trades for trades in moved if len(trades)]
    execution = Execution(
        trades=pd.concat(traded, ignore_index=True) if traded else moved[0],
        equity=np.concatenate([part.execution.equity for part in parts]),
        cash=parts[0].execution.cash,
        first_bar=0,
        warnings=tuple(dict.fromkeys(text for part in parts for text in part.execution.warnings)),
    )
    return execution, _concatenate(executions)


def _run(evaluator: Evaluator, span: Span, parameters: Parameters | None, cash: float) -> Execution:
    if parameters is None or span.stop - span.start < 2 or cash <= 0:
        return _flat(span, cash)
    try:
        return evaluator.execute(parameters, span, cash)
    except InputError:  # indicators that this short a span never defines: no signal, no trade
        return _flat(span, cash)


def _flat(span: Span, cash: float) -> Execution:
    none = pd.DataFrame({name: pd.Series(dtype=np.float64) for name in TRADE_COLUMNS})
    return Execution(none, np.full(span.stop - span.start, cash), cash, first_bar=0)


def _shift_trades(trades: pd.DataFrame, by: int) -> pd.DataFrame:
    return trades.assign(entry_bar=trades["entry_bar"] + by, exit_bar=trades["exit_bar"] + by)


def _concatenate(executions: Sequence[Bars]) -> Bars:
    names = ("open_time_ns", "open", "high", "low", "close", "volume")
    columns = {name: np.concatenate([getattr(execution, name) for execution in executions]) for name in names}
    return Bars(**columns, interval_ns=executions[0].interval_ns)
