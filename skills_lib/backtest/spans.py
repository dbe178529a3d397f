"""Runs a strategy on part of the bars, with indicators warmed up by the earlier bars."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.kinds import gives_signals
from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.domain.bars import Bars
from skills_lib.domain.signals import Signals

if TYPE_CHECKING:
    from backtesting import Strategy

    from skills_lib.backtest.strategy import SignalStrategy


def run_span(
    strategy: "type[Strategy]", bars: Bars, parameters: Parameters, settings: BacktestSettings, span: Span
) -> Execution:
    """Run the reference on `bars[span]`; earlier bars warm up indicators and are never traded.

    Raises:
        InputError: as in `run_reference`.
    """
    from skills_lib.backtest.reference.run import run_reference

    known, values, settings = bars[: span.stop], dict(parameters), settings.with_unit_for(bars)
    if span.start == 0:
        return run_reference(strategy, known, values, settings).execution
    if gives_signals(strategy):
        warmed = _warmed(strategy, known, span.start)
        return run_reference(warmed, bars[span.start : span.stop], values, settings).execution
    return _cut(run_reference(_gated(strategy, span.start), known, values, settings).execution, span.start)


def cut_signals(signals: Signals, part: slice) -> Signals:
    """The signals on the bars of `part`."""
    stop, target, size = signals.stop_price, signals.target_price, signals.size
    return Signals(
        long_entry=signals.long_entry[part],
        short_entry=signals.short_entry[part],
        long_exit=signals.long_exit[part],
        short_exit=signals.short_exit[part],
        size=size[part] if isinstance(size, np.ndarray) else size,
        stop_price=None if stop is None else stop[part],
        target_price=None if target is None else target[part],
        indicators={name: values[part] for name, values in signals.indicators.items()},
    )


def _warmed(strategy: "type[SignalStrategy]", history: Bars, start: int) -> "type[SignalStrategy]":
    class Warmed(strategy):  # type: ignore[valid-type, misc]
        def signals(self, _bars: Bars) -> Signals:
            return cut_signals(super().signals(history), slice(start, None))

    return _named_like(Warmed, strategy)


def _gated(strategy: "type[Strategy]", start: int) -> "type[Strategy]":
    class Gated(strategy):  # type: ignore[misc]
        def next(self) -> None:
            if len(self.data) - 1 > start:  # as in a separate run, the first bar of the span is not traded
                super().next()

    return _named_like(Gated, strategy)


def _named_like(made: "type[Strategy]", strategy: "type[Strategy]") -> "type[Strategy]":
    made.__name__ = strategy.__name__
    return made


def _cut(execution: Execution, start: int) -> Execution:
    trades = execution.trades.assign(
        entry_bar=execution.trades["entry_bar"] - start, exit_bar=execution.trades["exit_bar"] - start
    )
    first_bar = max(execution.first_bar - start, 0)
    return replace(execution, trades=trades, equity=np.ascontiguousarray(execution.equity[start:]), first_bar=first_bar)
