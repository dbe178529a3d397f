"""The strategy that is put through validation on every market, with smaller positions than it takes by itself."""

from dataclasses import replace

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.signals import Signals

SHARE = 0.2
"""Of equity in a position. A market of 60 % annual volatility then moves equity by 12 %, and a drawdown limit of 20 %
asks about the strategy; with all equity in it the limit refuses even an edge with a Sharpe ratio of 3."""


def sized(strategy: type[SignalStrategy], share: float = SHARE) -> type[SignalStrategy]:
    """`strategy` with positions of `share` of equity, its parameters and signals unchanged."""

    class Sized(strategy):  # type: ignore[misc,valid-type]
        def signals(self, bars: Bars) -> Signals:
            wanted: Signals = super().signals(bars)
            return replace(wanted, size=wanted.size * share)

    Sized.__name__ = Sized.__qualname__ = f"{strategy.__name__}Sized"
    return Sized
