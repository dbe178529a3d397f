"""Both executors on bars and signals that a test writes down."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from backtesting import Strategy

from skills_lib.backtest.engine import run_engine
from skills_lib.backtest.execution import Execution
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import Costs
from skills_lib.domain.signals import Signals
from tests.backtest.market import HOUR_NS, START_NS

FREE = Costs(name="free", commission_bps=0)
Prices = tuple[float, float, float, float]


def bars_of(rows: Sequence[Prices | float], interval_ns: int = HOUR_NS, volume: Sequence[float] | None = None) -> Bars:
    """Bars from rows of open, high, low and close; a single number is a bar in which nothing moves."""
    columns = np.array([row if isinstance(row, tuple) else (row,) * 4 for row in rows], dtype=np.float64).T
    times = START_NS + interval_ns * np.arange(len(rows))
    amount = np.ones(len(rows)) if volume is None else np.array(volume, dtype=np.float64)
    return Bars(times, *(np.ascontiguousarray(column) for column in columns), amount, interval_ns)


def planned(
    side: str = "long", enter: int = 1, leave: int | None = None, **levels: float | None
) -> type[SignalStrategy]:
    """A strategy that decides to enter at the close of one bar, with `stop`, `target` and `size`, and to leave at
    another's."""

    class Planned(SignalStrategy):
        def signals(self, bars: Bars) -> Signals:
            n = len(bars)
            entry, out, none = (np.zeros(n, dtype=bool) for _ in range(3))
            entry[enter] = True
            if leave is not None:
                out[leave] = True
            stop, target = (levels.get(name) for name in ("stop", "target"))
            return Signals(
                entry if side == "long" else none,
                entry if side == "short" else none,
                out,
                out,
                size=levels.get("size") or 1.0,
                stop_price=None if stop is None else np.full(n, stop),
                target_price=None if target is None else np.full(n, target),
            )

    return Planned


def both(strategy: type[SignalStrategy], bars: Bars, **settings: Any) -> tuple[Execution, Execution]:
    """The runs of the kernel and the reference."""
    kernel, reference = (run(strategy, bars, engine=name, **settings) for name in ("kernel", "reference"))
    return kernel, reference


def run(strategy: type[Strategy], bars: Bars, **settings: Any) -> Execution:
    """A run with a cash of 1,000 and no costs, unless `settings` say otherwise."""
    conditions = BacktestSettings.model_validate({"cash": 1_000.0, "costs": FREE} | settings)
    return run_engine(strategy, bars, {}, conditions)
