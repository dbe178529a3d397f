"""Parses the arguments of an account, before candles are loaded."""

from pydantic import ConfigDict

from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.costs import costs_from
from skills_lib.domain.limits import require_amount
from skills_lib.domain.models import FrozenModel, parse_model


class AccountArguments(FrozenModel):
    """`costs`: the name of a preset; `cash`: starting equity in quote currency."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    costs: str
    cash: float
    leverage: float

    def settings(self, symbol: str) -> BacktestSettings:
        """Execution and costs on one market.

        Raises:
            InputError: unknown costs, or a value out of range.
        """
        require_amount("cash", self.cash)
        costs = costs_from(self.costs, {})
        settings = parse_model(BacktestSettings, costs=costs, cash=self.cash, leverage=self.leverage)
        return settings.for_symbol(symbol)
