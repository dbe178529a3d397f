"""The sweeps by Twokey's kernel, every figure of METRICS for each combination."""

import numpy as np
import pandas as pd

import strategies
import tests.benchmarks.peers.common as work
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import SignalStrategy, parameter_space
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import sma
from skills_lib.domain.parameters import Integer
from skills_lib.domain.signals import Signals, crosses, never, price_away
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.space import make_space
from skills_lib.optimize.table import Objective
from skills_lib.walk_forward.walk import WalkForward
from skills_lib.walk_forward.windows import WindowPlan, make_windows


class SmaCrossoverWithStops(SignalStrategy):
    """The crossover with a stop and a target."""

    fast = Integer(10, low=2, high=200)
    slow = Integer(30, low=5, high=400)

    def signals(self, bars: Bars) -> Signals:
        fast, slow = sma(bars.close, self.fast), sma(bars.close, self.slow)
        above, below = crosses(fast, slow)
        none = never(len(bars))
        return Signals(
            above,
            below,
            none,
            none,
            stop_price=price_away(bars.close, work.STOP * bars.close, ~above),
            target_price=price_away(bars.close, work.TARGET * bars.close, above),
            indicators={"fast": fast, "slow": slow},
        )


def sweep(frame: pd.DataFrame, pairs: list[tuple[int, int]], stops: bool = False) -> int:
    """The matrix of metrics; returns how many combinations ran."""
    strategy = SmaCrossoverWithStops if stops else strategies.load("sma_crossover")
    bars = Bars.from_frame(frame)
    evaluator = KernelSweep(strategy, bars, BacktestSettings())
    rows = evaluator.evaluate([{"fast": fast, "slow": slow} for fast, slow in pairs], Span(0, len(bars)))
    return int(np.isfinite(rows[:, 0]).sum())


def walk_forward(frame: pd.DataFrame, pairs: list[tuple[int, int]]) -> int:
    """Choose on each train span, try on each test span; returns the number of windows."""
    strategy, bars = strategies.load("sma_crossover"), Bars.from_frame(frame)
    ranges = [
        f"{name}={','.join(map(str, dict.fromkeys(p[i] for p in pairs)))}" for i, name in enumerate(("fast", "slow"))
    ]
    space = make_space(parameter_space(strategy), ranges)
    plan = WindowPlan.parse(f"{work.TRAIN}d", f"{work.TEST}d", f"{work.STEP}d", "0d", anchored=False)
    walk = WalkForward(
        KernelSweep(strategy, bars, BacktestSettings()), space, SearchPlan(), Objective("sharpe", 0), "peak"
    )
    return len(walk.run(make_windows(bars, plan)))
