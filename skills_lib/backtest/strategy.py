"""The strategy base: say what is wanted as arrays, and it runs anywhere `backtesting.Strategy` runs."""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from backtesting import Strategy

from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Constraint, Value
from skills_lib.domain.parameters import Choice, Integer, Parameter, ParameterSpace, Real, Untyped
from skills_lib.domain.signals import Signals

_DECLARED = (Integer, Real, Choice)
_FULL_EQUITY = Strategy._FULL_EQUITY  # 1 - epsilon: backtesting.py reads a size of 1 as one unit


class SignalStrategy(Strategy):  # type: ignore[misc]
    """A `backtesting.Strategy` whose subclasses define only `signals(bars) -> Signals`.

    `Backtest(df, SmaCrossover).run()` works in any notebook; the same signals feed the other executors.
    """

    constraints: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def signals(self, bars: Bars) -> Signals:
        """Return the wishes for every bar of `bars`, using nothing later than each bar's own close."""

    def init(self) -> None:
        self._signals = self.signals(Bars.from_frame(self.data.df))
        self._size = np.broadcast_to(self._signals.size, len(self._signals))
        for i, (name, values) in enumerate(self._signals.indicators.items()):
            # backtesting.py finds the warm-up by looking for indicators among the instance's attributes
            setattr(self, f"_indicator_{i}", self.I(_same, values, name=name))

    def next(self) -> None:
        bar, wishes = len(self.data) - 1, self._signals
        if wishes.long_entry[bar] and not self.position.is_long:
            self._enter(self.buy, bar)
        elif wishes.short_entry[bar] and not self.position.is_short:
            self._enter(self.sell, bar)
        elif (self.position.is_long and wishes.long_exit[bar]) or (self.position.is_short and wishes.short_exit[bar]):
            self.position.close()

    def _enter(self, order: Any, bar: int) -> None:
        size = self._size[bar]
        stop, target = _price(self._signals.stop_price, bar), _price(self._signals.target_price, bar)
        try:
            order(size=_FULL_EQUITY if size == 1 else size, sl=stop, tp=target)
        except ValueError:  # backtesting.py refuses a stop or target on the wrong side: the entry is not taken
            return


def parameter_space(strategy: type[Strategy]) -> ParameterSpace:
    """The parameters of any strategy class: typed where declared, else its plain public attributes.

    Raises:
        InputError: a constraint that cannot be read or names an unknown parameter.
    """
    parameters: dict[str, Parameter] = {}
    for cls in reversed(strategy.__mro__):
        if issubclass(cls, Strategy) and cls not in (Strategy, SignalStrategy):
            parameters |= {name: p for name, a in vars(cls).items() if (p := _as_parameter(name, a))}
    texts: tuple[str, ...] = getattr(strategy, "constraints", ())
    return ParameterSpace(parameters, tuple(Constraint.parse(text, parameters) for text in texts))


def compute_signals(strategy: type[SignalStrategy], bars: Bars, parameters: dict[str, Value]) -> Signals:
    """The strategy's signals on `bars` without a broker, as sweeps and look-ahead tests need them."""
    return strategy(None, None, parameters).signals(bars)


def _as_parameter(name: str, attribute: object) -> Parameter | None:
    if isinstance(attribute, _DECLARED):
        return attribute
    if not name.startswith("_") and isinstance(attribute, bool | int | float | str):
        return Untyped(attribute)
    return None


def _price(prices: Any, bar: int) -> float | None:
    return None if prices is None or np.isnan(prices[bar]) else float(prices[bar])


def _same(values: Any) -> Any:
    return values
