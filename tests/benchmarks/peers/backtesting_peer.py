"""The sweeps by backtesting.py's own `optimize`, over all cores, with its own statistics."""

import itertools
import warnings

import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

import tests.benchmarks.peers.common as work


def sma(values: pd.Series, length: int) -> pd.Series:
    """Simple moving average."""
    return pd.Series(values).rolling(length).mean()


class SmaCrossover(Strategy):
    """Always in the market, long or short."""

    fast = 10
    slow = 30

    def init(self) -> None:
        self.fast_line = self.I(sma, self.data.Close, self.fast)
        self.slow_line = self.I(sma, self.data.Close, self.slow)

    def next(self) -> None:
        if crossover(self.fast_line, self.slow_line):
            self.enter(self.buy, 1)
        elif crossover(self.slow_line, self.fast_line):
            self.enter(self.sell, -1)

    def enter(self, order, direction: int) -> None:
        """No stop, no target."""
        order()


class SmaCrossoverWithStops(SmaCrossover):
    """The same with a stop and a target."""

    def enter(self, order, direction: int) -> None:
        price = self.data.Close[-1]
        order(sl=price * (1 - direction * work.STOP), tp=price * (1 + direction * work.TARGET))


def sweep(frame: pd.DataFrame, pairs: list[tuple[int, int]], stops: bool = False) -> int:
    """Every combination of the pairs' values, which is a grid; returns how many ran."""
    strategy = SmaCrossoverWithStops if stops else SmaCrossover
    _, heatmap = _optimize(frame, pairs, strategy)
    return len(heatmap)


def walk_forward(frame: pd.DataFrame, pairs: list[tuple[int, int]]) -> int:
    """Optimise on each train frame, run the best on its test frame; returns the number of windows."""
    spans = work.windows(frame)
    for train, test in spans:
        best, _ = _optimize(train, pairs, SmaCrossover)
        chosen = best["_strategy"]
        _backtest(test, SmaCrossover).run(fast=chosen.fast, slow=chosen.slow)
    return len(spans)


def _optimize(frame: pd.DataFrame, pairs: list[tuple[int, int]], strategy: type[Strategy]):
    fast, slow = ([*dict.fromkeys(pair[i] for pair in pairs)] for i in range(2))
    assert set(itertools.product(fast, slow)) == set(pairs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _backtest(frame, strategy).optimize(fast=fast, slow=slow, maximize="Sharpe Ratio", return_heatmap=True)


def _backtest(frame: pd.DataFrame, strategy: type[Strategy]) -> Backtest:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Backtest(
            frame,
            strategy,
            cash=work.CASH * 1_000,  # whole units fine enough to be fractions
            commission=work.COMMISSION,
            exclusive_orders=True,
            finalize_trades=True,
        )
