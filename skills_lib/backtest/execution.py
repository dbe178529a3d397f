"""The result of an executor: trades and equity in base and quote units, the same for every engine."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from skills_lib.domain.bars import FloatArray
from skills_lib.domain.costs import Costs

if TYPE_CHECKING:
    import pandas as pd

TRADE_COLUMNS = (
    "entry_time",
    "exit_time",
    "side",
    "size",
    "entry_price",
    "exit_price",
    "pnl",
    "return_pct",
    "commission",
    "funding",
    "entry_bar",
    "exit_bar",
    "stop_price",
    "target_price",
    "exit_reason",
)
EXIT_REASONS = ("order", "stop", "target", "liquidation", "last bar", "no equity")
ExitReason = Literal["order", "stop", "target", "liquidation", "last bar", "no equity"]


@dataclass(frozen=True, slots=True)
class Execution:
    """Closed trades in order of closing, and equity at the close of every bar.

    `trades`: frame with TRADE_COLUMNS. `size` is signed, in base units; prices in quote currency per unit;
    `pnl` is net of commission and funding; `return_pct` is the price move less commission, in percent of entry;
    `exit_reason` is one of EXIT_REASONS.
    `equity`: float64[n] in quote currency, net of all costs. `first_bar`: the bar at which the warm-up ends.
    """

    trades: "pd.DataFrame"
    equity: FloatArray
    cash: float
    first_bar: int
    warnings: tuple[str, ...] = ()

    def spread_paid(self, costs: Costs) -> FloatArray:
        """Spread and slippage of each trade in quote currency, charged at entry: float64[trades]."""
        size, entry = self._column("size"), self._column("entry_price")
        rate = costs.round_trip_spread
        return np.abs(size) * self.raw_entry_price(costs) * rate if rate else np.zeros(len(entry))

    def raw_entry_price(self, costs: Costs) -> FloatArray:
        """Entry prices without spread and slippage: float64[trades]."""
        return self._column("entry_price") / (1 + np.sign(self._column("size")) * costs.round_trip_spread)

    def traded_notional(self, costs: Costs) -> FloatArray:
        """Notional of each trade in quote currency, entry plus exit: float64[trades]."""
        return np.abs(self._column("size")) * (self.raw_entry_price(costs) + self._column("exit_price"))

    def gross_pnl(self, costs: Costs) -> FloatArray:
        """Profit of each trade in quote currency before commission, spread, slippage and funding: float64[trades]."""
        return self._column("pnl") + self._column("commission") + self._column("funding") + self.spread_paid(costs)

    def _column(self, name: str) -> FloatArray:
        return self.trades[name].to_numpy(dtype=np.float64)
