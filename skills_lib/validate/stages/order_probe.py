"""Probes strategies with their own next() for look-ahead, by their orders bar by bar on the reference."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.bars import Bars, BoolArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.validate.stages.probe import Cut, Difference, at_changes, generated_after

if TYPE_CHECKING:
    from backtesting import Strategy

_MAX_CUTS = 12
_MAX_STARTS = 2

Order = tuple[str, str, str, str, str, str]
"""Kind ("entry", "exit", or "waiting" for a stop or target), size, limit, stop, and its stop and target prices."""
Orders = dict[int, tuple[Order, ...]]
"""Open orders at the close of each bar on which next() ran."""


class OrderProbe:
    """Compares orders; each comparison is a run of backtesting.py."""

    on = "orders"

    def __init__(
        self, strategy: "type[Strategy]", bars: Bars, parameters: dict[str, Value], settings: BacktestSettings
    ) -> None:
        self._strategy, self._bars, self._parameters, self._settings = strategy, bars, parameters, settings
        self._whole = self._run_on(bars)

    def cuts(self, count: int, rng: np.random.Generator) -> list[Cut]:
        bars, kinds = len(self._bars), [self._bars_with("entry"), self._bars_with("exit")]
        cuts = [Cut(bars - 1), Cut(bars // 2), *at_changes(kinds, min(count, _MAX_CUTS) - 2, rng)]
        return [cut for cut in cuts if 1 < cut.known < bars]

    def starts(self, count: int) -> int:
        return min(count, _MAX_STARTS)

    def compare(self, cut: Cut) -> Difference | None:
        found = self._run_on(self._bars[: cut.known] if cut.strength is None else generated_after(self._bars, cut))
        wrong = [bar for bar in range(cut.known) if self._whole.get(bar) != found.get(bar)]
        if not wrong:
            return None
        pairs = ((self._whole.get(bar, ()), found.get(bar, ())) for bar in wrong)
        names = {order[0] for before, after in pairs for order in {*before} ^ {*after}}
        return Difference(wrong[0], tuple(sorted(names)) or ("first order",))

    def decisions_from(self, start: int) -> tuple[BoolArray, BoolArray]:
        later = self._run_on(self._bars[start:])
        size = len(self._bars) - start
        differs, decided = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        for bar in range(size):
            whole, found = _sides(self._whole.get(bar + start, ())), _sides(later.get(bar, ()))
            differs[bar], decided[bar] = whole != found, bool(whole or found)
        return differs, decided

    def is_repeatable(self) -> bool:
        return self._run_on(self._bars) == self._whole

    def _run_on(self, bars: Bars) -> Orders:
        from skills_lib.backtest.reference.run import run_reference

        orders: Orders = {}
        run_reference(recording(self._strategy, orders.__setitem__), bars, self._parameters, self._settings)
        return orders

    def _bars_with(self, kind: str) -> IntArray:
        """Bars with open orders of a kind at their close."""
        bars = [bar for bar, orders in self._whole.items() if any(order[0] == kind for order in orders)]
        return np.array(bars, dtype=np.int64)


def recording(strategy: "type[Strategy]", record: Callable[[int, tuple[Order, ...]], None]) -> "type[Strategy]":
    """The strategy, passing its open orders to `record` after each of its bars."""

    class Recording(strategy):  # type: ignore[misc]
        def next(self) -> None:
            super().next()
            record(len(self.data) - 1, tuple(sorted(_order_text(order) for order in self.orders)))

    Recording.__name__ = strategy.__name__
    return Recording


def _order_text(order: Any) -> Order:
    """An order as text, prices to 9 digits."""
    kind = "waiting" if order.is_contingent else "exit" if order.parent_trade else "entry"
    figures = (order.size, order.limit, order.stop, order.sl, order.tp)
    size, limit, stop, loss, gain = ("" if value is None else f"{value:.9g}" for value in figures)
    return kind, size, limit, stop, loss, gain


def _sides(orders: tuple[Order, ...]) -> set[tuple[str, bool]]:
    """Kind and side of the orders; sizes are ignored, because equity depends on where a run starts."""
    return {(kind, size.startswith("-")) for kind, size, *_ in orders if kind != "waiting"}
