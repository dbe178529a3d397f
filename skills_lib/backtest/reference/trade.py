"""A trade of a fractional size in an isolated margin position."""

import math
from typing import Any

from backtesting import backtesting

from skills_lib.backtest.execution import ExitReason


class FractionalTrade(backtesting.Trade):  # type: ignore[misc]
    """backtesting.py's trade, and what a venue keeps of it.

    `margin`: quote currency.
    `funded_from`: payments of funding due before it was opened. `funding`: paid, quote currency, set when it is closed.
    `later_low`, `later_high`: in a bar within which it was opened, the lowest and highest price known to come later.
    """

    __qualname__ = "Trade"  # by which the base looks up its private attributes

    def __init__(self, broker: Any, size: float, entry_price: float, entry_bar: int, tag: object) -> None:
        super().__init__(broker, size, entry_price, entry_bar, tag)
        self.margin, self.funded_from, self.funding = 0.0, 0, 0.0
        self.later_low, self.later_high = math.inf, -math.inf
        self.opened_within_bar = -1
        self.exit_reason: ExitReason = "order"

    def close(self, portion: float = 1.0) -> None:
        """Place an order that closes `portion` of the trade."""
        assert 0 < portion <= 1, "portion must be a fraction above 0, up to 1"
        broker = self._Trade__broker
        size = self.size if portion == 1 else broker.whole_units(self.size * portion) or self.size
        broker.orders.insert(0, backtesting.Order(broker, -size, parent_trade=self, tag=self.tag))
