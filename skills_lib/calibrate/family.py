"""Reduces the position size of the strategy that is validated on every market."""

from dataclasses import replace

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.signals import Signals

SHARE = 0.2
"""Share of equity per position. A market with 60 % annual volatility then moves equity by 12 %. With all equity in a
position, the drawdown limit of 20 % would reject even an edge with a Sharpe ratio of 3."""


def sized(strategy: type[SignalStrategy], share: float = SHARE) -> type[SignalStrategy]:
    """`strategy` with positions of `share` of equity, its parameters and signals unchanged."""

    class Sized(strategy):  # type: ignore[misc,valid-type]
        def signals(self, bars: Bars) -> Signals:
            signals: Signals = super().signals(bars)
            return replace(signals, size=signals.size * share)

    Sized.__name__ = Sized.__qualname__ = f"{strategy.__name__}Sized"
    return Sized
