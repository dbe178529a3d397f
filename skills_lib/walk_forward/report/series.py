"""The stitched series of a walk-forward that its page and picture show, from memory or from the stored file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.report.series import CLOSE, DRAWDOWN, EQUITY, TIMES
from skills_lib.domain.bars import Bars, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class StitchedSeries:
    """By bar of the stitched run: int64[n] times, float64[n] close and equity in quote currency, and drawdown in %."""

    open_time_ns: IntArray
    close: FloatArray
    equity: FloatArray
    drawdown_pct: FloatArray

    @classmethod
    def of(cls, execution: Execution, bars: Bars) -> Self:
        """The series of the stitched run on its bars."""
        from skills_lib.backtest.metrics import drawdown

        return cls(bars.open_time_ns, bars.close, execution.equity, drawdown(execution.equity) * 100)

    @classmethod
    def read(cls, path: Path) -> Self:
        """From the stored `equity.csv`.

        Raises:
            OSError, ValueError, KeyError: the file cannot be read.
        """
        import pandas as pd

        bars = pd.read_csv(path, parse_dates=[TIMES])
        columns = (bars[name].to_numpy(dtype=np.float64) for name in (CLOSE, EQUITY, DRAWDOWN))
        return cls(bars[TIMES].to_numpy(dtype="datetime64[ns]").astype(np.int64), *columns)

    def held(self, cash: float) -> FloatArray:
        """Equity of buy and hold over the stitched bars without costs: float64[n]."""
        held: FloatArray = cash * self.close / self.close[0]
        return held
