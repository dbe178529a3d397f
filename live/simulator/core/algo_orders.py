"""Conditional orders (`algoOrder`) and their trigger conditions."""

from dataclasses import dataclass, replace

from live.enums import AlgoStatus, OrderType, Side
from live.money import SCALE
from live.simulator.core.orders import OrderRequest

_STOPS = (OrderType.STOP, OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET)


@dataclass(frozen=True, slots=True)
class AlgoRequest:
    """Parameters of `POST /algoOrder`. `order` is submitted when it triggers; prices in units of 1e-8.

    callback_rate: percent, units of 1e-8 (1 % is 100_000_000).
    """

    order: OrderRequest
    kind: OrderType
    trigger_price: int = 0
    activate_price: int = 0
    callback_rate: int = 0
    client_id: str = ""


@dataclass(slots=True)
class AlgoOrder:
    """A conditional order. `extreme` is the best price seen since a trailing stop became active; 0 before."""

    algo_id: int
    request: AlgoRequest
    client_id: str
    created_ms: int
    updated_ms: int
    trigger_price: int
    status: AlgoStatus = AlgoStatus.NEW
    extreme: int = 0
    triggered_ms: int = 0
    order_id: int = 0
    filled: int = 0
    average_price: int = 0
    reason: str = ""

    @property
    def account(self) -> str:
        return self.request.order.account

    @property
    def symbol(self) -> str:
        return self.request.order.symbol

    @property
    def side(self) -> Side:
        return self.request.order.side

    @property
    def open(self) -> bool:
        """True while it waits for its trigger."""
        return self.status is AlgoStatus.NEW

    def snapshot(self) -> "AlgoOrder":
        """An independent copy."""
        return replace(self)

    def follow(self, price: int) -> None:
        """Update a trailing stop with `price`: wait for the activation price, then track the extreme."""
        if self.request.kind is not OrderType.TRAILING_STOP_MARKET:
            return
        if not self.extreme and not self.activated_at(price):
            return
        best = min if self.side is Side.BUY else max
        self.extreme = best(self.extreme or price, price)
        distance = self.extreme * self.request.callback_rate // (100 * SCALE)
        self.trigger_price = self.extreme + distance * self.side.sign

    def activated_at(self, price: int) -> bool:
        """True if `price` activates a trailing stop; always without an activation price."""
        at = self.request.activate_price
        return not at or (price <= at if self.side is Side.BUY else price >= at)

    def fires_at(self, price: int) -> bool:
        """True if `price` reaches the trigger. Buy stops trigger on a rise, buy take-profits on a fall."""
        if self.request.kind is OrderType.TRAILING_STOP_MARKET and not self.extreme:
            return False
        rising = (self.request.kind in _STOPS) == (self.side is Side.BUY)
        return price >= self.trigger_price if rising else price <= self.trigger_price


def would_fire_now(order: AlgoOrder, price: int) -> bool:
    """True if `price` is at or past the trigger, or at or past the activation price of a trailing stop.

    Page "New Algo Order": `activatePrice` of a buy is below the latest price, that of a sell above it.
    """
    if not price:
        return False
    if order.request.kind is not OrderType.TRAILING_STOP_MARKET:
        return order.fires_at(price)
    return bool(order.request.activate_price) and order.activated_at(price)
