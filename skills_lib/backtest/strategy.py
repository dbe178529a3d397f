"""The base class of strategies that return signals as arrays and run wherever `backtesting.Strategy` runs."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from backtesting import Strategy

from skills_lib.backtest.source import StrategySource, parameters_among, space_of
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.parameters import Parameter, ParameterSpace
from skills_lib.domain.signals import Signals

_FULL_EQUITY = Strategy._FULL_EQUITY  # 1 - epsilon: backtesting.py reads a size of 1 as one unit


class SignalStrategy(Strategy):  # type: ignore[misc]
    """A `backtesting.Strategy` whose subclasses define only `signals(bars) -> Signals`.

    `Backtest(df, SmaCrossover).run()` works in any notebook; other executors use the same signals.
    """

    constraints: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def signals(self, bars: Bars) -> Signals:
        """The signals of all `bars`; a signal uses nothing later than the close of its bar."""

    def init(self) -> None:
        bars = Bars.from_frame(self.data.df)
        self._signals = self.signals(bars)
        if len(self._signals) != len(bars):
            raise InputError(
                f"{type(self).__name__} returned {len(self._signals)} signals for {len(bars)} bars. Return one per bar."
            )
        self._size = np.broadcast_to(self._signals.size, len(self._signals))
        for i, (name, values) in enumerate(self._signals.indicators.items()):
            # backtesting.py derives the warm-up from indicators among the attributes of the instance
            setattr(self, f"_indicator_{i}", self.I(_same, values, name=name))

    def next(self) -> None:
        bar, signals, held = len(self.data) - 1, self._signals, self.position
        if signals.long_entry[bar]:
            if not held.is_long:
                self._enter(self.buy, bar)
        elif signals.short_entry[bar]:
            if not held.is_short:
                self._enter(self.sell, bar)
        elif (held.is_long and signals.long_exit[bar]) or (held.is_short and signals.short_exit[bar]):
            held.close()

    def _enter(self, order: Any, bar: int) -> None:
        size, held = self._size[bar], self.position
        stop, target = _price(self._signals.stop_price, bar), _price(self._signals.target_price, bar)
        try:
            order(size=_FULL_EQUITY if size == 1 else size, sl=stop, tp=target)
        except ValueError:  # backtesting.py refuses a stop or target on the wrong side: skip the entry
            return
        if held:  # without `exclusive_orders` a full position leaves no margin for the opposite entry
            held.close()


@dataclass(frozen=True, slots=True)
class LoadedStrategy:
    """The strategy under test: its name, class, and the file whose hash identifies it."""

    name: str
    strategy: type[Strategy]
    source_file: Path

    @property
    def source(self) -> StrategySource:
        """The file and where it was imported."""
        return StrategySource(self.name, self.source_file, self.strategy.__module__.rpartition(".")[0])


def parameter_space(strategy: type[Strategy]) -> ParameterSpace:
    """The parameters of a strategy class: declared ones with their types, else its plain public attributes.

    Raises:
        InputError: a constraint that cannot be parsed or uses an unknown parameter.
    """
    parameters: dict[str, Parameter] = {}
    for cls in reversed(strategy.__mro__):
        if cls not in SignalStrategy.__mro__:
            parameters |= parameters_among(vars(cls))
    return space_of(strategy.__name__, parameters, getattr(strategy, "constraints", ()))


def compute_signals(strategy: type[SignalStrategy], bars: Bars, parameters: dict[str, Value]) -> Signals:
    """The strategy's signals on `bars`, without a broker."""
    return strategy(None, None, parameters).signals(bars)


def _price(prices: Any, bar: int) -> float | None:
    return None if prices is None or np.isnan(prices[bar]) else float(prices[bar])


def _same(values: Any) -> Any:
    return values
