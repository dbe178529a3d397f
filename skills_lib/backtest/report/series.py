"""The series of one run that its page and picture show, from memory or from the files of a stored run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from skills_lib.domain.bars import FloatArray, IntArray

if TYPE_CHECKING:
    from skills_lib.backtest.execution import Execution
    from skills_lib.backtest.model import Artifacts
    from skills_lib.domain.bars import Bars
    from skills_lib.domain.costs import Costs

TIMES, CLOSE, EQUITY, DRAWDOWN = "open_time", "close", "equity", "drawdown_pct"
"""Columns of `equity.csv`."""


@dataclass(frozen=True, slots=True)
class TradeSeries:
    """One element per trade, in order of closing. `side`: 1 long, -1 short.

    `notional`: of both sides in quote currency; `entry_notional`: at entry.
    """

    entry_ns: IntArray
    exit_ns: IntArray
    side: FloatArray
    entry_price: FloatArray
    exit_price: FloatArray
    pnl: FloatArray
    notional: FloatArray
    entry_notional: FloatArray

    def __len__(self) -> int:
        return len(self.side)

    @classmethod
    def of(cls, execution: "Execution", costs: "Costs") -> Self:
        """The trades of an execution under `costs`."""
        trades = execution.trades
        entry_ns, exit_ns = (
            trades[name].to_numpy(dtype="datetime64[ns]").astype(np.int64) for name in ("entry_time", "exit_time")
        )
        columns = {name: trades[name].to_numpy(dtype=np.float64) for name in ("entry_price", "exit_price", "pnl")}
        size = trades["size"].to_numpy(dtype=np.float64)
        entry = np.abs(size) * execution.raw_entry_price(costs)
        return cls(
            entry_ns, exit_ns, np.sign(size), **columns, notional=execution.traded_notional(costs), entry_notional=entry
        )


@dataclass(frozen=True, slots=True)
class RunSeries:
    """By bar: int64[n] times, float64[n] close and equity in quote currency, float64[n] drawdown in percent."""

    open_time_ns: IntArray
    close: FloatArray
    equity: FloatArray
    drawdown_pct: FloatArray
    trades: TradeSeries

    @classmethod
    def of(cls, execution: "Execution", bars: "Bars", costs: "Costs") -> Self:
        """The series of an execution on `bars`."""
        from skills_lib.backtest.metrics import drawdown

        trades = TradeSeries.of(execution, costs)
        return cls(bars.open_time_ns, bars.close, execution.equity, drawdown(execution.equity) * 100, trades)

    @classmethod
    def read(cls, files: "Artifacts", cash: float, costs: "Costs") -> Self:
        """The series of a stored run.

        Raises:
            OSError, ValueError, KeyError: a file cannot be read.
        """
        import pandas as pd

        from skills_lib.backtest.execution import Execution

        bars = pd.read_csv(files.equity, parse_dates=[TIMES])
        trades = pd.read_csv(files.trades, parse_dates=["entry_time", "exit_time"])
        columns = (bars[name].to_numpy(dtype=np.float64) for name in (CLOSE, EQUITY, DRAWDOWN))
        close, equity, drawdown_pct = columns
        execution = Execution(trades, equity, cash, first_bar=0)
        times = bars[TIMES].to_numpy(dtype="datetime64[ns]").astype(np.int64)
        return cls(times, close, equity, drawdown_pct, TradeSeries.of(execution, costs))
