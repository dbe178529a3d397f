"""Tells strategies that give signals from those with their own next(), without importing backtesting.py beforehand."""

from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from backtesting import Strategy

    from skills_lib.backtest.strategy import SignalStrategy


def gives_signals(strategy: "type[Strategy]") -> "TypeGuard[type[SignalStrategy]]":
    """Whether `strategy` is a `SignalStrategy`."""
    from skills_lib.backtest.strategy import SignalStrategy

    return issubclass(strategy, SignalStrategy)
