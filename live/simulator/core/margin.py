"""Margin of an account at given mark prices. Money in units of 1e-8."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from live.enums import PositionSide, Side
from live.money import product
from live.simulator.core.accounts import Account
from live.simulator.core.market import Market
from live.simulator.core.orders import Order
from live.simulator.core.positions import Position


@dataclass(frozen=True, slots=True)
class Exposure:
    """Margin needs of one position and its open orders. bid and ask are the notionals of the orders."""

    position: Position
    mark: int
    notional: int
    unrealized: int
    position_margin: int
    order_margin: int
    maintenance: int
    bid_notional: int
    ask_notional: int
    isolated: bool
    leverage: int


@dataclass(frozen=True, slots=True)
class Margin:
    """The account's totals."""

    wallet: int
    cross_wallet: int
    unrealized: int
    cross_unrealized: int
    position_margin: int
    order_margin: int
    maintenance: int
    cross_maintenance: int
    cross_position_margin: int

    @property
    def available(self) -> int:
        """Balance available for new orders."""
        return max(0, self.cross_wallet + self.cross_unrealized - self.cross_position_margin - self.order_margin)

    def available_for(self, isolated: bool) -> int:
        """What a new order may need at most; an isolated one must be covered without unrealized profit."""
        return min(self.available, max(0, self.cross_wallet - self.order_margin)) if isolated else self.available

    @property
    def withdrawable(self) -> int:
        """What could leave the futures wallet: no unrealized profit, and cross maintenance stays covered.

        Source: Binance FAQ "10 most frequently asked questions about Binance Futures", single-asset mode.
        """
        spare = min(self.wallet, self.cross_wallet) - self.order_margin - self.cross_maintenance
        return max(0, min(spare, self.available))

    @property
    def cross_equity(self) -> int:
        """Equity that backs cross positions."""
        return self.cross_wallet + self.cross_unrealized


def exposures(account: Account, orders: Iterable[Order], markets: Mapping[str, Market]) -> list[Exposure]:
    """One exposure for each open position and each symbol and position side with open orders."""
    orders_by_position: dict[tuple[str, PositionSide], list[Order]] = {
        key: [] for key, position in account.positions.items() if position.amount
    }
    for order in orders:
        orders_by_position.setdefault((order.symbol, order.request.position_side), []).append(order)
    return [_exposure(account, key, orders, markets[key[0]]) for key, orders in orders_by_position.items()]


def _exposure(account: Account, key: tuple[str, PositionSide], orders: list[Order], market: Market) -> Exposure:
    symbol, side = key
    position, mark = account.position(symbol, side), market.mark_price
    bids = sum(product(order.price or mark, order.remaining) for order in orders if _adds_exposure(order, Side.BUY))
    asks = sum(product(order.price or mark, order.remaining) for order in orders if _adds_exposure(order, Side.SELL))
    notional, leverage = position.notional(mark), account.settings_of(symbol).leverage
    needed = max(abs(notional + bids), abs(notional - asks), abs(notional)) // leverage
    position_margin = abs(notional) // leverage
    return Exposure(
        position=position,
        mark=mark,
        notional=notional,
        unrealized=position.unrealized(mark),
        position_margin=position_margin,
        order_margin=needed - position_margin,
        maintenance=max(0, market.rules.maintenance(notional)),
        bid_notional=bids,
        ask_notional=asks,
        isolated=account.isolated(symbol),
        leverage=leverage,
    )


def _adds_exposure(order: Order, side: Side) -> bool:
    return order.side is side and not order.request.only_reduces


def total(account: Account, parts: list[Exposure]) -> Margin:
    """Sum of the account's exposures."""
    crossed = [part for part in parts if not part.isolated]
    return Margin(
        wallet=account.wallet,
        cross_wallet=account.cross_wallet(),
        unrealized=sum(part.unrealized for part in parts),
        cross_unrealized=sum(part.unrealized for part in crossed),
        position_margin=sum(part.position_margin for part in parts),
        order_margin=sum(part.order_margin for part in parts),
        maintenance=sum(part.maintenance for part in parts),
        cross_maintenance=sum(part.maintenance for part in crossed),
        cross_position_margin=sum(part.position_margin for part in crossed),
    )


def liquidation_price(part: Exposure, margin: Margin, rules_rate: int, deduction: int) -> int:
    """Mark price at which this position is liquidated, all else being equal; 0 if there is none.

    From wallet + profit = maintenance: price = (wallet' - cost·sign + deduction) / (size·rate - size·sign).
    """
    amount = part.position.amount
    if not amount:
        return 0
    other_positions = margin.cross_maintenance - part.maintenance - (margin.cross_unrealized - part.unrealized)
    wallet = part.position.isolated_wallet if part.isolated else margin.cross_wallet - other_positions
    sign = 1 if amount > 0 else -1
    scale = 10**8
    above = (wallet + deduction) * scale - sign * part.position.cost
    below = abs(amount) * (rules_rate - sign * scale)
    price = above * scale // below if below else 0
    return max(0, price)
