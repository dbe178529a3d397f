"""Stitches the tests of all windows into one out-of-sample run: each bar once, equity carried over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from skills_lib.backtest.execution import TRADE_COLUMNS, Execution
from skills_lib.backtest.fill_notes import fill_notes
from skills_lib.backtest.model import Parameters, Span
from skills_lib.backtest.sweep.evaluator import Evaluator
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class WindowRun:
    """The run on the bars that one window contributes."""

    span: Span
    execution: Execution


def run_windows(
    evaluator: Evaluator, spans: Sequence[Span], chosen: Sequence[Parameters | None], cash: float
) -> list[WindowRun]:
    """Run each span with the parameters its window chose, starting with the final equity of the span before.

    Every span starts flat and closes its position at its end, so the costs of changing over are paid. A span without
    a choice, too short to trade, or without equity stays flat.
    """
    parts = []
    for span, parameters in zip(spans, chosen, strict=True):
        execution = _run(evaluator, span, parameters, cash)
        parts.append(WindowRun(span, execution))
        cash = float(execution.equity[-1])
    return parts


def stitch(parts: Sequence[WindowRun], bars: Bars) -> tuple[Execution, Bars]:
    """The runs as one execution on their concatenated bars; bars of trades are counted from the first."""
    import pandas as pd

    executions = [bars[part.span.start : part.span.stop] for part in parts]
    offsets = np.cumsum([0, *(len(execution) for execution in executions[:-1])])
    moved = [_shift_trades(part.execution.trades, int(by)) for part, by in zip(parts, offsets, strict=True)]
    traded = [trades for trades in moved if len(trades)]
    stitched_bars = _concatenate(executions)
    execution = Execution(
        trades=pd.concat(traded, ignore_index=True) if traded else moved[0],
        equity=np.concatenate([part.execution.equity for part in parts]),
        cash=parts[0].execution.cash,
        first_bar=0,
        warnings=tuple(dict.fromkeys(text for part in parts for text in part.execution.warnings)),
    )
    notes = (*execution.warnings, *fill_notes(execution, stitched_bars))
    return replace(execution, warnings=notes), stitched_bars


def _run(evaluator: Evaluator, span: Span, parameters: Parameters | None, cash: float) -> Execution:
    if parameters is None or span.stop - span.start < 2 or cash <= 0:
        return _flat(span, cash)
    try:
        return evaluator.execute(parameters, span, cash)
    except InputError:  # span shorter than the warm-up of the indicators: no signal, no trade
        return _flat(span, cash)


def _flat(span: Span, cash: float) -> Execution:
    import pandas as pd

    none = pd.DataFrame({name: pd.Series(dtype=np.float64) for name in TRADE_COLUMNS})
    return Execution(none, np.full(span.stop - span.start, cash), cash, first_bar=0)


def _shift_trades(trades: "pd.DataFrame", by: int) -> "pd.DataFrame":
    return trades.assign(entry_bar=trades["entry_bar"] + by, exit_bar=trades["exit_bar"] + by)


def _concatenate(executions: Sequence[Bars]) -> Bars:
    names = ("open_time_ns", "open", "high", "low", "close", "volume")
    columns = {name: np.concatenate([getattr(execution, name) for execution in executions]) for name in names}
    return Bars(**columns, interval_ns=executions[0].interval_ns)
