"""Which function carries out which intervention."""

from collections.abc import Callable
from typing import Any

from live.simulator.core import interventions
from live.simulator.core.intervening import accounts, orders, positions
from live.simulator.core.state import State

SERVICES: dict[type, Callable[[State, Any], Any]] = {
    interventions.ClosePositions: positions.close,
    interventions.Deleverage: positions.deleverage,
    interventions.LiquidatePart: positions.liquidate_part,
    interventions.SettleSymbol: positions.settle,
    interventions.FillCanceled: orders.fill_canceled,
    interventions.TroubleAlgo: orders.trouble,
    interventions.EndAlgo: orders.end,
    interventions.StopConditionalOrders: orders.stop_service,
    interventions.Transfer: accounts.transfer,
    interventions.RestrictToReducing: accounts.restrict,
    interventions.PayFeesInBnb: accounts.pay_fees_in_bnb,
    interventions.ChangeFundingInterval: accounts.change_funding_interval,
}
